import Sequitur

extension PartitionProcessor {
  /// Finds the object as the commands before left it, and leaves its command ids in `commandIDs`.
  ///
  /// The answer is valid until something is staged; `nil`: the object does not exist. Nor does that of a grave, whose
  /// version is 0 and which ``readState(of:)`` finds out about.
  @inlinable @inline(always)
  mutating func lookUp(_ key: UnsafeRawBufferPointer, hash: UInt64) throws(StoreFault) -> ObjectRecord? {
    commandIDs.truncate(to: 0)
    guard let record = try findRecord(key, hash: hash) else { return nil }
    if record.hasCommandIDs { commandIDs.append(record.commandIDs) }
    return record
  }

  /// Decodes an object's state.
  ///
  /// - Throws: ``GraveFound`` when the object does not exist any more; `Refusal` when the decider cannot read what it once
  ///   wrote.
  @inlinable @inline(always)
  func readState(of record: ObjectRecord) throws -> D.State {
    do {
      if record.schemaVersion != decider.schemaVersion { return try migrate(record) }
      return try decider.decodeState(RawSpan.unsafe(record.state))
    } catch {
      throw Refusal.whileReading(error, version: record.version)
    }
  }

  /// Reads a state that an older decider wrote. It is written anew when a command changes the object.
  @usableFromInline
  func migrate(_ record: ObjectRecord) throws -> D.State {
    if record.isGrave { throw GraveFound() }
    guard record.schemaVersion < decider.schemaVersion else {
      throw NoStateMigration(from: record.schemaVersion, to: decider.schemaVersion)
    }
    var migrated = ByteWriter(capacity: record.state.count)
    try decider.migrateState(RawSpan.unsafe(record.state), from: record.schemaVersion, into: &migrated)
    return try decider.decodeState(RawSpan.unsafe(migrated.bytes))
  }

  /// The version that a rejection names when the command itself never came to look at its object.
  @inlinable @inline(never)
  mutating func currentVersion(of key: UnsafeRawBufferPointer) throws(StoreFault) -> UInt64 {
    try findRecord(key, hash: keyHash(key))?.version ?? 0
  }

  /// Asks the open transaction, the sealed one, the committed objects in memory, and the store. Leaves the key's place in
  /// the open transaction in `openPlace`.
  ///
  /// The answer is valid until the next mutation of any of them.
  @inlinable @inline(always)
  mutating func findRecord(_ key: UnsafeRawBufferPointer, hash: UInt64) throws(StoreFault) -> ObjectRecord? {
    openPlace = open.place(of: key, hash: hash)
    let answer =
      openPlace.isOccupied
      ? open.object(at: openPlace) : table.find(key, hash: hash, unlessIn: &sealed, isSealed)
    switch answer {
    case .present(let record): return record
    case .absent: return nil
    case .unknown: return try readStore(key, hash: hash)
    }
  }

  /// Asks the store, and keeps its answer in memory.
  @inlinable @inline(never)
  mutating func readStore(
    _ key: UnsafeRawBufferPointer, hash: UInt64
  ) throws(StoreFault) -> ObjectRecord? {
    scratch.truncate(to: 0)
    let exists = try store.read(key, into: &scratch)
    if exists, !ObjectRecord.isWellFormed(scratch.bytes) {
      throw StoreFault(
        "Expected an object record in the store, but found \(scratch.count) damaged bytes", isDamage: true)
    }
    table.cache(key, hash: hash, record: exists ? scratch.bytes : nil)
    return exists ? ObjectRecord(scratch.bytes) : nil
  }
}
