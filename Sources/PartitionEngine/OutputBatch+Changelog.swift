import Sequitur

extension OutputBatch {
  /// What the headers of a changelog record take at most besides the command ids: the names `v`, `ids` and `s`, a
  /// version of 20 digits, a schema version of 5, and their lengths.
  @usableFromInline static var changelogHeaderBytes: Int { 48 }

  /// Encodes all objects of a transaction for the changelog, in the order in which they were first touched.
  @usableFromInline
  mutating func appendChangelog(of objects: borrowing StagingOverlay, partition: Int32, timestamp: Int64) {
    for index in objects.entries.indices {
      let entry = objects.entries[index]
      appendChangelog(
        key: objects.bytes(entry.key), object: entry.record.map { ObjectRecord(objects.bytes($0)) },
        partition: partition, timestamp: timestamp)
    }
  }

  /// Encodes an object for the changelog: its state, its version, its recent command ids.
  mutating func appendChangelog(
    key: UnsafeRawBufferPointer, object: ObjectRecord?, partition: Int32, timestamp: Int64
  ) {
    let key = append(key)
    let value = object.map { append($0.state) }
    let firstHeader = headers.count
    if let object {
      let (offset, digits) = (arena.count, ByteWriter.digits(of: object.version))
      arena.append(count: digits) { ($0.baseAddress! + digits).write(decimalBefore: object.version) }
      append(header: names.version, ByteRange(offset: offset, count: digits))
      if !object.commandIDs.isEmpty { append(header: names.commandIDs, append(object.commandIDs)) }
      if object.schemaVersion != 1 {
        append(header: names.schemaVersion) { $0.append(decimal: UInt64(object.schemaVersion)) }
      }
    }
    append(
      record: OutputRecord(
        topic: .changelog, partition: partition, timestamp: timestamp, key: key, value: value,
        headers: Int32(firstHeader)..<Int32(headers.count)))
  }

  /// Encodes the partition's checkpoint record.
  @usableFromInline
  mutating func appendCheckpoint(_ checkpoint: CheckpointRecord, partition: Int32, timestamp: Int64) {
    let key = ByteRange(offset: arena.count, count: 0)
    let offset = arena.count
    checkpoint.encode(into: &arena)
    let value = ByteRange(offset: offset, count: arena.count - offset)
    let firstHeader = headers.count
    if let incarnation = checkpoint.incarnation {
      append(header: names.incarnation) { $0.append(decimal: incarnation) }
    }
    append(
      record: OutputRecord(
        topic: .changelog, partition: partition, timestamp: timestamp, key: key, value: value,
        headers: Int32(firstHeader)..<Int32(headers.count), isCheckpoint: true))
  }
}
