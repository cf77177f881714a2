import Sequitur

/// How far a reader of one partition's committed records has come, as a pure machine.
///
///     start(what the sink holds)
///       ─▶ boundsRead            log start, stable end, high watermark
///       ─▶ read(from)            read_committed, from one record before the position
///       ─▶ hold … apply          one unit after the other
///       ─▶ caught up             the consumer's position reached an end that was asked before
///
/// A **unit** is what becomes visible at once, so that whoever looks at the sink sees a state that existed:
///
/// - On a changelog, the records of a source transaction. They are held until its checkpoint, the last record of the
///   partition in each transaction. What was applied then is the state after exactly the commands below the
///   checkpoint's position. Compaction takes checkpoints away: then several transactions are one unit.
/// - On the valid topic, the events of one command, which lie together. (Where another producer's open transaction
///   begins between them, its end is waited for by the broker, and they are two units.) On the invalid topic, a
///   command's rejection.
///
/// A unit that is larger than the bound is applied in parts. The sink is told that it is in between, and the last part is
/// never empty, so that something carries the position.
///
/// Records of aborted transactions never come here: the reader's `isolation.level` is read_committed, and librdkafka leaves
/// them out.
///
/// Caught up is a comparison of the *consumer's position* with an end, never "the last record was seen": control records
/// are not handed out, and compaction may leave nothing to read (KAFKA-12951).
///
/// Reading begins one record before the position: that record shows whether the topic is still the one that was followed
/// before. Compaction or retention may have taken it, which is no fault.
public struct FollowMachine: Sendable {
  /// What is followed.
  public enum Source: Sendable, Hashable {
    case changelog
    /// The valid topic.
    case events
    /// The invalid topic.
    case rejections
  }

  /// What a sink stands for.
  public struct Position: Sendable, Hashable {
    /// The offset from which reading goes on.
    public var offset: Int64
    /// The next command that nothing was applied of: all commands below are covered.
    ///
    /// Of a changelog that is exact. On the valid topic it is one more than the command of the last event, since
    /// rejections leave nothing there; on the invalid topic the same, the other way round.
    public var command: Int64
    /// Which changelog it was, as its checkpoints say it; nil when none did, and on the other topics.
    public var incarnation: Int64?

    public init(offset: Int64, command: Int64, incarnation: Int64? = nil) {
      self.offset = offset
      self.command = command
      self.incarnation = incarnation
    }
  }

  /// What was read.
  public enum Record: Sendable, Hashable {
    /// An object's state or tombstone, with the bytes it takes while it is held.
    case object(bytes: Int)
    case checkpoint(CheckpointRecord)
    /// An event or the rejection of the command at this offset of the partition.
    case outcome(command: Int64, bytes: Int)
  }

  /// What becomes of a record.
  public enum Step: Sendable, Hashable {
    /// The record is not for the sink.
    case skip
    /// Keep the record until its unit is whole.
    case hold
    /// Apply what is held; the sink then stands at this position. The record itself is no part of it.
    case apply(Position)
    /// The same, then hold the record: it begins the next unit.
    case applyThenHold(Position)
    /// Apply what is held although its unit is not whole, and hold the record. The position stays.
    case applyPartThenHold
    case refuse(FollowFault)
  }

  /// What comes after the bounds.
  public enum Action: Sendable, Hashable {
    case read(from: Int64)
    case refuse(FollowFault)
  }

  private enum State: Sendable, Hashable {
    case idle
    case readingBounds
    case following
    case ended
  }

  private let source: Source
  private let partitions: Int32
  private let heldBytesMax: Int
  private let ignoresBelow: Int64
  private var state = State.idle
  private var goal: Int64 = 0
  private var stableEnd: Int64 = 0
  private var highWatermark: Int64 = 0
  private var heldCommand: Int64?
  private var heldBytes = 0
  private var holds = false
  /// The record before it shows that the topic is the same; nil once that was passed.
  private var known: Position?

  /// Everything below was read.
  public private(set) var readTo: Int64 = 0
  /// What the sink stands for; nil before anything was applied.
  public private(set) var position: Position?
  /// False between the parts of a unit that is applied in parts.
  public private(set) var isConsistent = true

  /// - Parameters:
  ///   - partitions: how many the topic has: checkpoints must name as many.
  ///   - heldBytesMax: the bytes that are held for one unit before it is applied in parts.
  ///   - ignoresBelow: outcomes of commands below are not for the sink, since a state it took covers them.
  public init(_ source: Source, partitions: Int32, heldBytesMax: Int, ignoresBelow: Int64 = 0) {
    self.source = source
    self.partitions = partitions
    self.heldBytesMax = heldBytesMax
    self.ignoresBelow = ignoresBelow
  }

  /// Whether everything below the end that was asked for has been given to the sink.
  public var isCaughtUp: Bool { state == .following && readTo >= goal && isWhole }

  /// Whether the sink has everything that was read: nothing is held, and it is not between the parts of a unit.
  public var isWhole: Bool { isConsistent && !holds }

  /// Offsets up to the end that was asked for, markers and aborted records included.
  public var remaining: Int64 { state == .following ? max(0, goal - readTo) : 0 }

  /// Where an open transaction began that keeps the stable end below the high watermark; nil: none does, as far as was
  /// asked.
  public var heldBackAt: Int64? { stableEnd < highWatermark ? stableEnd : nil }

  /// The sink was asked what it holds; nil for nothing. What was held of a former reading is dropped.
  public mutating func start(at position: Position?) {
    guard state == .idle || state == .following else { illegal("start") }
    // A sink that has parts of a unit is in between until it has them all, unless somebody else has moved it.
    let isBetween = !isConsistent && position == self.position
    self.position = position
    known = position
    drop()
    isConsistent = !isBetween
    state = .readingBounds
  }

  /// The partition's bounds were asked.
  ///
  /// - Parameters:
  ///   - goal: caught up is who got there: the stable end, or the high watermark where a transaction that is being
  ///     committed must be waited for.
  ///   - beginning: where a sink without a position begins; by default with the topic's first record, 0, which must be
  ///     there: all is.
  public mutating func boundsRead(
    logStart: Int64, stableEnd: Int64, highWatermark: Int64, goal: Int64, beginning: Int64 = 0
  ) -> Action {
    guard state == .readingBounds else { illegal("boundsRead") }
    self.stableEnd = stableEnd
    self.highWatermark = highWatermark
    self.goal = goal
    let needed = position?.offset ?? beginning
    if needed > highWatermark { return .refuse(end(.positionBeyondEnd(needed: needed, end: highWatermark))) }
    if needed < logStart {
      return .refuse(end(.recordsGone(needed: needed, logStart: logStart, of: source)))
    }
    readTo = position == nil ? needed : max(needed - 1, logStart)
    state = .following
    return .read(from: readTo)
  }

  /// The ends were asked again, while nothing came.
  ///
  /// What is held then, although everything was read and no transaction is open, has no checkpoint and gets none.
  public mutating func endsRead(stableEnd: Int64, highWatermark: Int64) -> FollowFault? {
    guard state == .following else { return nil }
    self.stableEnd = stableEnd
    self.highWatermark = highWatermark
    if let position, position.offset > highWatermark {
      return end(.positionBeyondEnd(needed: position.offset, end: highWatermark))
    }
    guard source == .changelog, holds, stableEnd == highWatermark, readTo >= highWatermark else { return nil }
    return end(.noCheckpoint(end: highWatermark))
  }

  /// A record was read.
  public mutating func recordRead(_ record: Record, at offset: Int64) -> Step {
    guard state == .following else { illegal("recordRead") }
    readTo = max(readTo, offset + 1)
    if let known {
      if offset < known.offset { return recognise(record, known) }
      self.known = nil
    }
    switch (source, record) {
    case (.changelog, .object(let bytes)): return hold(bytes)
    case (.changelog, .checkpoint(let checkpoint)): return self.checkpoint(checkpoint, at: offset)
    case (.events, .outcome(let command, let bytes)), (.rejections, .outcome(let command, let bytes)):
      return outcome(command, bytes, at: offset)
    case (.changelog, .outcome), (.events, .object), (.events, .checkpoint), (.rejections, .object),
      (.rejections, .checkpoint):
      illegal("recordRead(\(record)) of \(source)")
    }
  }

  /// The consumer's position moved: all records below were read.
  ///
  /// - Returns: a position when what is held is whole now and is to be applied.
  public mutating func positionReached(_ offset: Int64) -> Position? {
    guard state == .following else { return nil }
    readTo = max(readTo, offset)
    guard let heldCommand else { return nil }
    return take(Position(offset: readTo, command: heldCommand + 1))
  }

  // MARK: Records

  /// The record before the position must be the one that the position was taken from.
  private mutating func recognise(_ record: Record, _ known: Position) -> Step {
    let place = known.offset - 1
    switch record {
    case .checkpoint(let found):
      if let fault = fault(of: found, at: place, known) { return .refuse(end(fault)) }
      return found.position == known.command ? .skip : .refuse(end(.otherRecords(offset: place)))
    case .outcome(let command, _):
      return command < known.command ? .skip : .refuse(end(.otherRecords(offset: place)))
    case .object:
      // Only a checkpoint ends a unit of a changelog.
      return .refuse(end(.otherRecords(offset: place)))
    }
  }

  private mutating func checkpoint(_ found: CheckpointRecord, at offset: Int64) -> Step {
    if let fault = fault(of: found, at: offset, position) { return .refuse(end(fault)) }
    if let position, found.position < position.command {
      return .refuse(end(.wentBack(known: position.command, found: found.position, offset: offset)))
    }
    return .apply(
      take(
        Position(
          offset: offset + 1, command: found.position,
          incarnation: found.incarnation ?? position?.incarnation)))
  }

  /// Whether a checkpoint belongs to the changelog that is followed.
  private func fault(of found: CheckpointRecord, at offset: Int64, _ known: Position?) -> FollowFault? {
    if found.partitions != partitions {
      return .partitionCountChanged(checkpoint: found.partitions, now: partitions, offset: offset)
    }
    if let old = known?.incarnation, let new = found.incarnation, old != new {
      return .otherIncarnation(known: old, found: new)
    }
    return nil
  }

  private mutating func outcome(_ command: Int64, _ bytes: Int, at offset: Int64) -> Step {
    if let last = heldCommand ?? position.map({ $0.command - 1 }), command < last {
      return .refuse(end(.wentBack(known: last, found: command, offset: offset)))
    }
    guard command >= ignoresBelow else { return .skip }
    if let heldCommand, heldCommand < command {
      let finished = take(Position(offset: offset, command: heldCommand + 1))
      self.heldCommand = command
      _ = hold(bytes)
      return .applyThenHold(finished)
    }
    heldCommand = command
    return hold(bytes)
  }

  private mutating func hold(_ bytes: Int) -> Step {
    defer { holds = true }
    guard holds, heldBytes + bytes > heldBytesMax else {
      heldBytes += bytes
      return .hold
    }
    heldBytes = bytes
    isConsistent = false
    return .applyPartThenHold
  }

  // MARK: Transitions

  /// What is held is handed over, and the sink stands at the position.
  private mutating func take(_ next: Position) -> Position {
    position = next
    drop()
    return next
  }

  private mutating func drop() {
    heldCommand = nil
    heldBytes = 0
    holds = false
    isConsistent = true
  }

  private mutating func end(_ fault: FollowFault) -> FollowFault {
    state = .ended
    return fault
  }

  private func illegal(_ input: String) -> Never {
    preconditionFailure("the follow machine was told '\(input)' while in \(state)")
  }
}
