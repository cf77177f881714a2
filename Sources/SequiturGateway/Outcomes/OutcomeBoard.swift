import Sequitur

/// Who waits for which command's outcome, and the outcomes that came last, as a pure machine.
///
/// The outcomes of a partition come in command order on each of the two topics, and the topics are read side by side. An
/// outcome may come before the broker's acknowledgement has told where the command stands: the last ones are kept for
/// that. One that is kept no longer is `gone`, and has to be searched for.
///
/// A valid command may have several events. They lie together, and are all there when an event of another command follows,
/// or when the end of what is committed was reached, since a transaction is committed as a whole.
struct OutcomeBoard: Sendable {
  /// A waiting request; numbers are never used twice.
  typealias Waiter = UInt64

  /// An outcome, and those who waited for it.
  struct News: Sendable, Hashable {
    let outcome: CommandOutcome
    let waiters: [Waiter]
  }

  /// What is known of a command.
  enum Knowledge: Sendable, Hashable {
    case known(CommandOutcome)
    /// The waiter is told when the outcome comes.
    case waiting
    /// It may have come, and is not kept any more.
    case gone
  }

  private var partitions: [Int32: PartitionBoard] = [:]
  private let recentMax: Int

  /// - Parameter recentMax: outcomes that are kept of each partition; at least 1.
  init(recentMax: Int) {
    precondition(recentMax > 0, "an outcome may come before its acknowledgement")
    self.recentMax = recentMax
  }

  /// Behind the last command of a partition whose outcome came; 0 before the first.
  func decidedTo(_ partition: Int32) -> Int64 { partitions[partition]?.decidedTo ?? 0 }

  /// Outcomes of a partition that came since the board began.
  func count(_ partition: Int32) -> Int { partitions[partition]?.count ?? 0 }

  /// The outcome, if it is among the last ones.
  func recent(_ position: CommandPosition) -> CommandOutcome? {
    partitions[position.partition]?.recent[position.offset]
  }

  /// Looks a command's outcome up, and waits for it unless it is there.
  mutating func wait(for position: CommandPosition, _ waiter: Waiter) -> Knowledge {
    partitions[position.partition, default: PartitionBoard()].wait(for: position.offset, waiter)
  }

  /// A waiter waits no longer.
  mutating func leave(_ waiter: Waiter, _ position: CommandPosition) {
    partitions[position.partition]?.leave(waiter, position.offset)
  }

  /// Takes a record of the valid or the invalid topic.
  /// - Returns: the outcomes that are known by it.
  mutating func take(_ record: OutcomeRecord) -> [News] {
    let position = record.position
    switch record.part {
    case .event(let event):
      if partitions[position.partition]?.open?.position == position {
        partitions[position.partition]?.open?.events.append(event)
        return []
      }
      let finished = close(position.partition)
      partitions[position.partition, default: PartitionBoard()].open = (position, record.key, [event])
      return finished
    case .rejection(let rejection):
      return [settle(CommandOutcome(position: position, key: record.key, verdict: .invalid(rejection)))]
    }
  }

  /// Everything that is committed of the valid topic's partition has been read.
  mutating func validEnded(_ partition: Int32) -> [News] { close(partition) }

  /// Reading begins at another place, and the topics may be others of their names: nothing that was read counts any more.
  /// Those who wait wait on.
  mutating func restart() {
    for number in partitions.keys { partitions[number]?.forget() }
  }

  private mutating func close(_ number: Int32) -> [News] {
    guard let open = partitions[number]?.open else { return [] }
    partitions[number]?.open = nil
    return [settle(CommandOutcome(position: open.position, key: open.key, verdict: .valid(open.events)))]
  }

  private mutating func settle(_ outcome: CommandOutcome) -> News {
    let waiters = partitions[outcome.position.partition, default: PartitionBoard()].settle(
      outcome, recentMax: recentMax)
    return News(outcome: outcome, waiters: waiters)
  }
}

/// One partition's part of the board.
private struct PartitionBoard: Sendable {
  /// The outcomes that came last, by the command's offset.
  private(set) var recent: [Int64: CommandOutcome] = [:]
  /// Their offsets in the order they came, a ring once it is full, and its oldest place.
  private var order: [Int64] = []
  private var oldest = 0
  /// The highest offset whose outcome is not kept any more.
  private var droppedTo: Int64 = -1
  private var waiters: [Int64: [OutcomeBoard.Waiter]] = [:]
  /// The valid command whose events are being read.
  var open: (position: CommandPosition, key: [UInt8], events: [CommandOutcome.Event])?
  private(set) var decidedTo: Int64 = 0
  private(set) var count = 0

  mutating func wait(for offset: Int64, _ waiter: OutcomeBoard.Waiter) -> OutcomeBoard.Knowledge {
    if let outcome = recent[offset] { return .known(outcome) }
    guard offset > droppedTo else { return .gone }
    waiters[offset, default: []].append(waiter)
    return .waiting
  }

  mutating func leave(_ waiter: OutcomeBoard.Waiter, _ offset: Int64) {
    waiters[offset]?.removeAll { $0 == waiter }
    if waiters[offset]?.isEmpty ?? false { waiters[offset] = nil }
  }

  /// Forgets everything but who waits.
  mutating func forget() {
    let waiters = waiters
    self = PartitionBoard()
    self.waiters = waiters
  }

  mutating func settle(_ outcome: CommandOutcome, recentMax: Int) -> [OutcomeBoard.Waiter] {
    let offset = outcome.position.offset
    count += 1
    decidedTo = max(decidedTo, offset + 1)
    if recent.updateValue(outcome, forKey: offset) == nil {
      if order.count < recentMax {
        order.append(offset)
      } else {
        recent[order[oldest]] = nil
        droppedTo = max(droppedTo, order[oldest])
        order[oldest] = offset
        oldest = (oldest + 1) % recentMax
      }
    }
    return waiters.removeValue(forKey: offset) ?? []
  }
}
