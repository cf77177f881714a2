/// Takes the data of a COPY into a table.
public struct CopyWriter: ~Copyable {
  private let handle: ConnectionHandle
  private let operation: String

  init(_ handle: ConnectionHandle, _ operation: String) {
    self.handle = handle
    self.operation = operation
  }

  /// Writes bytes in the form that the statement asked for; pieces need not end with a row.
  /// - Throws: `connectionLost`, `timedOut`. That the server refuses a row is often told only at the end.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(PostgreSQLError) {
    try handle.put(bytes, operation)
  }

  /// Writes one row in the text form, the default of COPY: values separated by tabs, nil as `\N`.
  /// - Throws: `nulInText`; as ``write(_:)``.
  public func writeRow(_ values: [String?]) throws(PostgreSQLError) {
    var bytes: [UInt8] = []
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: "\t")) }
      guard let value else {
        bytes.append(contentsOf: #"\N"#.utf8)
        continue
      }
      try Self.append(value, column: index, to: &bytes, operation)
    }
    bytes.append(UInt8(ascii: "\n"))
    try bytes.withUnsafeBufferPointer { bytes throws(PostgreSQLError) in
      try write(UnsafeRawBufferPointer(bytes))
    }
  }

  private static func append(
    _ value: String, column: Int, to bytes: inout [UInt8], _ operation: String
  ) throws(PostgreSQLError) {
    for byte in value.utf8 {
      switch byte {
      case 0:
        throw PostgreSQLError(
          kind: .nulInText, operation: operation,
          message: "value \(column + 1) of a row holds the character NUL, which PostgreSQL cannot store")
      case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
      case UInt8(ascii: "\t"): bytes.append(contentsOf: #"\t"#.utf8)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
      case UInt8(ascii: "\r"): bytes.append(contentsOf: #"\r"#.utf8)
      default: bytes.append(byte)
      }
    }
  }
}
