import Sequitur

/// A partition's way from its assignment to serving, as a pure machine.
///
///     start(what the store holds)
///       ─▶ readGroupPosition   stable: waits for the predecessor's transaction to end
///       ─▶ readBounds          the changelog's log start and high watermark, read_uncommitted
///       ─▶ [setAside]          the store does not fit the changelog: rebuild from nothing
///       ─▶ read                read_committed, until the consumer's position reaches the high watermark
///       ─▶ [read]              the tail ended before the group's position: once more, from the log's start
///       ─▶ [readAborted]       it still does: was the group's position that of an aborted transaction?
///       ─▶ readInputBounds     are the commands still the ones that the checkpoint's position belongs to?
///       ─▶ [readLastCommand]   what stands where the last command stood (``InputCheck``)
///       ─▶ serve(position) or refuse(fault)
///
/// Why this order: once the group's position is stable and belongs to a generation of ours, no older owner
/// can commit any more, so every changelog record that ever counts lies below the high watermark asked after
/// it. Asking in the other order could miss a transaction whose offsets were sent before its records arrived.
/// The high watermark and not the last stable offset: a predecessor's transaction may be committed on the
/// offsets topic with its marker still missing on the changelog (KAFKA-10167).
///
/// Why from the store's last checkpoint, and not from the store's position: the changelog may have been deleted, created
/// again, and written by others until it is longer than the store's position. The client tells no topic ids (librdkafka
/// 2.0), so each changelog has an incarnation of its own in its checkpoints (``CheckpointRecord``), and the first one
/// that is read shows whether it is the one that the store was made of. Compaction may have removed the store's own
/// checkpoint, but then there is a later one. What stands between it and the position is only looked at.
///
/// Why a second look: a refusal needs an operator, and the changelog may be whole although its tail does not show
/// it. A broker that names transactions aborted long ago with a fetch that begins behind their markers makes a
/// read_committed client drop everything of the same producer. Reading all again over what the store holds ends in
/// the same state, since of each key the last record counts.
///
/// Why aborted transactions are looked at: a group coordinator may show the offsets of a transaction that was aborted
/// (KAFKA-17507, in brokers from 2.0 on: the end of a transaction reached its cache when the next one of the producer
/// had sent its offsets already, and took these along; seen on Apache Kafka 3.7 after a kill -9). Then nothing is lost:
/// the aborted transaction's checkpoint, with the group's position, still stands on the changelog, and no checkpoint
/// that is committed reaches so far. It may stand before committed ones: a successor's transaction may end earlier, and
/// the group may forget the position of that one.
public struct RestoreMachine: Sendable {
  public enum Action: Sendable, Hashable {
    case readGroupPosition
    case readBounds
    /// Set the partition's store aside and begin an empty one; say why.
    case setAside(StoreMismatch)
    /// Read the changelog from here until the consumer's position is at least `target`. The second time from its
    /// start, over what the store holds. Of records that the store ``holds(_:)`` only the checkpoints count.
    case read(from: Int64, target: Int64)
    /// Look through the changelog from here to `target`, read_uncommitted, for checkpoints; write nothing.
    case readAborted(from: Int64, target: Int64)
    /// Ask for the log start and the high watermark of the commands topic's partition.
    case readInputBounds
    /// Read what stands at this command's offset on the commands topic, read_uncommitted.
    case readLastCommand(LastCommand)
    /// The state is whole. Process commands from `position` (`nil`: from the topic's start).
    case serve(position: Int64?)
    case refuse(RestoreFault)
  }

  private enum State: Sendable, Hashable {
    case idle
    case readingGroupPosition
    case readingBounds
    case settingAside
    case reading
    case readingAborted
    case readingInputBounds
    case readingLastCommand
    case ended
  }

  /// Below it a store that stands for no checkpoint is emptied: it cannot be known which changelog it was made of.
  public static let recordsReadAgainMax: Int64 = 10_000

  private let partitions: Int32
  private let decision: InputDecision
  private var state = State.idle
  private var stored: StoredPosition?
  private var groupPosition: Int64?
  private var start: Int64 = 0
  private var target: Int64 = 0
  private var checkpoint: Int64?
  private var checkpointOffset: Int64?
  private var position: Int64 = 0
  private var isSecondLook = false
  /// A committed checkpoint had reached the group's position, before an operator moved the position back.
  private var reachedGroupPosition = false
  private var lastCommand: LastCommand?
  private var input: InputCheck?
  private var inputBounds: (logStart: Int64, end: Int64) = (0, 0)
  private var found: InputCheck.Found?

  /// - Parameters:
  ///   - partitions: how many partitions the commands topic has now.
  ///   - decision: what an operator has decided about commands that cannot be gone on with.
  public init(partitions: Int32, decision: InputDecision = InputDecision()) {
    self.partitions = partitions
    self.decision = decision
  }

  /// Records still to read, at most (aborted ones and markers count too).
  public var remaining: Int64 { max(0, target - position) }

  /// Which changelog it is, as far as was read; `nil` when no checkpoint said it.
  public private(set) var incarnation: Int64?

  /// Where an operator moved the position, before and now: to be written into the next checkpoints.
  public private(set) var moves: [PositionMove] = []

  /// Which decider the state is of, by the last checkpoint that was read; `nil` when it did not say it.
  public private(set) var decider: DeciderFingerprint?

  /// What the states may look like, by the last checkpoint that was read.
  public private(set) var stateForms = StateForms()

  /// What the operator's decision went over in this restore; nil: it was not needed.
  public private(set) var overruled: InputFault?

  /// The group's position and the changelog's, when the group is behind: somebody set its offsets back, or the coordinator
  /// forgot some (KAFKA-17507). What is processed is known from the changelog alone, so that the group's is not followed.
  public var groupBehind: (group: Int64, checkpoint: Int64)? {
    guard let groupPosition, let checkpoint, groupPosition < checkpoint else { return nil }
    return (groupPosition, checkpoint)
  }

  /// The input that is gone on with from the checkpoint; nil: there is no checkpoint.
  public var inputCheck: InputCheck? { overruled == nil ? input : nil }

  /// What a store stands for that holds everything below `offset`, now.
  public func storedPosition(at offset: Int64) -> StoredPosition {
    StoredPosition(
      changelogOffset: offset, commandPosition: checkpoint, checkpointOffset: checkpointOffset,
      incarnation: incarnation)
  }

  /// Whether the store held the record at this offset before: it must not be written to it.
  public func holds(_ offset: Int64) -> Bool { offset < (stored?.changelogOffset ?? 0) }

  /// The partition was assigned; `stored` is what its store holds.
  public mutating func start(stored: StoredPosition?) -> Action {
    guard state == .idle else { illegal("start") }
    self.stored = stored
    checkpoint = stored?.commandPosition
    checkpointOffset = stored?.checkpointOffset
    incarnation = stored?.incarnation
    state = .readingGroupPosition
    return .readGroupPosition
  }

  /// The group's committed position was read; `nil` when there is none.
  public mutating func groupPositionRead(_ position: Int64?) -> Action {
    guard state == .readingGroupPosition else { illegal("groupPositionRead") }
    groupPosition = position
    state = .readingBounds
    return .readBounds
  }

  /// The changelog's log start offset and high watermark were read.
  public mutating func boundsRead(logStart: Int64, highWatermark: Int64) -> Action {
    guard state == .readingBounds else { illegal("boundsRead") }
    start = logStart
    target = highWatermark
    if let stored, stored.changelogOffset > highWatermark {
      return setAside(.positionAboveEnd(stored: stored.changelogOffset, end: highWatermark))
    }
    // More is not read again for this: a compacted changelog has its only checkpoint at the end, and a restore that
    // was interrupted before it must not begin anew each time.
    if let stored, stored.commandPosition == nil, logStart == 0,
      1..<Self.recordsReadAgainMax ~= stored.changelogOffset
    {
      return setAside(.noCheckpoint(stored: stored.changelogOffset))
    }
    return read()
  }

  /// The partition's store is empty now.
  public mutating func storeSetAside() -> Action {
    guard state == .settingAside else { illegal("storeSetAside") }
    forgetStored()
    return read()
  }

  /// A record that the store ``holds(_:)`` was read, and it is no checkpoint.
  ///
  /// - Returns: an action when the restore must not go on, else `nil`.
  public mutating func heldRecordRead(at offset: Int64) -> Action? {
    guard state == .reading else { illegal("heldRecordRead") }
    return offset == stored?.checkpointOffset ? setAside(.checkpointGone(offset: offset)) : nil
  }

  /// A checkpoint record was read and what stands before it was written to the store.
  ///
  /// - Parameter offset: the record's own, on the changelog.
  /// - Returns: an action when the restore must not go on, else `nil`.
  public mutating func checkpointRead(_ found: CheckpointRecord, at offset: Int64) -> Action? {
    guard state == .reading else { illegal("checkpointRead") }
    guard found.partitions == partitions else {
      return refuse(.partitionCountChanged(checkpoint: found.partitions, now: partitions))
    }
    if let stored, let before = stored.commandPosition, found.position < before,
      !found.moves.contains(where: { $0.from >= before && $0.to <= found.position })
    {
      return setAside(.positionWentBack(stored: before, found: found.position))
    }
    if let old = stored?.incarnation, let new = found.incarnation, old != new {
      return setAside(.otherIncarnation(stored: old, found: new))
    }
    if let stored, offset == stored.checkpointOffset, found.position != stored.commandPosition {
      return setAside(.checkpointGone(offset: offset))
    }
    if let groupPosition, found.position >= groupPosition { reachedGroupPosition = true }
    checkpoint = found.position
    checkpointOffset = offset
    incarnation = found.incarnation ?? incarnation
    lastCommand = found.lastCommand
    moves = found.moves
    decider = found.decider
    stateForms = found.stateForms
    return nil
  }

  /// The consumer's position moved: all records below it were read.
  public mutating func positionReached(_ position: Int64) -> Action? {
    guard state == .reading else { illegal("positionReached") }
    self.position = max(self.position, position)
    return self.position >= target ? finish() : nil
  }

  /// All checkpoints between ``Action/readAborted(from:target:)``'s offsets were read.
  ///
  /// - Parameter positions: theirs, also those of committed checkpoints: none of these has the group's position.
  public mutating func abortedRead(positions: [Int64]) -> Action {
    guard state == .readingAborted, let groupPosition else { illegal("abortedRead") }
    guard positions.contains(groupPosition) else {
      return refuse(.changelogLost(checkpoint: checkpoint, groupPosition: groupPosition))
    }
    return checkInput()
  }

  /// The commands topic's log start offset and high watermark were read.
  public mutating func inputBoundsRead(logStart: Int64, end: Int64) -> Action {
    guard state == .readingInputBounds, let input else { illegal("inputBoundsRead") }
    inputBounds = (logStart, end)
    return take(
      found.map { input.compared($0, logStart: logStart, end: end) }
        ?? input.bounds(logStart: logStart, end: end))
  }

  /// What stands at the last command's offset was read.
  public mutating func lastCommandRead(_ found: InputCheck.Found) -> Action {
    guard state == .readingLastCommand, let input else { illegal("lastCommandRead") }
    self.found = found
    if found == .nothing {
      state = .readingInputBounds
      return .readInputBounds
    }
    return take(input.compared(found, logStart: inputBounds.logStart, end: inputBounds.end))
  }

  // MARK: Transitions

  private mutating func read() -> Action {
    let needed = stored?.changelogOffset ?? 0
    guard needed >= start else {
      return refuse(.changelogTruncated(needed: needed, logStart: start))
    }
    let from = max(min(stored?.checkpointOffset ?? needed, needed), start)
    position = from
    state = .reading
    return .read(from: from, target: target)
  }

  private mutating func readAgain() -> Action {
    isSecondLook = true
    forgetStored()
    position = start
    return .read(from: start, target: target)
  }

  private mutating func forgetStored() {
    stored = nil
    checkpoint = nil
    checkpointOffset = nil
    incarnation = nil
    lastCommand = nil
    moves = []
    decider = nil
    stateForms = StateForms()
  }

  private mutating func setAside(_ mismatch: StoreMismatch) -> Action {
    state = .settingAside
    return .setAside(mismatch)
  }

  private mutating func finish() -> Action {
    if let groupPosition, groupPosition > (checkpoint ?? 0) {
      if let stored, stored.changelogOffset > start, !isSecondLook { return readAgain() }
      // Where a committed checkpoint had the group's position too, only what stands behind the last one is aborted.
      let from = reachedGroupPosition ? max(checkpointOffset.map { $0 + 1 } ?? start, start) : start
      guard from < target else {
        return refuse(.changelogLost(checkpoint: checkpoint, groupPosition: groupPosition))
      }
      state = .readingAborted
      return .readAborted(from: from, target: target)
    }
    return checkInput()
  }

  private mutating func checkInput() -> Action {
    guard let checkpoint else { return serve(nil) }
    input = InputCheck(position: checkpoint, last: lastCommand)
    state = .readingInputBounds
    return .readInputBounds
  }

  private mutating func take(_ finding: InputCheck.Finding) -> Action {
    switch finding {
    case .fits: return serve(checkpoint)
    case .compare(let last):
      state = .readingLastCommand
      return .readLastCommand(last)
    case .broken(let fault):
      guard let checkpoint, let position = destination(fault) else { return refuse(.inputChanged(fault)) }
      overruled = fault
      moves = (moves + [PositionMove(from: checkpoint, to: position)]).suffix(PositionMove.keptMax)
      return serve(position)
    }
  }

  /// Where the operator's decision goes on; nil: there is none for this.
  private func destination(_ fault: InputFault) -> Int64? {
    switch fault {
    case .commandsDeleted(_, let logStart): return decision.acceptsLostCommands ? logStart : nil
    case .endsBelow, .otherCommand, .commandGone:
      switch decision.begin {
      case .start: return inputBounds.logStart
      case .end: return inputBounds.end
      case nil: return nil
      }
    }
  }

  private mutating func serve(_ position: Int64?) -> Action {
    state = .ended
    return .serve(position: position)
  }

  private mutating func refuse(_ fault: RestoreFault) -> Action {
    state = .ended
    return .refuse(fault)
  }

  private func illegal(_ input: String) -> Never {
    preconditionFailure("the restore machine was told '\(input)' while in \(state)")
  }
}
