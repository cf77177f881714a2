/// The clock: a hand goes round the slots and takes what was not used since it last passed.
extension ObjectTable {
  /// How many slots the hand passes for one object that is read. Without a bound each would cost a whole turn when most
  /// objects are undrained; what it does not reach now, it reaches with the next ones.
  static let evictionStepsMax = 256

  /// Changes the limit, and evicts down to it.
  mutating func setByteCountMax(_ limit: Int) {
    byteCountMax = limit
    evict()
  }

  /// Evicts clean, unused objects until the table is within its limit, in at most two turns of the hand.
  @usableFromInline
  mutating func evict() { evict(stepsMax: (mask + 1) * 2 + count) }

  @inline(__always)
  mutating func evict(stepsMax: Int) {
    if byteCount > byteCountMax { evictSome(stepsMax: stepsMax) }
  }

  @inline(never)
  private mutating func evictSome(stepsMax: Int) {
    var steps = stepsMax
    while byteCount > byteCountMax, steps > 0 {
      steps -= 1
      // An evicted object's slot may have been given to the one behind it, so the hand stays.
      if !evictAtHand() { hand = (hand + 1) & mask }
    }
  }

  private mutating func evictAtHand() -> Bool {
    hand &= mask
    guard let block = slots[hand].block else { return false }
    if slots[hand].isUsed {
      slots[hand].isUsed = false
      return false
    }
    guard !block.isUndrained else { return false }
    vacate(hand)
    count -= 1
    blockByteCount -= block.memoryBytes
    block.deallocate()
    shrinkSlots()
    return true
  }
}
