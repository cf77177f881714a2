/// The record on the changelog that says which commands the state stands for.
///
/// Its key is the empty key, which no object may have; its value is JSON,
/// `{"format":1,"position":123,"partitions":4}`.
public struct CheckpointRecord: Sendable, Hashable {
  /// The format that this version of Sequitur writes and reads.
  public static let format = 1

  /// The next command offset to consume.
  public let position: Int64
  /// How many partitions the commands topic had.
  public let partitions: Int32

  public init(position: Int64, partitions: Int32) {
    self.position = position
    self.partitions = partitions
  }

  /// Why a checkpoint record cannot be read.
  public enum Fault: Error, Hashable, CustomStringConvertible {
    case notACheckpoint(String)
    case unknownFormat(Int64)

    public var description: String {
      switch self {
      case .notACheckpoint(let text):
        "Expected a checkpoint like {\"format\":1,\"position\":123,\"partitions\":4}, but found \(text)"
      case .unknownFormat(let format):
        "Expected a checkpoint of format \(CheckpointRecord.format), but found format \(format): "
          + "a newer version wrote it"
      }
    }
  }

  /// Appends the record's value.
  public func encode(into writer: inout ByteWriter) {
    writer.append("{\"format\":")
    writer.append(decimal: Int64(Self.format))
    writer.append(",\"position\":")
    writer.append(decimal: position)
    writer.append(",\"partitions\":")
    writer.append(decimal: Int64(partitions))
    writer.append("}")
  }

  /// Reads a record's value: a flat JSON object of integers, in any order, with optional white space.
  public init(decoding bytes: UnsafeRawBufferPointer) throws(Fault) {
    var fields: [String: Int64] = [:]
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    let body = text.filter { !$0.isWhitespace }
    guard body.hasPrefix("{"), body.hasSuffix("}") else { throw .notACheckpoint(text) }
    for member in body.dropFirst().dropLast().split(separator: ",") {
      let parts = member.split(separator: ":")
      guard parts.count == 2, let number = Int64(parts[1]) else { throw .notACheckpoint(text) }
      fields[String(parts[0])] = number
    }
    guard let format = fields["\"format\""] else { throw .notACheckpoint(text) }
    guard format == Self.format else { throw .unknownFormat(format) }
    guard let position = fields["\"position\""], position >= 0,
      let count = fields["\"partitions\""], let partitions = Int32(exactly: count), partitions > 0
    else { throw .notACheckpoint(text) }
    self.init(position: position, partitions: partitions)
  }
}
