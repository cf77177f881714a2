import PartitionEngine

/// An object of a store, as a copy.
public struct InspectedObject: Sendable, Hashable {
  /// A command that changed the object: the hash of its id, and the version that it made.
  public struct Command: Sendable, Hashable {
    /// The hash's first 64 bits.
    public let high: UInt64
    /// The hash's last 64 bits.
    public let low: UInt64
    /// The object's version that the command made.
    public let version: UInt64
  }

  /// The object's key.
  public let key: [UInt8]
  /// The partition it was found in.
  public let partition: Int32
  /// From 1.
  public let version: UInt64
  /// The decider's `schemaVersion` when the state was written.
  public let schemaVersion: Int
  /// The recent commands that changed it, oldest first.
  public let commands: [Command]
  /// As the decider encoded it.
  public let state: [UInt8]
  /// Bytes of the record in the store, the key not counted.
  public let recordBytes: Int

  init(key: UnsafeRawBufferPointer, partition: Int32, record bytes: UnsafeRawBufferPointer) {
    let record = ObjectRecord(bytes)
    self.key = Array(key)
    self.partition = partition
    version = record.version
    schemaVersion = record.schemaVersion
    commands = stride(from: 0, to: record.commandIDs.count, by: ObjectRecord.commandIDBytes).map { offset in
      func word(_ index: Int) -> UInt64 {
        UInt64(
          bigEndian: record.commandIDs.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self))
      }
      return Command(high: word(0), low: word(1), version: word(2))
    }
    state = Array(record.state)
    recordBytes = bytes.count
  }
}

/// One partition of a store in figures.
public struct InspectedPartition: Sendable, Hashable {
  /// The partition's number.
  public let partition: Int32
  /// RocksDB's estimate, graves included, or exact when asked for: then all objects were read.
  public var objects: Int
  /// Whether the objects were counted.
  public var isExact: Bool
  /// Bytes of keys and records of all objects; only when exact.
  public var objectBytes: Int?
  /// Objects that were forgotten, and whose command ids are kept for a time; only when exact.
  public var graves: Int?
  /// Bytes of their keys and records; only when exact.
  public var graveBytes: Int?
  /// Bytes of the table files.
  public let fileBytes: Int
  /// The changelog offset from which a restore goes on; `nil` for a store that was never written.
  public let changelogOffset: Int64?
  /// The next command offset; `nil` before the first checkpoint.
  public let commandPosition: Int64?
  /// Which changelog it is of, as that one's checkpoints say; `nil` when none did.
  public let incarnation: Int64?
}
