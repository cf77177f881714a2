/// Makes the next allocations stand elsewhere than the ones before.
///
/// Swift seeds the hashing of each `Set` and `Dictionary` with its address. A decider that depends on their order
/// gives the same answer twice when its memory happens to be reused, and another one in production.
struct HeapShift: ~Copyable {
  private var blocks: [UnsafeMutableRawPointer] = []

  init() {}

  deinit { for block in blocks { block.deallocate() } }

  /// Takes the blocks that malloc would hand out next, one or two of each small size, and a large one.
  mutating func shift(round: Int) {
    for size in stride(from: 16, through: 1024, by: 16) {
      for _ in 0...(round % 2) { blocks.append(.allocate(byteCount: size, alignment: 16)) }
    }
    blocks.append(.allocate(byteCount: 2048 + 4112 * round, alignment: 16))
  }
}
