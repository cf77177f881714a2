import Foundation
import PartitionEngine
import RocksDB
import Sequitur

/// The objects of one partition's rehearsal, in a directory that is deleted at the end.
///
///     objects   as the rehearsal left them; an empty record: known not to exist
///     states    as the changelog had them at the last checkpoint that was passed
///     touched   objects whose state is not known: their last command
///
/// When the range begins with the first command there ever was, nothing existed before it, and an object that is not in
/// `objects` does not exist. Else an object is looked for in `states` when its first command comes. **It is taken for what it
/// was only if the command's outcome names the same version**; where it does not, a command in between has changed it, and
/// nobody can tell to what. Its commands are then left out, until a checkpoint behind the last of them tells its state again.
///
/// The directory is made when it is needed: most rehearsals of a few objects need none.
final class RehearsalStore: ObjectStore {
  /// Whether objects may be older than the range.
  let beginsFromState: Bool
  private let parent: String
  private let options: DatabaseOptions
  private var scratch: ScratchDatabase?
  private var buffer = ByteWriter(capacity: 1024)

  /// The version that the command's own outcome names; `nil`: there is none that does.
  var versionBefore: UInt64?
  /// Whether its outcome says that it was a duplicate: of an object that does not exist, only a grave can tell.
  var isDuplicate = false
  /// Objects whose state is not known, as far as they are few: only their states are of interest once the changelog has passed the
  /// range's start. `nil`: too many.
  private var unknown: Set<[UInt8]>? = []
  private static let unknownMax = 100_000
  /// Up to which command ``putState(_:_:at:)`` tells states, and the changelog offset behind which it does not.
  private var passed: (position: Int64, offset: Int64) = (-1, -1)
  /// Whether the last look-up failed for an object whose state is not known.
  private(set) var isUnknown = false

  init(beginsFromState: Bool, parent: String, options: DatabaseOptions) {
    self.beginsFromState = beginsFromState
    self.parent = parent
    self.options = options
  }

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
    let found: Found
    do throws(RocksDBError) {
      found = try find(key, into: &record)
    } catch {
      throw StoreFault("\(error)", isDamage: true)
    }
    isUnknown = found == .unknown
    guard !isUnknown else { throw StoreFault("the object's state is not known") }
    return found == .present
  }

  private enum Found { case present, absent, unknown }

  private func find(
    _ key: UnsafeRawBufferPointer, into record: inout ByteWriter
  ) throws(RocksDBError) -> Found {
    guard beginsFromState || scratch != nil else { return .absent }
    let scratch = try database()
    let start = record.count
    let isKept = try scratch.withValue(of: key, in: scratch.objects) { value in
      if let value { record.append(value) }
      return value != nil
    }
    if !isKept, beginsFromState {
      guard try findState(of: key, scratch, into: &record) else { return .unknown }
      try scratch.put(key, record.bytes(at: start, count: record.count - start), in: scratch.objects)
      if unknown?.isEmpty == false { unknown?.remove(Array(key)) }
    }
    return record.count > start ? .present : .absent
  }

  /// What the object was before its first command of the range; nothing is appended for one that did not exist.
  private func findState(
    of key: UnsafeRawBufferPointer, _ scratch: ScratchDatabase, into record: inout ByteWriter
  ) throws(RocksDBError) -> Bool {
    guard let versionBefore else { return false }
    guard versionBefore > 0 else {
      return try findKept(key, scratch, into: &record) { ObjectRecord.isGrave($0) } || !isDuplicate
    }
    return try findKept(key, scratch, into: &record) { ObjectRecord($0).version == versionBefore }
  }

  /// What the changelog had at the last checkpoint, if no command has come since and it fits.
  private func findKept(
    _ key: UnsafeRawBufferPointer, _ scratch: ScratchDatabase, into record: inout ByteWriter,
    _ fits: (UnsafeRawBufferPointer) -> Bool
  ) throws(RocksDBError) -> Bool {
    let touched = try scratch.withValue(of: key, in: scratch.touched) { $0.map(Self.offset) } ?? -1
    guard touched < passed.position else { return false }
    return try scratch.withValue(of: key, in: scratch.states) { state in
      guard let state, state.count > 8, Self.offset(in: state) < passed.offset else { return false }
      let object = UnsafeRawBufferPointer(rebasing: state.dropFirst(8))
      guard ObjectRecord.isWellFormed(object), fits(object) else { return false }
      record.append(object)
      return true
    }
  }

  /// Notes a command that was left out, since its object's state is not known.
  func noteUnknown(_ key: UnsafeRawBufferPointer, at offset: Int64) throws(RocksDBError) {
    let scratch = try database()
    buffer.truncate(to: 0)
    buffer.append(littleEndian: offset)
    try scratch.put(key, buffer.bytes, in: scratch.touched)
    unknown?.insert(Array(key))
    if unknown?.count ?? 0 > Self.unknownMax { unknown = nil }
  }

  /// Whether any object's state is not known.
  var hasUnknown: Bool { unknown?.isEmpty != true }

  /// Whether the object's state is not known.
  func isUnknown(_ key: UnsafeRawBufferPointer) -> Bool { unknown?.contains(Array(key)) ?? true }

  // MARK: The changelog

  /// An empty batch for ``putState(_:_:at:in:)``.
  func makeBatch() throws(RocksDBError) -> WriteBatch { WriteBatch(for: try database().database) }

  /// Adds what the changelog says of an object at an offset; `nil`: it was forgotten.
  func putState(
    _ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?, at offset: Int64,
    in batch: inout WriteBatch
  ) throws(RocksDBError) {
    buffer.truncate(to: 0)
    buffer.append(littleEndian: offset)
    if let record { buffer.append(record) }
    try batch.put(key, buffer.bytes, in: try database().states)
  }

  func write(_ batch: inout WriteBatch) throws(RocksDBError) { try database().database.write(&batch) }

  /// All that the changelog says below `offset` was put: it stands for the commands below `position`.
  func pass(position: Int64, offset: Int64) { passed = (position, offset) }

  // MARK: Drains

  /// Takes what the processor holds and has not written yet.
  func takeDrain(of task: any PartitionTask) throws(RocksDBError) {
    let scratch = try database()
    var batch = WriteBatch(for: scratch.database)
    var failure: RocksDBError?
    _ = task.takeDrain { key, record in
      do throws(RocksDBError) {
        try batch.put(key, record ?? UnsafeRawBufferPointer(start: nil, count: 0), in: scratch.objects)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    try scratch.database.write(&batch, options: WriteOptions(durability: .memtable, isSorted: true))
    task.finishDrain()
  }

  private func database() throws(RocksDBError) -> ScratchDatabase {
    if let scratch { return scratch }
    let made = try ScratchDatabase(in: parent, options: options)
    scratch = made
    return made
  }

  private static func offset(in bytes: UnsafeRawBufferPointer) -> Int64 {
    Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: Int64.self))
  }
}

/// A database in a directory of its own, which goes when it does.
final class ScratchDatabase {
  let database: Database
  let objects: ColumnFamily
  let states: ColumnFamily
  let touched: ColumnFamily
  private let path: String

  init(in parent: String, options: DatabaseOptions) throws(RocksDBError) {
    path = parent + "/sequitur-rehearsal-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    do throws(RocksDBError) {
      database = try Database(
        path: path, options: options, columnFamilies: ["objects", "states", "touched"])
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      throw error
    }
    objects = Self.family("objects", of: database)
    states = Self.family("states", of: database)
    touched = Self.family("touched", of: database)
  }

  private static func family(_ name: String, of database: Database) -> ColumnFamily {
    guard let family = database.columnFamily(named: name) else {
      preconditionFailure("a column family that was named at the open is not there: \(name)")
    }
    return family
  }

  deinit {
    database.close()
    try? FileManager.default.removeItem(atPath: path)
  }

  func withValue<Result>(
    of key: UnsafeRawBufferPointer, in family: ColumnFamily, _ body: (UnsafeRawBufferPointer?) -> Result
  ) throws(RocksDBError) -> Result {
    try database.withValue(of: key, in: family) { value throws(RocksDBError) in body(value) }
  }

  func put(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, in family: ColumnFamily
  ) throws(RocksDBError) {
    var batch = WriteBatch(for: database)
    try batch.put(key, value, in: family)
    try database.write(&batch)
  }
}
