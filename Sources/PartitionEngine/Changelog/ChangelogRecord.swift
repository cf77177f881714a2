import Sequitur

/// Reads a changelog record back into what the store holds.
public enum ChangelogRecord {
  /// What a changelog record says.
  public enum Content: Sendable, Hashable {
    /// The object's record was appended to the writer.
    case object
    /// The object was forgotten.
    case forgotten
    case checkpoint(CheckpointRecord)
  }

  /// Decodes a record; an object's ``ObjectRecord`` is appended to `object`.
  ///
  /// - Parameter value: `nil` for a null value.
  public static func decode(
    key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: UnsafeBufferPointer<RecordHeader>,
    into object: inout ByteWriter
  ) throws(Fault) -> Content {
    guard let key else { throw Fault("its key is null") }
    if key.isEmpty {
      let incarnation = try incarnation(headers)
      do {
        return .checkpoint(
          try CheckpointRecord(
            decoding: value ?? UnsafeRawBufferPointer(start: nil, count: 0), incarnation: incarnation))
      } catch {
        throw Fault(error.description)
      }
    }
    guard key.count <= Limits.keyBytesMax else { throw Fault("its key has \(key.count) bytes") }
    guard let value else { return .forgotten }
    guard
      let version = headers.last(where: { $0.isNamed("v") })?.value.flatMap({ ExpectedVersion($0) }),
      case .exactly(let number) = version, number > 0
    else { throw Fault("its header v is not a version") }
    let ids = headers.last { $0.isNamed("ids") }?.value
    guard (ids?.count ?? 0) % ObjectRecord.commandIDBytes == 0,
      (ids?.count ?? 0) <= 255 * ObjectRecord.commandIDBytes
    else { throw Fault("its header ids has \(ids?.count ?? 0) bytes") }
    ObjectRecord.append(
      to: &object, version: number, schemaVersion: try schemaVersion(headers),
      commandIDs: ids ?? UnsafeRawBufferPointer(start: nil, count: 0))
    object.append(value)
    return .object
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

  /// Why a record cannot be decoded.
  public struct Fault: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
      self.description = description
    }
  }
}
