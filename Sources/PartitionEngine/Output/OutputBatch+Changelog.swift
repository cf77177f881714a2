import Sequitur

extension OutputBatch {
  /// What the headers of a changelog record take at most besides the command ids: the names `v`, `ids` and `s`, a
  /// version of 20 digits, a schema version of 5, and their lengths. A grave's are fewer: a `t` of 20 digits.
  @usableFromInline static var changelogHeaderBytes: Int { 48 }

  /// Encodes all objects of a transaction for the changelog, in the order in which they were first touched.
  @usableFromInline
  mutating func appendChangelog(of objects: borrowing StagingOverlay, partition: Int32) {
    for entry in objects.entries {
      let key = objects.bytes(entry.key)
      if let record = entry.record {
        appendChangelog(
          key: key, object: ObjectRecord(objects.bytes(record)), partition: partition)
      } else {
        append(
          record: OutputRecord(
            topic: .changelog, partition: partition, timestamp: OutputRecord.timeOfWriting, key: append(key),
            value: nil,
            headers: headers.count, to: headers.count))
      }
    }
  }

  /// Encodes an object for the changelog: its state, its version, its recent command ids.
  @inline(__always)
  private mutating func appendChangelog(
    key: UnsafeRawBufferPointer, object: ObjectRecord, partition: Int32
  ) {
    if object.schemaVersion == 1 {
      appendObject(key: key, object: object, partition: partition)
    } else {
      appendOther(key: key, object: object, partition: partition)
    }
  }

  /// One of a later schema, or a grave.
  @inline(never)
  private mutating func appendOther(key: UnsafeRawBufferPointer, object: ObjectRecord, partition: Int32) {
    guard object.isGrave else {
      return appendObject(key: key, object: object, partition: partition, schemaVersion: object.schemaVersion)
    }
    let key = append(key)
    let firstHeader = headers.count
    append(header: names.version) { $0.append(decimal: object.lastVersion) }
    append(header: names.commandIDs, append(object.commandIDs))
    append(header: names.forgottenAt) { $0.append(decimal: object.forgottenAt) }
    append(
      record: OutputRecord(
        topic: .changelog, partition: partition, timestamp: OutputRecord.timeOfWriting, key: key, value: nil,
        headers: firstHeader, to: headers.count))
  }

  @inline(__always)
  private mutating func appendObject(
    key: UnsafeRawBufferPointer, object: ObjectRecord, partition: Int32, schemaVersion: Int = 1
  ) {
    let (start, state) = (arena.count, object.state)
    arena.append(max: key.count &+ state.count &+ 20) { room in
      room.copy(key.baseAddress!, count: key.count)
      (room + key.count).copyMemory(from: state.baseAddress!, byteCount: state.count)
      return key.count &+ state.count &+ (room + key.count + state.count).write(decimal: object.version)
    }
    let end = start &+ key.count &+ state.count
    let firstHeader = headers.count
    let version = OutputHeader(name: names.version, value: ByteRange(offset: end, count: arena.count &- end))
    headers.append(version)
    headerByteCount &+= version.byteCount
    if object.hasCommandIDs { append(header: names.commandIDs, append(object.commandIDs)) }
    if schemaVersion != 1 {
      append(header: names.schemaVersion) { $0.append(decimal: UInt64(schemaVersion)) }
    }
    append(
      record: OutputRecord(
        topic: .changelog, partition: partition, timestamp: OutputRecord.timeOfWriting,
        key: ByteRange(offset: start, count: key.count),
        value: ByteRange(offset: start &+ key.count, count: state.count),
        headers: firstHeader, to: headers.count))
  }

  /// Encodes the partition's checkpoint record, which says whose changelog it is.
  @usableFromInline
  mutating func appendCheckpoint(
    _ checkpoint: CheckpointRecord, of identity: PartitionIdentity
  ) {
    let key = ByteRange(offset: arena.count, count: 0)
    let offset = arena.count
    checkpoint.encode(into: &arena)
    let value = ByteRange(offset: offset, count: arena.count - offset)
    let firstHeader = headers.count
    if let incarnation = checkpoint.incarnation {
      append(header: names.incarnation) { $0.append(decimal: incarnation) }
    }
    append(header: names.application, text: identity.applicationID)
    append(header: names.commandsTopic, text: identity.commandsTopic)
    if let last = checkpoint.lastCommand {
      append(header: names.lastCommand) { last.encode(into: &$0) }
    }
    if !checkpoint.moves.isEmpty {
      append(header: names.positionMoves) { PositionMove.encode(checkpoint.moves, into: &$0) }
    }
    if let decider = identity.decider { append(header: names.decider, text: decider) }
    if let forms = identity.stateForms { append(header: names.stateForms, text: forms) }
    append(
      record: OutputRecord(
        topic: .changelog, partition: identity.partition, timestamp: OutputRecord.timeOfWriting, key: key,
        value: value,
        headers: firstHeader, to: headers.count, isCheckpoint: true))
  }
}
