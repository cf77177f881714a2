import BlockingThreads
import SequiturFollower
import SequiturTopics
import Synchronization

/// What readers see of a view: they take no lock that a writer holds while it writes.
final class ShownTables<Value: Sendable>: Sendable {
  /// A partition.
  struct Shown: Sendable {
    let table: any ViewTable<Value>
    let position: FollowPosition?
    let isReadable: Bool
    let remaining: Int64?
  }

  private struct State {
    var shown: [Int32: Shown] = [:]
    /// How many the topic has, and which are followed; nil before that is known.
    var partitions: (count: Int32, followed: Set<Int32>)?
    var ended: String?
  }

  private let state = Mutex(State())
  private let caughtUp = Mutex(OneTimeEvent())

  /// The view follows these of the topic's partitions.
  func begin(_ followed: [Int32], of count: Int32) {
    state.withLock { $0.partitions = (count, Set(followed)) }
  }

  func show(_ partition: Int32, _ shown: Shown) {
    let event = state.withLock { state -> OneTimeEvent? in
      state.shown[partition] = shown
      guard let followed = state.partitions?.followed, state.shown.count == followed.count,
        state.shown.values.allSatisfy(\.isReadable)
      else { return nil }
      return caughtUp.withLock { $0 }
    }
    event?.signal()
  }

  func end(_ reason: String) {
    state.withLock { $0.ended = reason }
    caughtUp.withLock { $0 }.signal()
  }

  /// Happens when all partitions can be read for the first time, or the view has ended.
  var caughtUpEvent: OneTimeEvent { caughtUp.withLock { $0 } }

  /// - Throws: why not all of the view can be read.
  func checkCaughtUp() throws(ViewFault) {
    try state.withLock { state throws(ViewFault) in
      if let reason = state.ended { throw .ended(reason: reason) }
      guard let followed = state.partitions?.followed else {
        throw .catchingUp(partition: nil, remaining: nil)
      }
      for partition in followed.sorted() {
        let shown = state.shown[partition]
        if !(shown?.isReadable ?? false) {
          throw .catchingUp(partition: partition, remaining: shown?.remaining)
        }
      }
    }
  }

  /// The tables in which a key may be.
  func tables(
    for key: [UInt8], _ placement: ViewPlacement, _ freshness: ViewFreshness
  ) throws(ViewFault) -> [(partition: Int32, shown: Shown)] {
    let (shown, partitions, ended) = state.withLock { ($0.shown, $0.partitions, $0.ended) }
    if freshness == .current, let ended { throw .ended(reason: ended) }
    guard let partitions else { throw .catchingUp(partition: nil, remaining: nil) }
    var candidates = partitions.followed.sorted()
    if placement == .murmur2 {
      let partition = Murmur2.partition(of: key, among: partitions.count)
      guard partitions.followed.contains(partition) else { throw .notFollowed(partition: partition) }
      candidates = [partition]
    }
    var tables: [(partition: Int32, shown: Shown)] = []
    for partition in candidates {
      guard let table = shown[partition] else { throw .catchingUp(partition: partition, remaining: nil) }
      guard table.isReadable || freshness == .any else {
        throw .catchingUp(partition: partition, remaining: table.remaining)
      }
      tables.append((partition, table))
    }
    return tables
  }
}
