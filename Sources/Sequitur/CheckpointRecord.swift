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
    let text = UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.bytesMax))
    guard let fields = Fields(text) else { throw .notACheckpoint(String(decoding: text, as: UTF8.self)) }
    guard fields.format == Self.format else { throw .unknownFormat(fields.format) }
    guard let position = fields.position, position >= 0,
      let count = fields.partitions, let partitions = Int32(exactly: count), partitions > 0
    else { throw .notACheckpoint(String(decoding: text, as: UTF8.self)) }
    self.init(position: position, partitions: partitions)
  }

  /// What is behind this is not looked at: no checkpoint is half as long.
  private static let bytesMax = 200
}

/// The integers of a checkpoint's JSON object. Every transaction leaves one, so a restore reads many.
private struct Fields {
  var format: Int64
  var position: Int64?
  var partitions: Int64?

  /// - Returns: `nil` for anything but a flat JSON object of integers with a format.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var format: Int64?
    var scanner = Scanner(bytes: bytes)
    guard scanner.skip("{") else { return nil }
    repeat {
      guard let name = scanner.name(), scanner.skip(":"), let number = scanner.integer() else { return nil }
      if name.elementsEqual("format".utf8) {
        format = number
      } else if name.elementsEqual("position".utf8) {
        position = number
      } else if name.elementsEqual("partitions".utf8) {
        partitions = number
      }
    } while scanner.skip(",")
    guard scanner.skip("}"), scanner.isAtEnd, let format else { return nil }
    self.format = format
  }

  private struct Scanner {
    let bytes: UnsafeRawBufferPointer
    var index = 0

    init(bytes: UnsafeRawBufferPointer) {
      self.bytes = bytes
    }

    var isAtEnd: Bool {
      mutating get {
        skipSpace()
        return index == bytes.count
      }
    }

    /// Passes over white space and this character, if it is next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    mutating func name() -> Slice<UnsafeRawBufferPointer>? {
      guard skip("\"") else { return nil }
      guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
      defer { index = end + 1 }
      return bytes[index..<end]
    }

    mutating func integer() -> Int64? {
      let isNegative = skip("-")
      var number: Int64 = 0
      let start = index
      while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
        let (product, overflows) = number.multipliedReportingOverflow(by: 10)
        let (sum, overflowsToo) = product.addingReportingOverflow(Int64(digit))
        guard !overflows, !overflowsToo else { return nil }
        number = sum
        index += 1
      }
      guard index > start else { return nil }
      return isNegative ? -number : number
    }

    private mutating func skipSpace() {
      while index < bytes.count, bytes[index] == 0x20 || (0x09...0x0D).contains(bytes[index]) { index += 1 }
    }
  }
}
