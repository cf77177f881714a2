import PartitionEngine
import Sequitur

/// One command, one transaction.
extension TestDriver {
  /// Processes a command, seals, and appends what it made to the topics as a transaction in flight.
  func begin(at offset: Int64) throws(TestFault) {
    let records = try process(at: offset)
    transactions += 1
    var checkpointOffset: Int64 = 0
    for produced in records {
      switch produced.topic {
      case .valid: valid.append(produced.record, transaction: transactions)
      case .invalid: invalid.append(produced.record, transaction: transactions)
      case .changelog: checkpointOffset = changelog.append(produced.record, transaction: transactions)
      }
    }
    inFlight = InFlight(
      transaction: transactions, offset: offset, records: records, checkpointOffset: checkpointOffset)
    for (key, record) in try changes(in: records, at: offset) { objects[key] = record }
  }

  private func process(at offset: Int64) throws(TestFault) -> [ProducedRecord] {
    output.removeAll()
    do {
      _ = try commands[Int(offset)].withCommand(at: CommandPosition(partition: 0, offset: offset)) {
        try processor.process($0, into: &output)
      }
    } catch {
      throw fault(.restore, at: offset, "\(error)")
    }
    _ = processor.seal(into: &output, lastCommand: lastCommand(at: offset))
    var records: [ProducedRecord] = []
    for record in output.records {
      records.append(ProducedRecord(topic: record.topic, record: LogRecord(record, in: output)))
    }
    return records
  }

  /// By what the checkpoint names the command at this offset.
  func lastCommand(at offset: Int64) -> LastCommand {
    commands[Int(offset)].withCommand(at: CommandPosition(partition: 0, offset: offset)) { LastCommand($0) }
  }

  /// The broker acknowledges the commit of the transaction in flight.
  func acknowledge() {
    guard let done = inFlight else { return }
    end(done, isCommit: true)
    groupPosition = done.offset + 1
    processor.commit(checkpointOffset: done.checkpointOffset)
    committedObjects = objects
    if done.transaction % Self.transactionsPerDrain == 0 { drain() }
  }

  /// Writes the markers of the transaction in flight.
  func end(_ transaction: InFlight, isCommit: Bool) {
    valid.end(transaction: transaction.transaction, isCommit: isCommit)
    invalid.end(transaction: transaction.transaction, isCommit: isCommit)
    changelog.end(transaction: transaction.transaction, isCommit: isCommit)
    inFlight = nil
    if !isCommit { objects = committedObjects }
  }

  /// The object records that changelog records stand for (`nil`: forgotten), without the checkpoints.
  func changes(
    in records: [ProducedRecord], at offset: Int64
  ) throws(TestFault) -> [(key: [UInt8], record: [UInt8]?)] {
    var changes: [(key: [UInt8], record: [UInt8]?)] = []
    for produced in records where produced.topic == .changelog {
      let (content, object) = try decode(produced.record, at: offset)
      switch content {
      case .object, .grave: changes.append((produced.record.key ?? [], object))
      case .forgotten: changes.append((produced.record.key ?? [], nil))
      case .checkpoint: break
      }
    }
    return changes
  }

  func decode(
    _ record: LogRecord, at offset: Int64
  ) throws(TestFault) -> (ChangelogRecord.Content, [UInt8]) {
    var object = ByteWriter()
    do {
      let content = try record.withViews {
        try ChangelogRecord.decode(key: $0, value: $1, headers: $2, into: &object)
      }
      return (content, Array(object.bytes))
    } catch {
      throw fault(.restore, at: offset, "a changelog record cannot be decoded: \(error)")
    }
  }

  func fault(_ kind: TestFault.Kind, at offset: Int64, _ reason: String) -> TestFault {
    guard offset >= 0, offset < commands.count else {
      return TestFault(kind: kind, command: "before any command", reason: reason)
    }
    let command = commands[Int(offset)]
    let key = String(decoding: command.key ?? [], as: UTF8.self)
    let type = command[header: "ce_type"].map { " '\($0)'" } ?? ""
    return TestFault(kind: kind, command: "command \(offset)\(type) of object '\(key)'", reason: reason)
  }
}
