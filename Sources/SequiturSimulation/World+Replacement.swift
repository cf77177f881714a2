import PartitionEngine
import Sequitur
import SequiturTesting

extension World {
  /// Deletes a partition's changelog and writes it anew, as a worker does that processed all commands again: the same
  /// objects and checkpoint, at other offsets, under another incarnation, and longer than before.
  ///
  /// The objects come first, then transactions that were aborted, then the checkpoint: a store that reads on from an
  /// old position finds nothing but that; and, where it knows nothing of incarnations, the checkpoint of an earlier
  /// command, as the worker wrote it on its way.
  func replaceChangelog(of partition: Int32) {
    let log = kafka.log(.changelog, partition)
    let objects = committed[Int(partition)].records.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    let checkpoint = LogRecord(
      CheckpointRecord(
        position: committed[Int(partition)].position ?? 0, partitions: Int32(profile.partitions),
        incarnation: nextIncarnation()))
    let end = log.highWatermark
    log.recreate()
    write(objects.map { LogRecord(object: $0.value, key: $0.key) } + [checkpoint], to: log, isCommit: true)
    while log.highWatermark < end + 2 { write([checkpoint], to: log, isCommit: false) }
    if profile.isOldVersion {
      write(
        [LogRecord(CheckpointRecord(position: 0, partitions: Int32(profile.partitions)))], to: log,
        isCommit: true)
    }
    write([checkpoint], to: log, isCommit: true)
  }

  private func write(_ records: [LogRecord], to log: SimulatedLog, isCommit: Bool) {
    kafka.lastTransaction += 1
    let transaction = kafka.lastTransaction
    kafka.decisions[transaction] = isCommit
    for record in records { log.append(record, transaction: transaction) }
    log.end(transaction: transaction, isCommit: isCommit)
  }
}

extension LogRecord {
  fileprivate init(_ checkpoint: CheckpointRecord) {
    var value = ByteWriter()
    checkpoint.encode(into: &value)
    let incarnation = checkpoint.incarnation.map { Array("\($0)".utf8) }
    self.init(
      key: [], value: Array(value.bytes),
      headers: incarnation.map { [Header(name: "incarnation", value: $0)] } ?? [])
  }

  /// - Parameter object: the object's record, as a store holds it.
  fileprivate init(object: [UInt8], key: [UInt8]) {
    self = object.withUnsafeBytes { bytes in
      let record = ObjectRecord(bytes)
      let version = record.isGrave ? record.lastVersion : record.version
      var headers = [Header(name: "v", value: Array("\(version)".utf8))]
      if !record.commandIDs.isEmpty { headers.append(Header(name: "ids", value: Array(record.commandIDs))) }
      guard record.isGrave else { return LogRecord(key: key, value: Array(record.state), headers: headers) }
      headers.append(Header(name: "t", value: Array("\(record.forgottenAt)".utf8)))
      return LogRecord(key: key, value: nil, headers: headers)
    }
  }
}
