/// A growing run of plain values in memory of its own, for the tables that every command goes through.
///
/// An array would do, but each change of one asks whether it is shared and each access whether the index is in
/// bounds: together a tenth of the instructions of a command. Here bounds are checked in debug builds.
struct GrowingBuffer<Element: BitwiseCopyable>: ~Copyable {
  private(set) var start: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 64) {
    self.capacity = capacity
    start = .allocate(capacity: capacity)
  }

  deinit { start.deallocate() }

  var isEmpty: Bool { count == 0 }

  /// Bytes of memory held, in use or not.
  var capacityByteCount: Int { capacity * MemoryLayout<Element>.stride }

  /// The elements; valid until the next mutation.
  var elements: UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: start, count: count)
  }

  /// One element, to be read or changed in place.
  subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      assert(index >= 0 && index < count)
      return UnsafePointer(start + index)
    }
    @inline(__always) unsafeMutableAddress {
      assert(index >= 0 && index < count)
      return start + index
    }
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == capacity { grow() }
    (start + count).initialize(to: element)
    // Below the capacity, so it cannot overflow.
    count &+= 1
  }

  /// Appends what `body` writes into room for `max` elements: as many from its beginning as it answers.
  @inline(__always)
  mutating func append(max: Int, _ body: (UnsafeMutablePointer<Element>) -> Int) {
    while count &+ max > capacity { grow() }
    count &+= body(start + count)
  }

  mutating func popLast() -> Element? {
    guard count > 0 else { return nil }
    count -= 1
    return start[count]
  }

  /// Forgets the elements from `count` on; keeps the memory.
  mutating func truncate(to count: Int) {
    precondition(count <= self.count, "a buffer cannot be truncated to more than it holds")
    self.count = count
  }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    larger.update(from: start, count: count)
    start.deallocate()
    start = larger
    capacity *= 2
  }
}

/// `@unchecked Sendable`: a value that cannot be copied has one user at a time, and memory from malloc is bound to
/// no thread (malloc(3), "MT-Safe").
extension GrowingBuffer: @unchecked Sendable {}
