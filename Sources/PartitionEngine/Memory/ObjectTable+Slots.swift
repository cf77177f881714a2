/// Where the objects are found: open addressing, linear probing, backward-shift deletion.
///
/// A slot holds enough of the hash that another object's memory is hardly ever looked at.
extension ObjectTable {
  struct Slot: BitwiseCopyable {
    /// `nil`: a free slot.
    var block: ObjectBlock?
    /// The low bits of the key's hash, of which the lowest say where it belongs.
    var hash: UInt32
    /// Whether the object was asked for since the clock hand last passed.
    var isUsed: Bool

    static var free: Slot { Slot(block: nil, hash: 0, isUsed: false) }
  }

  /// The key's slot, or the free one where it would stand.
  @inline(__always)
  func place(of key: UnsafeRawBufferPointer, hash: UInt64) -> Int {
    let hash = UInt32(truncatingIfNeeded: hash)
    var place = Int(hash) & mask
    while let block = slots[place].block {
      if slots[place].hash == hash, block.key.isSame(as: key) { return place }
      place = (place &+ 1) & mask
    }
    return place
  }

  /// Frees a slot, and moves those behind it that would not be found any more.
  mutating func vacate(_ place: Int) {
    var hole = place
    var next = (hole + 1) & mask
    while slots[next].block != nil {
      let home = Int(slots[next].hash) & mask
      if (next - home) & mask >= (next - hole) & mask {
        slots[hole] = slots[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    slots[hole] = .free
  }

  static let slotsMin = 256

  mutating func growSlots() { setSlots((mask + 1) * 2) }

  /// Halves the slots when less than an eighth of them is in use: free ones take memory from the objects.
  mutating func shrinkSlots() {
    if count * 8 < mask, mask >= Self.slotsMin { setSlots((mask + 1) / 2) }
  }

  private mutating func setSlots(_ number: Int) {
    let (old, oldMask) = (slots, mask)
    mask = number - 1
    slots = Self.emptySlots(number)
    for index in 0...oldMask where old[index].block != nil {
      var place = Int(old[index].hash) & mask
      while slots[place].block != nil { place = (place + 1) & mask }
      slots[place] = old[index]
    }
    old.deallocate()
  }

  static func emptySlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
    precondition(count <= Int(UInt32.max), "more slots than 32 bits of hash can tell apart")
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: .free, count: count)
    return slots
  }
}
