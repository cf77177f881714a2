/// Rows of a COPY in the text form, which is its default, written value by value.
public struct CopyText: Sendable, Hashable {
  private(set) var bytes: [UInt8] = []
  /// Whether a text holds a NUL, which the server refuses.
  private(set) var hasNUL = false
  private var isWithinRow = false

  /// - Parameter byteCount: room to reserve.
  public init(byteCount: Int = 0) { bytes.reserveCapacity(byteCount) }

  /// How many bytes there are.
  public var byteCount: Int { bytes.count }

  /// Ends a row, after at least one value.
  public mutating func endRow() {
    bytes.append(UInt8(ascii: "\n"))
    isWithinRow = false
  }

  /// Appends NULL.
  public mutating func appendNull() {
    separate()
    bytes.append(UInt8(ascii: "\\"))
    bytes.append(UInt8(ascii: "N"))
  }

  /// Appends a value in its text form, in UTF-8.
  public mutating func append(_ text: UnsafeRawBufferPointer) {
    separate()
    var start = text.startIndex
    for (index, byte) in text.enumerated() {
      guard let escape = Self.escape(byte) else {
        if byte == 0 { hasNUL = true }
        continue
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<index]))
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(escape)
      start = index + 1
    }
    bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start...]))
  }

  /// Appends a value in its text form.
  public mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends a whole number.
  public mutating func append(_ number: Int64) { append(String(number)) }

  /// Appends a truth value.
  public mutating func append(_ value: Bool) { append(value ? "t" : "f") }

  /// Appends bytes for a column of the type `bytea`.
  public mutating func append(bytea value: UnsafeRawBufferPointer) {
    separate()
    bytes.append(contentsOf: #"\\x"#.utf8)
    let digits: StaticString = "0123456789abcdef"
    for byte in value {
      bytes.append(digits.utf8Start[Int(byte >> 4)])
      bytes.append(digits.utf8Start[Int(byte & 15)])
    }
  }

  /// What stands behind the backslash; nil for a byte that stands for itself.
  private static func escape(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "\\"): byte
    case UInt8(ascii: "\t"): UInt8(ascii: "t")
    case UInt8(ascii: "\n"): UInt8(ascii: "n")
    case UInt8(ascii: "\r"): UInt8(ascii: "r")
    default: nil
    }
  }

  private mutating func separate() {
    if isWithinRow { bytes.append(UInt8(ascii: "\t")) }
    isWithinRow = true
  }
}
