import Glibc

/// A value on its way into a column.
enum Cell: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int64)
  /// A number that is no whole one of 64 bits, as it is written.
  case number(String)
  case text(String)
  case bytes([UInt8])

  /// As PostgreSQL reads it in its text format; nil for NULL.
  var literal: String? {
    switch self {
    case .null: nil
    case .boolean(let value): value ? "true" : "false"
    case .integer(let number): String(number)
    case .number(let text), .text(let text): text
    case .bytes(let bytes): Self.hexadecimal(bytes)
    }
  }

  /// Texts are equal when their bytes are, as for a database and for Kafka: Swift's own equality takes a letter with its
  /// accent for the two of them.
  static func == (left: Cell, right: Cell) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.boolean(let left), .boolean(let right)): left == right
    case (.integer(let left), .integer(let right)): left == right
    case (.number(let left), .number(let right)), (.text(let left), .text(let right)):
      Self.isEqual(left, right)
    case (.bytes(let left), .bytes(let right)): left == right
    default: false
    }
  }

  private static func isEqual(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    var (left, right) = (left, right)
    return left.withUTF8 { left in
      right.withUTF8 { left.isEmpty || memcmp(left.baseAddress!, $0.baseAddress!, left.count) == 0 }
    }
  }

  func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .boolean(let value): hasher.combine(value)
    case .integer(let number): hasher.combine(number)
    case .number(var text), .text(var text):
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    case .bytes(let bytes): hasher.combine(bytes)
    }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = [UInt8(ascii: "\\"), UInt8(ascii: "x")]
    text.reserveCapacity(2 + 2 * bytes.count)
    let digits = Array("0123456789abcdef".utf8)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// Why a value of an event is not one for its place: a sentence without its end.
struct ValueFault: Error, Sendable, Hashable {
  let message: String
}
