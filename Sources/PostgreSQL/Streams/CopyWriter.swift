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

  /// Writes rows in the text form, the default of COPY.
  /// - Throws: `nulInText`; as ``write(_:)-(UnsafeRawBufferPointer)``.
  public func write(_ rows: CopyText) throws(PostgreSQLError) {
    guard !rows.hasNUL else {
      throw PostgreSQLError(
        kind: .nulInText, operation: operation,
        message: "a value of a row holds the character NUL, which PostgreSQL cannot store")
    }
    try rows.bytes.withUnsafeBufferPointer { bytes throws(PostgreSQLError) in
      try write(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Writes one row in the text form; nil is NULL.
  /// - Throws: as ``write(_:)-(CopyText)``.
  public func writeRow(_ values: [String?]) throws(PostgreSQLError) {
    var row = CopyText()
    for value in values {
      if let value { row.append(value) } else { row.appendNull() }
    }
    row.endRow()
    try write(row)
  }
}
