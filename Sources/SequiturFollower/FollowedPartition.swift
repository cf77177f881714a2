import KafkaClient
import PartitionEngine

/// One partition of a follower: what was read and not applied yet, and the machine that says when it is.
///
///     batch  [ whole units, ready for the sink | the unit that is being read ]
///                                          readyCount
struct FollowedPartition {
  let id: Int32
  /// When something came last, or was known to be kept back.
  var quietSince = ContinuousClock.now
  private let configuration: FollowerConfiguration
  private var machine: FollowMachine
  private var batch = FollowBatch()
  private var readyCount = 0
  /// Where the sink stands once it has what is ready; nil when nothing is.
  private var readyPosition: FollowPosition?
  private var sinkPosition: FollowPosition?
  private var records = 0
  /// The committed end that was asked for last, and when.
  private var asked: (end: Int64, at: ContinuousClock.Instant)?
  private var currentAt: ContinuousClock.Instant?
  /// What the sink was told last.
  private var told: FollowStatus?

  init(_ id: Int32, of partitions: Int32, _ configuration: FollowerConfiguration) {
    self.id = id
    self.configuration = configuration
    machine = FollowMachine(
      configuration.topic.source, partitions: partitions, heldBytesMax: configuration.heldBytesMax,
      ignoresBelow: configuration.ignoresBelow[id] ?? 0)
  }

  /// Everything that was there at the start has been applied.
  var isCaughtUp: Bool { machine.isCaughtUp && readyPosition == nil }

  /// Bytes of what was read and not applied yet.
  var heldBytes: Int { batch.byteCount }

  /// Whether units wait for the sink.
  var hasReady: Bool { readyPosition != nil }

  /// Where an open transaction began that keeps records back, as far as was asked.
  var heldBackAt: Int64? { machine.heldBackAt }

  var status: FollowStatus {
    FollowStatus(
      position: sinkPosition, isCaughtUp: isCaughtUp, remaining: machine.remaining, records: records,
      readTo: machine.readTo, lag: max(0, (asked?.end ?? 0) - machine.readTo), isWhole: isWhole,
      currentAt: currentAt)
  }

  private var isWhole: Bool { machine.isWhole && readyPosition == nil }

  /// When the committed end was asked for last; nil for never.
  var askedAt: ContinuousClock.Instant? { asked?.at }

  /// The committed end was asked for, at a moment before the answer was given.
  mutating func ended(at end: Int64, asked moment: ContinuousClock.Instant) {
    asked = (end, moment)
    noteCurrent()
  }

  /// The status, when it is another than the last time.
  mutating func takeNews() -> FollowStatus? {
    noteCurrent()
    let status = status
    guard status != told else { return nil }
    told = status
    return status
  }

  private mutating func noteCurrent() {
    if let asked, machine.readTo >= asked.end, isWhole { currentAt = max(currentAt ?? asked.at, asked.at) }
  }

  /// The sink and the broker told where the partition begins.
  ///
  /// - Parameter bounds: the log's start, the stable end and the high watermark.
  /// - Returns: the offset to read from.
  mutating func begin(
    at position: FollowPosition?, _ bounds: (start: Int64, stable: Int64, high: Int64)
  ) throws(FollowFailure) -> Int64 {
    sinkPosition = position
    batch.removeAll()
    readyCount = 0
    readyPosition = nil
    asked = nil
    currentAt = nil
    machine.start(at: position)
    let action = machine.boundsRead(
      logStart: bounds.start, stableEnd: bounds.stable, highWatermark: bounds.high,
      goal: configuration.goal == .committed ? bounds.stable : bounds.high,
      beginning: configuration.beginnings[id] ?? 0)
    switch action {
    case .read(let from): return from
    case .refuse(let fault): throw failure(fault)
    }
  }

  /// The ends were asked again, while nothing came.
  mutating func endsRead(stable: Int64, high: Int64) throws(FollowFailure) {
    if let fault = machine.endsRead(stableEnd: stable, highWatermark: high) { throw failure(fault) }
  }

  /// A record was read.
  mutating func take(
    _ message: borrowing Message, _ reader: inout RecordReader, _ door: SinkDoor,
    _ now: ContinuousClock.Instant
  ) throws -> SinkDoor.Outcome {
    guard !isDone else { return .applied }
    quietSince = now
    let read: (record: FollowMachine.Record, content: RecordContent)
    do throws(FollowFault) {
      read = try reader.read(message)
    } catch {
      throw failure(error)
    }
    switch machine.recordRead(read.record, at: message.offset) {
    case .skip: break
    case .hold: batch.append(message, read.content, reader.headers)
    case .apply(let position): makeReady(position)
    case .applyThenHold(let position):
      makeReady(position)
      batch.append(message, read.content, reader.headers)
    case .applyPartThenHold:
      let outcome = try applyPart(door)
      guard case .applied = outcome else { return outcome }
      batch.append(message, read.content, reader.headers)
    case .refuse(let fault): throw failure(fault)
    }
    return batch.byteCount >= FollowLimits.batchBytes ? try apply(door) : .applied
  }

  /// The consumer's position moved without a record: markers, the end.
  mutating func reached(_ offset: Int64, _ now: ContinuousClock.Instant) {
    guard !isDone else { return }
    quietSince = now
    if let position = machine.positionReached(offset) { makeReady(position) }
  }

  /// Hands the units that are whole to the sink.
  mutating func apply(_ door: SinkDoor) throws -> SinkDoor.Outcome {
    guard let next = readyPosition else { return .applied }
    let outcome = try door.apply(batch.prefix(readyCount), of: id, from: sinkPosition, to: next)
    guard case .applied = outcome else { return outcome }
    records += readyCount
    batch.removeFirst(readyCount)
    sinkPosition = next
    readyCount = 0
    readyPosition = nil
    return .applied
  }

  /// A unit is larger than what may be held: the sink takes what there is of it.
  private mutating func applyPart(_ door: SinkDoor) throws -> SinkDoor.Outcome {
    let outcome = try apply(door)
    guard case .applied = outcome else { return outcome }
    let part = try door.apply(batch, of: id, from: sinkPosition, to: nil)
    guard case .applied = part else { return part }
    records += batch.count
    batch.removeAll()
    return .applied
  }

  /// What lies behind the end is another run's.
  private var isDone: Bool { configuration.stopsWhenCaughtUp && isCaughtUp }

  private mutating func makeReady(_ position: FollowPosition) {
    readyCount = batch.count
    readyPosition = position
  }

  private func failure(_ fault: FollowFault) -> FollowFailure {
    FollowFailure(topic: configuration.topic.name, partition: id, fault: fault)
  }
}
