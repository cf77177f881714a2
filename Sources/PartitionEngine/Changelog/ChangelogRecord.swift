import Sequitur

/// Reads a changelog record back into what the store holds. OutputBatch+Changelog.swift writes it; what stands in it is
/// told in docs/record-contract.md.
public enum ChangelogRecord {
  /// What a changelog record says.
  public enum Content: Sendable, Hashable {
    /// The object's record was appended to the writer.
    case object
    /// The object was forgotten, and its grave was appended to the writer.
    case grave
    /// The object was forgotten, and nothing is kept of it.
    case forgotten
    case checkpoint(CheckpointRecord)
  }

  /// Decodes a record; the ``ObjectRecord`` of an object or a grave is appended to `object`.
  ///
  /// - Parameter value: `nil` for a null value.
  public static func decode(
    key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: UnsafeBufferPointer<RecordHeader>,
    into object: inout ByteWriter
  ) throws(Fault) -> Content {
    guard let key else { throw Fault("its key is null") }
    if key.isEmpty { return .checkpoint(try checkpoint(value, headers)) }
    guard key.count <= Limits.keyBytesMax else { throw Fault("its key has \(key.count) bytes") }
    guard let value else { return try grave(headers, into: &object) }
    let number = try version(headers)
    ObjectRecord.append(
      to: &object, version: number, schemaVersion: try schemaVersion(headers),
      commandIDs: try commandIDs(headers, of: number))
    object.append(value)
    return .object
  }

  private static func version(_ headers: UnsafeBufferPointer<RecordHeader>) throws(Fault) -> UInt64 {
    guard
      let version = headers.last(where: { $0.isNamed("v") })?.value.flatMap({ ExpectedVersion($0) }),
      case .exactly(let number) = version, ObjectRecord.versions.contains(number)
    else { throw Fault("its header v is not a version, 1 to 2^63-1") }
    return number
  }

  /// A null value: with ids, and the time from which on they are kept, it is a grave. Older versions wrote no headers.
  private static func grave(
    _ headers: UnsafeBufferPointer<RecordHeader>, into object: inout ByteWriter
  ) throws(Fault) -> Content {
    guard let time = headers.last(where: { $0.isNamed("t") }) else { return .forgotten }
    guard let text = time.value, let forgottenAt = Int64(String(decoding: text, as: UTF8.self)) else {
      throw Fault("its header t is not a time in milliseconds")
    }
    let number = try version(headers)
    ObjectRecord.appendGrave(
      to: &object, lastVersion: number, forgottenAt: forgottenAt,
      commandIDs: try commandIDs(headers, of: number))
    return .grave
  }

  private static func checkpoint(
    _ value: UnsafeRawBufferPointer?, _ headers: UnsafeBufferPointer<RecordHeader>
  ) throws(Fault) -> CheckpointRecord {
    let incarnation = try incarnation(headers)
    let lastCommand = try lastCommand(headers)
    let moves = try moves(headers)
    let decider = try decider(headers)
    let stateForms = try stateForms(headers)
    let checkpoint: CheckpointRecord
    do {
      checkpoint = try CheckpointRecord(
        decoding: value ?? UnsafeRawBufferPointer(start: nil, count: 0), incarnation: incarnation,
        lastCommand: lastCommand, moves: moves, decider: decider, stateForms: stateForms)
    } catch {
      throw Fault(error.description)
    }
    if let lastCommand, lastCommand.offset >= checkpoint.position {
      throw Fault(
        "its header last-command names offset \(lastCommand.offset), which is not below its position "
          + "\(checkpoint.position)")
    }
    return checkpoint
  }

  /// The header `ids`: each id made a version up to the object's.
  private static func commandIDs(
    _ headers: UnsafeBufferPointer<RecordHeader>, of version: UInt64
  ) throws(Fault) -> UnsafeRawBufferPointer {
    guard let ids = headers.last(where: { $0.isNamed("ids") })?.value else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    let size = ObjectRecord.commandIDBytes
    guard ids.count % size == 0, ids.count <= 255 * size else {
      throw Fault("its header ids has \(ids.count) bytes")
    }
    for offset in stride(from: size - 8, to: ids.count, by: size) {
      let made = UInt64(bigEndian: ids.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      guard 1...version ~= made else {
        throw Fault(
          "its header ids says that a command made version \(made), but the object is at \(version)")
      }
    }
    return ids
  }

  /// The header `s`; objects of the first schema have none.
  private static func schemaVersion(
    _ headers: UnsafeBufferPointer<RecordHeader>
  ) throws(Fault) -> Int {
    guard let header = headers.last(where: { $0.isNamed("s") }) else { return 1 }
    guard case .exactly(let number)? = header.value.flatMap({ ExpectedVersion($0) }),
      1...UInt64(ObjectRecord.schemaVersionMax) ~= number
    else { throw Fault("its header s is not a schema version") }
    return Int(number)
  }

  /// The header `incarnation` of a checkpoint; older versions wrote none.
  private static func incarnation(_ headers: UnsafeBufferPointer<RecordHeader>) throws(Fault) -> Int64? {
    guard let header = headers.last(where: { $0.isNamed("incarnation") }) else { return nil }
    guard case .exactly(let number)? = header.value.flatMap({ ExpectedVersion($0) }),
      let incarnation = Int64(exactly: number), incarnation > 0
    else { throw Fault("its header incarnation is not a positive decimal") }
    return incarnation
  }

  /// The header `last-command` of a checkpoint; older versions wrote none.
  private static func lastCommand(_ headers: UnsafeBufferPointer<RecordHeader>) throws(Fault) -> LastCommand?
  {
    guard let header = headers.last(where: { $0.isNamed("last-command") }) else { return nil }
    guard let last = header.value.flatMap({ LastCommand(decoding: $0) }) else {
      throw Fault("its header last-command is not an offset and a digest")
    }
    return last
  }

  /// The header `position-moves` of a checkpoint; most have none.
  private static func moves(_ headers: UnsafeBufferPointer<RecordHeader>) throws(Fault) -> [PositionMove] {
    guard let header = headers.last(where: { $0.isNamed("position-moves") }) else { return [] }
    guard let moves = header.value.flatMap({ PositionMove.decode($0) }) else {
      throw Fault("its header position-moves is not a list of positions")
    }
    return moves
  }

  /// The header `decider` of a checkpoint; older versions wrote none.
  private static func decider(
    _ headers: UnsafeBufferPointer<RecordHeader>
  ) throws(Fault) -> DeciderFingerprint? {
    guard let header = headers.last(where: { $0.isNamed("decider") }) else { return nil }
    guard let found = text(header).flatMap({ DeciderFingerprint($0) }) else {
      throw Fault("its header decider is not a name, a version and a digest")
    }
    return found
  }

  /// The header `state-forms` of a checkpoint; older versions wrote none.
  private static func stateForms(_ headers: UnsafeBufferPointer<RecordHeader>) throws(Fault) -> StateForms {
    guard let header = headers.last(where: { $0.isNamed("state-forms") }) else { return StateForms() }
    guard let found = text(header).flatMap({ StateForms($0) }) else {
      throw Fault("its header state-forms is not a list of versions and forms")
    }
    return found
  }

  private static func text(_ header: RecordHeader) -> String? {
    header.value.flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// Why a record cannot be decoded.
  public struct Fault: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
      self.description = description
    }
  }
}
