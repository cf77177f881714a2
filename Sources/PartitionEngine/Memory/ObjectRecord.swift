import Sequitur

/// An object as the overlays and the store hold it: its version, its recent command ids, its state.
///
/// Layout: version (8 bytes, little-endian) · number of ids (1 byte) · schema version (2 bytes, little-endian) ·
/// ids · state. An id is 24 bytes, the same as in the changelog's header `ids`: the 128-bit hash and the
/// version it made, big-endian.
///
/// A **grave** has the version 0 and the schema version 0, and in place of a state the object's last version and the time of
/// the command that forgot it (8 bytes each, little-endian): the object does not exist, and its ids are known
/// (ObjectRecord+Grave.swift).
///
/// Unsafe: a view into memory that its owner keeps alive.
@frozen
public struct ObjectRecord {
  @inlinable static var headBytes: Int { 11 }
  /// The largest `schemaVersion` that a decider may have.
  public static var schemaVersionMax: Int { Int(UInt16.max) }
  /// Bytes of one remembered command id.
  @inlinable public static var commandIDBytes: Int { 24 }

  public let bytes: UnsafeRawBufferPointer

  /// - Precondition: `bytes` were written by ``append(to:version:schemaVersion:commandIDs:)``; see ``isWellFormed(_:)``.
  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// Whether bytes read from disk can be an object record.
  public static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= headBytes, bytes.count >= headBytes + Int(bytes[8]) * commandIDBytes else {
      return false
    }
    let record = ObjectRecord(bytes)
    return record.isGrave ? isWellFormed(grave: record) : versions.contains(record.version)
  }

  /// The versions that an object may have. One event a nanosecond would take 292 years to the last; what has a larger one
  /// is not an object of ours, and the version after the largest number of 64 bits would be 0.
  public static var versions: ClosedRange<UInt64> { 1...UInt64(Int64.max) }

  /// The object version, from 1; 0 of a grave.
  @inlinable
  public var version: UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
  }

  /// The decider's `schemaVersion` when it encoded the state; 0 of a grave.
  @inlinable
  public var schemaVersion: Int {
    Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 9, as: UInt16.self)))
  }

  @inlinable
  var hasCommandIDs: Bool { bytes.baseAddress!.loadUnaligned(fromByteOffset: 8, as: UInt8.self) != 0 }

  @inlinable @inline(__always)
  public var commandIDs: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: bytes.baseAddress! + Self.headBytes, count: Int(bytes[8]) * Self.commandIDBytes)
  }

  /// The state as the decider encoded it; not of a grave.
  @inlinable @inline(__always)
  public var state: UnsafeRawBufferPointer {
    let start = Self.headBytes + commandIDs.count
    return UnsafeRawBufferPointer(start: bytes.baseAddress! + start, count: bytes.count - start)
  }

  /// The version that a command with this id made, when it is among the recent ones.
  public func version(madeBy id: CommandIDHash) -> UInt64? {
    Self.version(madeBy: id, in: commandIDs)
  }

  @usableFromInline
  static func version(madeBy id: CommandIDHash, in ids: UnsafeRawBufferPointer) -> UInt64? {
    let (high, low) = (id.high.bigEndian, id.low.bigEndian)
    for offset in stride(from: 0, to: ids.count, by: commandIDBytes)
    where ids.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == high
      && ids.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self) == low
    {
      return UInt64(bigEndian: ids.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
    }
    return nil
  }

  /// Appends all but the state, which the decider then encodes behind it.
  ///
  /// - Parameters:
  ///   - schemaVersion: 1…``schemaVersionMax``.
  ///   - commandIDs: whole ids, at most 255.
  @inlinable @inline(__always)
  public static func append(
    to writer: inout ByteWriter, version: UInt64, schemaVersion: Int = 1, commandIDs: UnsafeRawBufferPointer
  ) {
    if commandIDs.isEmpty { return appendHead(to: &writer, version, schemaVersion, ids: 0) }
    precondition(commandIDs.count % commandIDBytes == 0, "command ids are whole")
    appendHead(to: &writer, version, schemaVersion, ids: UInt8(commandIDs.count / commandIDBytes))
    writer.append(commandIDs)
  }

  @inlinable @inline(__always)
  static func appendHead(to writer: inout ByteWriter, _ version: UInt64, _ schemaVersion: Int, ids: UInt8) {
    writer.append(max: headBytes) { head in
      head.storeBytes(of: version.littleEndian, as: UInt64.self)
      head.storeBytes(of: ids, toByteOffset: 8, as: UInt8.self)
      head.storeBytes(
        of: UInt16(truncatingIfNeeded: schemaVersion).littleEndian, toByteOffset: 9, as: UInt16.self)
      return headBytes
    }
  }
}
