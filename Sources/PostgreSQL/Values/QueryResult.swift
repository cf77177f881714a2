import CPostgreSQL

/// What one statement returned: rows of columns, and how many rows it changed.
///
/// **Thread rule.** Any thread: a result never changes (libpq's manual). It does not need its connection any more.
///
/// Rows and columns are counted from 0; a number that is out of range traps. Owner of one `PGresult`.
public final class QueryResult: Sendable {
  private let pointer: SharedPointer

  init(owning raw: OpaquePointer) { pointer = SharedPointer(raw: raw) }

  deinit { PQclear(pointer.raw) }

  private var raw: OpaquePointer { pointer.raw }

  /// The number of rows (`PQntuples`).
  public var rowCount: Int { Int(PQntuples(raw)) }
  /// The number of columns (`PQnfields`).
  public var columnCount: Int { Int(PQnfields(raw)) }
  /// The names of the columns, in order (`PQfname`).
  public var columnNames: [String] { (0..<columnCount).map { String(cString: PQfname(raw, Int32($0))) } }
  /// The types of the columns, in order, as `pg_type` numbers them (`PQftype`).
  public var columnTypes: [UInt32] { (0..<columnCount).map { PQftype(raw, Int32($0)) } }
  /// The first column of that name; nil when there is none.
  public func column(named name: String) -> Int? { columnNames.firstIndex(of: name) }

  /// The types of a described statement's parameters (`PQparamtype`).
  var parameterTypes: [UInt32] { (0..<PQnparams(raw)).map { PQparamtype(raw, $0) } }

  /// `INSERT 0 5`, `COMMIT`, `ROLLBACK` … (`PQcmdStatus`).
  public var commandTag: String { String(cString: PQcmdStatus(raw)) }
  /// How many rows an INSERT, UPDATE, DELETE, MERGE or COPY changed, or a SELECT returned; nil for others
  /// (`PQcmdTuples`).
  public var affectedRows: Int? { Int(String(cString: PQcmdTuples(raw))) }

  /// Whether the value is NULL (`PQgetisnull`).
  public func isNull(row: Int, column: Int) -> Bool {
    check(row, column)
    return PQgetisnull(raw, Int32(row), Int32(column)) == 1
  }

  /// Lends the value's bytes as the server sent them, in text or binary form as was asked; nil for NULL
  /// (`PQgetvalue`).
  public func withBytes<Value>(
    row: Int, column: Int, _ body: (UnsafeRawBufferPointer?) throws -> Value
  ) rethrows -> Value {
    if isNull(row: row, column: column) { return try body(nil) }
    let length = Int(PQgetlength(raw, Int32(row), Int32(column)))
    return try body(UnsafeRawBufferPointer(start: PQgetvalue(raw, Int32(row), Int32(column)), count: length))
  }

  /// The value in text form; nil for NULL.
  public func text(row: Int, column: Int) -> String? {
    withBytes(row: row, column: column) { bytes in bytes.map { String(decoding: $0, as: UTF8.self) } }
  }

  /// The value as a whole number, from its text form; nil for NULL.
  /// - Throws: `data` when it is none, or does not fit.
  public func integer(row: Int, column: Int) throws(PostgreSQLError) -> Int64? {
    guard let text = text(row: row, column: column) else { return nil }
    guard let value = Int64(text) else { throw unreadable("a whole number of 64 bits", column) }
    return value
  }

  /// The value as a truth value, from its text form; nil for NULL.
  /// - Throws: `data` when it is none.
  public func boolean(row: Int, column: Int) throws(PostgreSQLError) -> Bool? {
    switch text(row: row, column: column) {
    case nil: return nil
    case "t": return true
    case "f": return false
    default: throw unreadable("a truth value", column)
    }
  }

  /// The bytes of a `bytea`, in either form; nil for NULL.
  /// - Throws: `data` when a text form is not the server's hexadecimal one.
  public func bytes(row: Int, column: Int) throws(PostgreSQLError) -> [UInt8]? {
    let isBinary = PQfformat(raw, Int32(column)) == 1
    let decoded: [UInt8]?? = withBytes(row: row, column: column) { bytes in
      guard let bytes else { return .some(nil) }
      if isBinary { return [UInt8](bytes) }
      return HexadecimalBytes.decode(bytes).map { .some($0) }
    }
    guard let decoded else { throw unreadable("bytes in hexadecimal form", column) }
    return decoded
  }

  private func unreadable(_ what: String, _ column: Int) -> PostgreSQLError {
    let name = columnNames[column]
    var error = PostgreSQLError(
      kind: .data, operation: "read \(what)", message: "the column \(name) holds something else")
    error.column = name
    return error
  }

  private func check(_ row: Int, _ column: Int) {
    precondition(
      row >= 0 && row < rowCount && column >= 0 && column < columnCount,
      "there is no row \(row) and column \(column) in \(rowCount) rows of \(columnCount) columns")
  }
}

/// The server's text form of `bytea`: `\x` and two digits a byte.
enum HexadecimalBytes {
  static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count >= 2, text.count.isMultiple(of: 2), text[0] == UInt8(ascii: "\\"),
      text[1] == UInt8(ascii: "x")
    else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2 - 1)
    for index in stride(from: 2, to: text.count, by: 2) {
      guard let high = value(text[index]), let low = value(text[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
