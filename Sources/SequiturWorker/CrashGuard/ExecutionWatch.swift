import Synchronization

/// Where the served partitions' lanes note the commands whose code runs, for who looks whether one takes long. Any thread.
final class ExecutionWatch: Sendable {
  private let slots = Mutex<[Int32: (slot: ExecutionSlot, lane: Int)]>([:])

  /// A partition is about to be served.
  func begin(_ partition: Int32, _ lane: Int, _ slot: ExecutionSlot) {
    slots.withLock { $0[partition] = (slot, lane) }
  }

  /// The lane that served a partition last, and the offset of the command whose code runs there.
  func look(_ partition: Int32) -> (lane: Int, offset: Int64?)? {
    slots.withLock { $0[partition] }.map { known in
      let offset = known.slot.executing.pointee.load(ordering: .relaxed)
      return (known.lane, offset < 0 ? nil : offset)
    }
  }
}
