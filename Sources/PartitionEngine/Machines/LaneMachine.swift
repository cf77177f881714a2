import Sequitur

/// A partition as its lane's machine sees it.
public protocol LanePartition: AnyObject {
  var partition: Int32 { get }
  /// Whether commands were processed that no transaction was sealed with.
  var hasOpenCommands: Bool { get }
  /// Bytes that the open transaction keeps in memory, besides its output.
  var openByteCount: Int { get }
  /// Bytes of committed objects that wait for a drain.
  var undrainedByteCount: Int { get }
  /// Whether a drain was taken and has not ended.
  var isDraining: Bool { get }
}

/// What a lane decides: which partitions it serves, whose turn it is, when a transaction is sent, what is given up
/// when partitions go or something fails.
///
///     attach ─▶ served ─▶ leaving ─▶ detached          a release, once nothing of the partition is under way
///                  │                    ▲
///                  └────────────────────┘              lost; or dropped, and then restored anew
///
/// Two transactions may be under way. The **open** one is prepared from commands of the served partitions; sealed, it
/// is **sent**: with the committer. They stand and fall together: an outcome of the open one may follow from a state
/// that the sent one made, and its records stand among others'. So whatever is given up of one partition is given up
/// of all, and those that are still assigned are restored.
///
/// It does nothing by itself: the lane performs what an input returns, in that order. What a partition is like is asked
/// of the partition. Times are durations since any fixed moment.
public struct LaneMachine<Partition: LanePartition> {
  /// What to do.
  public enum Effect {
    /// Throw away what is prepared.
    case dropOpenTransaction
    /// The transaction that was sent is given up: it is not sent again, and its offsets are not sent any more.
    case abandon(Cause)
    /// Take nothing more of the partition; what is committed goes to the store with a last drain.
    case detach(Partition)
    /// The partition, though still assigned, must be restored.
    case restore(Partition)
    /// Tell ``reminded(_:)`` of this release after so long, unless it has ended by then.
    case remind(Int, after: Duration)
    /// Nothing of the partitions of this release is under way any more.
    case released(Int)
  }

  /// Why the sent transaction is given up.
  public enum Cause: Sendable, Hashable {
    /// A release has waited for as long as it may.
    case overdue
    /// A release ends while the transaction is under way: one that was sent after the release was overdue has not been
    /// given up, and its offsets would be accepted under the next generation.
    case released
    case lost
    /// The store is unusable. Were the transaction sent after the restore has read the group's position, its
    /// commands would be processed again.
    case storeLost
  }

  private struct Seat {
    let partition: Partition
    var drainedAt: Duration
  }

  private struct Release {
    let id: Int
    let partitions: [Partition]
    /// It has waited for as long as it may: what it waits for was given up, and has some time to end.
    var isOverdue = false
    var hasEnded = false
  }

  private let limits: Limits
  private let abandonGrace: Duration
  private var policy: BatchPolicy
  /// Of the open transaction, at most.
  private var commandsMax: Int
  private var seats = PartitionRotation<Seat>()
  /// The partitions of the transaction that is with the committer; by number.
  public private(set) var sent: [Partition] = []
  /// Commands of the open transaction.
  public private(set) var openCommands = 0
  private var openedAt: Duration?
  /// Until when nothing is taken in, since the store could not be read.
  private var pausedUntil: Duration?
  /// Whether the last turn could take nothing in.
  private var isBlocked = false
  private var releases: [Release] = []
  private var releasesMade = 0

  /// - Parameters:
  ///   - limits: of a transaction and of what waits for a drain.
  ///   - abandonGrace: how long a release waits for a transaction that it has given up.
  public init(limits: Limits, abandonGrace: Duration) {
    self.limits = limits
    self.abandonGrace = abandonGrace
    policy = BatchPolicy(limits)
    commandsMax = limits.transactionCommandsMax
  }

  public var isCommitting: Bool { !sent.isEmpty }
  /// Whether partitions are being released.
  public var isReleasing: Bool { !releases.isEmpty }
  /// The served partitions, by number.
  public var partitions: [Partition] { seats.members.map(\.partition).sorted { $0.partition < $1.partition } }

  /// What serves a partition, one that is leaving included.
  public func partition(_ number: Int32) -> Partition? {
    seats.members.first { $0.partition.partition == number }?.partition
  }

  /// Whether commands of the partition are taken in: it is attached, and not leaving.
  public func serves(_ partition: Partition) -> Bool { isAttached(partition) && !isLeaving(partition) }

  // MARK: Partitions come and go

  /// Begins to serve a restored partition.
  public mutating func attach(_ partition: Partition, at now: Duration) {
    precondition(
      self.partition(partition.partition) == nil, "partition \(partition.partition) is served twice")
    seats.insert(Seat(partition: partition, drainedAt: now))
  }

  /// Stops serving partitions: takes in nothing more of them, and ends once their transactions and drains have.
  ///
  /// - Parameter budget: how long it may wait for them; then the transaction under way is given up.
  /// - Returns: what names the release in ``Effect/released(_:)`` and ``reminded(_:)``.
  public mutating func release(
    _ numbers: [Int32], within budget: Duration
  ) -> (id: Int, effects: [Effect]) {
    releasesMade += 1
    releases.append(Release(id: releasesMade, partitions: numbers.compactMap { partition($0) }))
    return (releasesMade, [.remind(releasesMade, after: budget)] + endReleases())
  }

  /// A release's time is over: first the one that it may wait for, then the one that what was given up has to end in. Then it
  /// ends, whatever is under way.
  ///
  /// What is given up may still be committed if its commit was already on its way. That is right: its offsets were accepted
  /// under the old generation, so the next owner's restore waits for it.
  public mutating func reminded(_ release: Int) -> [Effect] {
    guard let index = releases.firstIndex(where: { $0.id == release }) else { return [] }
    guard !releases[index].isOverdue else {
      releases[index].hasEnded = true
      return endReleases()
    }
    releases[index].isOverdue = true
    let isHeldUp = isCommitting && releases[index].partitions.contains(where: isInFlight)
    return (isHeldUp ? [.abandon(.overdue)] : []) + [.remind(release, after: abandonGrace)]
  }

  /// Gives up everything of partitions that others may own already.
  public mutating func lose(_ numbers: [Int32]) -> [Effect] {
    let lost = numbers.compactMap { partition($0) }
    let isUnderWay = lost.contains(where: isInFlight)
    return lost.flatMap { detach($0) } + (isUnderWay ? drop(.lost) : endReleases())
  }

  /// A partition's store was opened anew, or is damaged.
  public mutating func storeLost() -> [Effect] { drop(.storeLost) }

  // MARK: Transactions

  /// Commands were processed into the open transaction.
  public mutating func processed(_ commands: Int, at now: Duration) {
    if openedAt == nil, commands > 0 { openedAt = now }
    openCommands += commands
  }

  /// Why to send the open transaction now; `nil`: go on preparing.
  ///
  /// - Parameter hasRest: whether the lane holds commands that it has taken and not processed.
  public func reasonToSend(outputBytes: Int, hasRest: Bool, at now: Duration) -> BatchPolicy.Reason? {
    policy.reasonToSend(
      commands: openCommands, bytes: outputBytes + openByteCount, age: openedAt.map { now - $0 } ?? .zero,
      isCommitting: isCommitting, hasMore: hasRest || isBlocked || seats.mayHaveMore, isStopping: isReleasing)
  }

  /// The open transaction is sealed and sent: ``sent`` says whose commands are in it.
  public mutating func send() {
    precondition(!isCommitting, "a transaction was sent while another one is under way")
    sent = partitions.filter(\.hasOpenCommands)
    precondition(!sent.isEmpty, "a transaction without a command was sent")
    clearOpen()
    isBlocked = false
  }

  /// The committer is done with the transaction. When it was committed, its partitions have been told.
  public mutating func transactionEnded(isCommitted: Bool) -> [Effect] {
    sent = []
    return isCommitted ? endReleases() : drop(nil)
  }

  // MARK: Turns

  /// Begins a turn: whether commands may be taken in.
  public mutating func beginTurn(outputBytes: Int, at now: Duration) -> Bool {
    if let until = pausedUntil, now >= until { pausedUntil = nil }
    isBlocked =
      pausedUntil != nil || undrainedByteCount >= limits.undrainedBytesMax
      || policy.fullness(commands: openCommands, bytes: outputBytes + openByteCount) != nil
    return !isBlocked
  }

  /// The next partition of the round to take commands from; `nil`: the round is over.
  public mutating func nextPartition() -> Partition? {
    while let seat = seats.next() {
      if !isLeaving(seat.partition) { return seat.partition }
    }
    return nil
  }

  /// The partition whose turn it is had commands; `isFull`: as many as fit in a turn, so that it may have more.
  public mutating func took(isFull: Bool) { seats.found(isFull: isFull) }

  /// How many more commands the open transaction takes.
  public var room: Int { max(commandsMax - openCommands, 0) }

  /// Bounds the commands of a transaction, as while the one is looked for whose outcome is refused; nil: as many as the
  /// limits say.
  public mutating func bound(commands: Int?) {
    let most = min(commands ?? .max, limits.transactionCommandsMax)
    guard most != commandsMax else { return }
    commandsMax = most
    var bounded = limits
    bounded.transactionCommandsMax = most
    policy = BatchPolicy(bounded)
  }

  /// Nothing is taken in for a while: a store could not be read.
  public mutating func pause(until end: Duration) { pausedUntil = end }

  /// Whether the turn that ends has left nothing to do until something arrives or ends.
  public var waits: Bool { isBlocked || (seats.isIdle && (openCommands == 0 || isCommitting)) }

  // MARK: Drains

  /// The partitions that are to be drained now. At half of the limit these are all that have their share of it.
  public mutating func takeDueDrains(at now: Duration) -> [Partition] {
    let half = max(limits.undrainedBytesMax / 2, 1)
    let threshold =
      undrainedByteCount >= half ? max(half / (2 * max(seats.members.count, 1)), 1) : half
    var due: [Partition] = []
    seats.update { seat in
      let bytes = seat.partition.undrainedByteCount
      guard bytes > 0, !seat.partition.isDraining else { return }
      guard bytes >= threshold || now - seat.drainedAt >= limits.undrainedAgeMax else { return }
      seat.drainedAt = now
      due.append(seat.partition)
    }
    return due
  }

  /// A drain has ended, and its partition has been told.
  ///
  /// - Parameter isStoreLost: the store was opened anew, or dropped.
  public mutating func drainEnded(_ partition: Partition, isStoreLost: Bool) -> [Effect] {
    isStoreLost && isAttached(partition) ? storeLost() : endReleases()
  }

  // MARK: Transitions

  private var openByteCount: Int { seats.members.reduce(0) { $0 + $1.partition.openByteCount } }
  private var undrainedByteCount: Int { seats.members.reduce(0) { $0 + $1.partition.undrainedByteCount } }

  private func isAttached(_ partition: Partition) -> Bool {
    seats.members.contains { $0.partition === partition }
  }

  private func isLeaving(_ partition: Partition) -> Bool {
    releases.contains { $0.partitions.contains { $0 === partition } }
  }

  private func isSent(_ partition: Partition) -> Bool { sent.contains { $0 === partition } }

  private func isInFlight(_ partition: Partition) -> Bool {
    isAttached(partition) && (isSent(partition) || partition.hasOpenCommands)
  }

  private mutating func clearOpen() {
    openCommands = 0
    openedAt = nil
  }

  private mutating func detach(_ partition: Partition) -> [Effect] {
    guard let index = seats.members.firstIndex(where: { $0.partition === partition }) else { return [] }
    seats.remove(at: index)
    return [.detach(partition)]
  }

  /// Gives up both transactions. The partitions that are still served are restored; those that are leaving have
  /// nothing more to wait for.
  private mutating func drop(_ cause: Cause?) -> [Effect] {
    clearOpen()
    var effects: [Effect] = [.dropOpenTransaction]
    if isCommitting, let cause { effects.append(.abandon(cause)) }
    let affected = partitions
    seats.removeAll()
    effects += affected.map { .detach($0) }
    effects += affected.filter { !isLeaving($0) }.map { .restore($0) }
    return effects + endReleases()
  }

  /// Ends the releases that have nothing to wait for. A drain that is under way would leave no room for the last one,
  /// and a return would replay what that leaves out.
  private mutating func endReleases() -> [Effect] {
    var effects: [Effect] = []
    while let index = releases.firstIndex(where: { release in
      release.hasEnded
        || !release.partitions.contains { isInFlight($0) || (isAttached($0) && $0.isDraining) }
    }) {
      effects += end(releases.remove(at: index))
    }
    return effects
  }

  private mutating func end(_ release: Release) -> [Effect] {
    var effects: [Effect] = []
    if release.partitions.contains(where: isSent) { effects.append(.abandon(.released)) }
    let isGivenUp = release.partitions.contains { isAttached($0) && $0.hasOpenCommands }
    for partition in release.partitions { effects += detach(partition) }
    if isGivenUp { effects += drop(.released) }
    return effects + [.released(release.id)]
  }
}
