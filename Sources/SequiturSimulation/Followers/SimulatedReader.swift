import PartitionEngine
import Sequitur
import SequiturTesting

/// Feeds a follow machine what a simulated partition's leader answers, as `SequiturFollower` does.
struct SimulatedReader {
  /// A record that is held for its unit.
  struct Held {
    let key: [UInt8]
    /// Of a state: what a store would hold; nil when it was forgotten.
    var object: [UInt8]?
    /// Of an event.
    var id: String?
  }

  /// What the sink takes. A nil position: in the middle of a unit.
  typealias Sink = (_ held: [Held], _ position: FollowMachine.Position?) -> Bool

  private(set) var machine: FollowMachine
  private let log: SimulatedLog
  private let source: FollowMachine.Source
  private var held: [Held] = []
  private var next: Int64 = 0
  /// Whether compacted records were passed over.
  private(set) var sawGap = false
  /// Why it goes on no more.
  private(set) var fault: FollowFault?

  /// What stands in the way of one step.
  enum Stop: Error {
    /// The sink has died, or is no more there.
    case crashed
    case refused
  }

  init(
    _ source: FollowMachine.Source, _ log: SimulatedLog, partitions: Int, heldBytesMax: Int,
    ignoresBelow: Int64 = 0
  ) {
    self.source = source
    self.log = log
    machine = FollowMachine(
      source, partitions: Int32(partitions), heldBytesMax: heldBytesMax, ignoresBelow: ignoresBelow)
  }

  /// Asks for the bounds, and begins where the sink stands.
  mutating func begin(at position: FollowMachine.Position?, beginning: Int64 = 0, isGoalWritten: Bool = false)
  {
    held = []
    machine.start(at: position)
    let stable = log.stableOffset
    let action = machine.boundsRead(
      logStart: log.logStart, stableEnd: stable, highWatermark: log.highWatermark,
      goal: isGoalWritten ? log.highWatermark : stable, beginning: beginning)
    switch action {
    case .read(let from): next = from
    case .refuse(let fault): self.fault = fault
    }
  }

  /// Reads some records. With `ignoresCut` each is applied as it comes.
  mutating func read(atMost max: Int, ignoresCut: Bool = false, _ sink: Sink) throws(Stop) {
    guard fault == nil else { throw .refused }
    guard case .success(let fetched) = log.read(from: next, max: max, isCommittedOnly: true) else {
      return begin(at: machine.position)
    }
    sawGap = sawGap || fetched.hasGap
    for (offset, record) in fetched.records {
      try take(record, at: offset, sink)
      if ignoresCut, !held.isEmpty { try apply(nil, sink) }
    }
    next = fetched.position
    if let position = machine.positionReached(next) { try apply(position, sink) }
  }

  private mutating func take(_ record: LogRecord, at offset: Int64, _ sink: Sink) throws(Stop) {
    guard let (read, content) = content(record) else {
      fault = .unreadable(offset: offset, reason: "it is none of the worker's")
      throw .refused
    }
    switch machine.recordRead(read, at: offset) {
    case .skip: break
    case .hold: held.append(content)
    case .apply(let position): try apply(position, sink)
    case .applyThenHold(let position):
      try apply(position, sink)
      held = [content]
    case .applyPartThenHold:
      try apply(nil, sink)
      held = [content]
    case .refuse(let fault):
      self.fault = fault
      throw .refused
    }
  }

  private mutating func apply(_ position: FollowMachine.Position?, _ sink: Sink) throws(Stop) {
    let records = held
    held = []
    guard sink(records, position) else { throw .crashed }
  }

  private func content(_ record: LogRecord) -> (FollowMachine.Record, Held)? {
    guard let key = record.key else { return nil }
    let bytes = key.count + (record.value?.count ?? 0)
    guard source == .changelog else {
      guard let id = record[header: "ce_id"], let command = CommittedEvents.command(ofID: id) else {
        return nil
      }
      return (.outcome(command: command, bytes: bytes), Held(key: key, id: id))
    }
    var object = ByteWriter()
    let content = try? record.withViews {
      try ChangelogRecord.decode(key: $0, value: $1, headers: $2, into: &object)
    }
    switch content {
    case .object: return (.object(bytes: bytes), Held(key: key, object: Array(object.bytes)))
    case .grave, .forgotten: return (.object(bytes: bytes), Held(key: key))
    case .checkpoint(let checkpoint): return (.checkpoint(checkpoint), Held(key: key))
    case nil: return nil
    }
  }
}
