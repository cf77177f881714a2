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

/// The binary form of one-dimensional arrays of bytes (`array_send` of the server's arrayfuncs.c).
enum ByteaArray {
  static func append(_ values: [[UInt8]?], elementType: UInt32, to bytes: inout [UInt8]) {
    func append(_ value: Int) {
      withUnsafeBytes(of: Int32(truncatingIfNeeded: value).bigEndian) { bytes.append(contentsOf: $0) }
    }
    append(values.isEmpty ? 0 : 1)  // dimensions
    append(values.contains { $0 == nil } ? 1 : 0)  // whether there are NULLs
    append(Int(elementType))
    guard !values.isEmpty else { return }
    append(values.count)
    append(1)  // the first index
    for value in values {
      append(value?.count ?? -1)
      if let value { bytes.append(contentsOf: value) }
    }
  }
}
