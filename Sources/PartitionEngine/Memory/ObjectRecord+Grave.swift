import Sequitur

/// What is kept of an object that was forgotten, for as long as one of its commands may come again.
extension ObjectRecord {
  /// Bytes behind the ids: the last version and the time.
  static var graveTailBytes: Int { 16 }

  /// Whether the object does not exist any more.
  public var isGrave: Bool { schemaVersion == 0 }

  /// Of a grave: the version that the event made which forgot the object.
  public var lastVersion: UInt64 {
    UInt64(littleEndian: tail.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
  }

  /// Of a grave: the record time of the command that forgot the object, in milliseconds since 1970.
  public var forgottenAt: Int64 {
    Int64(littleEndian: tail.loadUnaligned(fromByteOffset: 8, as: Int64.self))
  }

  /// Whether bytes read from disk are a grave.
  public static func isGrave(_ bytes: UnsafeRawBufferPointer) -> Bool {
    isWellFormed(bytes) && ObjectRecord(bytes).isGrave
  }

  private var tail: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[(Self.headBytes + commandIDs.count)...])
  }

  static func isWellFormed(grave: ObjectRecord) -> Bool {
    grave.version == 0 && grave.bytes.count == headBytes + grave.commandIDs.count + graveTailBytes
      && versions.contains(grave.lastVersion)
  }

  /// Appends a grave.
  ///
  /// - Parameters:
  ///   - lastVersion: see ``lastVersion``.
  ///   - time: see ``forgottenAt``.
  ///   - commandIDs: whole ids, at most 255.
  public static func appendGrave(
    to writer: inout ByteWriter, lastVersion: UInt64, forgottenAt time: Int64,
    commandIDs: UnsafeRawBufferPointer
  ) {
    append(to: &writer, version: 0, schemaVersion: 0, commandIDs: commandIDs)
    writer.append(littleEndian: lastVersion)
    writer.append(littleEndian: time)
  }

  /// Whether a grave has been there for as long as it is kept.
  ///
  /// - Parameters:
  ///   - time: of the command that asks, in milliseconds since 1970.
  ///   - milliseconds: how long graves are kept.
  @usableFromInline
  func isOver(at time: Int64, after milliseconds: Int64) -> Bool {
    let (age, isBeyond) = time.subtractingReportingOverflow(forgottenAt)
    // Beyond 64 bits: one of the times is none, and the age has the sign that it should not have.
    return milliseconds <= 0 || (isBeyond ? time > 0 : age >= milliseconds)
  }
}
