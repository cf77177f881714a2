import KafkaClient
import PartitionEngine
import Sequitur

/// Decides an object's commands again, to know the states that the changelog does not keep.
///
/// Thread rule: one thread.
final class StateComputation {
  /// The object as it was last known, for the processor.
  private final class OneObject: ObjectStore {
    var record: [UInt8]?

    func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
      guard let bytes = self.record else { return false }
      bytes.withUnsafeBytes { record.append($0) }
      return true
    }
  }

  private let key: [UInt8]
  private let identity: PartitionIdentity
  private let configuration: RehearsalConfiguration
  private let makeTask: RehearsalTask.Factory
  private let store = OneObject()
  private var output = OutputBatch()
  /// Whether the store holds what the object is.
  private var isKnown = false

  init(
    of key: [UInt8], _ partition: Int32, _ partitions: Int32, _ configuration: RehearsalConfiguration,
    makeTask: @escaping RehearsalTask.Factory
  ) {
    self.key = key
    self.configuration = configuration
    self.makeTask = makeTask
    identity = PartitionIdentity(
      applicationID: configuration.applicationID, commandsTopic: configuration.topics.commands,
      partition: partition, partitions: partitions)
  }

  /// Goes on over one command.
  ///
  /// - Parameters:
  ///   - commands: stands at it; nil when it was deleted.
  ///   - kept: what the changelog says the object was afterwards.
  /// - Returns: what it was afterwards; nil when that is not known.
  func decide(
    _ commands: RecordCursor?, _ offset: Int64, versionBefore: UInt64?, _ events: [HistoryEntry.Event],
    _ rejection: HistoryEntry.Rejection?, kept: ObjectAfter?
  ) throws -> ObjectAfter? {
    if versionBefore == 0 {
      store.record = nil
      isKnown = true
    } else if let versionBefore, versionBefore != version {
      isKnown = false
    }
    if let kept {
      store.record = kept.record
      isKnown = true
      return kept
    }
    // A rejection changes nothing.
    if events.isEmpty { return isKnown ? ObjectAfter(record: store.record) : nil }
    guard isKnown, let commands else {
      isKnown = false
      return nil
    }
    isKnown = try compute(commands, offset, events)
    return isKnown ? ObjectAfter(record: store.record) : nil
  }

  /// Whether the outcome is the known one; then the store holds what the object was afterwards.
  private func compute(
    _ commands: RecordCursor, _ offset: Int64, _ events: [HistoryEntry.Event]
  ) throws -> Bool {
    let task = makeTask(seat(offset), store)
    output.removeAll()
    _ = try commands.withBatch { batch, index throws(StoreFault) in try task.process(batch, index, &output) }
    let decided = output.records
    guard decided.count == events.count else { return false }
    for (record, event) in zip(decided, events) {
      let isSame =
        record.topic == .valid && DecidedOutcome.name(of: record, in: output).elementsEqual(event.type.utf8)
        && DecidedOutcome.header("ce_sequence", of: record, in: output).elementsEqual("\(event.version)".utf8)
      guard isSame else { return false }
    }
    _ = task.partition.seal(into: &output)
    return try takeState()
  }

  /// Of the object in the store; 0: it does not exist.
  private var version: UInt64 { store.record?.withUnsafeBytes { ObjectRecord($0).version } ?? 0 }

  private func takeState() throws -> Bool {
    for record in output.records where record.topic == .changelog && !record.isCheckpoint {
      let key = output.bytes(record.key)
      guard key.elementsEqual(self.key) else { continue }
      var headers: [RecordHeader] = []
      for header in output.headers(of: record) {
        headers.append(
          RecordHeader(name: output.bytes(header.name), value: header.value.map { output.bytes($0) }))
      }
      var object = ByteWriter(capacity: 1024)
      let content = try headers.withUnsafeBufferPointer { headers throws(ChangelogRecord.Fault) in
        try ChangelogRecord.decode(
          key: key, value: record.value.map { output.bytes($0) }, headers: headers, into: &object)
      }
      store.record = content == .object ? Array(object.bytes) : nil
      return true
    }
    return false
  }

  private func seat(_ offset: Int64) -> PartitionSeat {
    PartitionSeat(
      identity: identity, envelope: configuration.envelope, limits: configuration.limits, position: offset,
      isMoved: false, changelogPosition: 0, objectBytesMax: 1 << 20, hashSeed: 1, execution: .unguarded(),
      refusals: [:])
  }
}
