/// Whose turn it is among a lane's partitions.
///
/// Each gets its turn before any gets a second one, and a turn is bounded (``LaneLimits/messagesPerBatch``): so a
/// partition with a long backlog holds the others up for at most one turn a round, however fast it is filled.
struct PartitionRotation {
  private var order: [Int32] = []
  private var upcoming = 0

  /// Whether all have had their turn in this round.
  var isRoundOver: Bool { upcoming >= order.count }

  /// The partition whose turn it is, and the turn passes on; nil at the end of a round, and the next one begins.
  mutating func next() -> Int32? {
    guard !isRoundOver else {
      upcoming = 0
      return nil
    }
    defer { upcoming += 1 }
    return order[upcoming]
  }

  /// A partition comes: its turn is after those that wait in this round.
  mutating func insert(_ partition: Int32) { order.append(partition) }

  /// A partition leaves; the others' order stays.
  mutating func remove(_ partition: Int32) {
    guard let index = order.firstIndex(of: partition) else { return }
    order.remove(at: index)
    if index < upcoming { upcoming -= 1 }
  }
}
