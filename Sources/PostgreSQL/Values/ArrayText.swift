/// The text form of one-dimensional arrays: `{"a","b \"c\"",NULL}`.
enum ArrayText {
  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")
  private static let comma = UInt8(ascii: ",")

  /// Appends texts, each in quotes, so that `NULL`, braces, commas and spaces in them mean nothing.
  static func append(_ texts: [String?], to bytes: inout [UInt8]) {
    append(texts, to: &bytes) { text, bytes in
      bytes.append(quote)
      for byte in text.utf8 {
        if byte == quote || byte == backslash { bytes.append(backslash) }
        bytes.append(byte)
      }
      bytes.append(quote)
    }
  }

  /// Appends whole numbers.
  static func append(_ values: [Int64?], to bytes: inout [UInt8]) {
    append(values, to: &bytes) { value, bytes in bytes.append(contentsOf: String(value).utf8) }
  }

  private static func append<Element>(
    _ elements: [Element?], to bytes: inout [UInt8], each: (Element, inout [UInt8]) -> Void
  ) {
    bytes.append(UInt8(ascii: "{"))
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(comma) }
      if let element { each(element, &bytes) } else { bytes.append(contentsOf: "NULL".utf8) }
    }
    bytes.append(UInt8(ascii: "}"))
  }
}
