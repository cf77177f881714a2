import CPostgreSQL

/// A connection string that libpq can read, looked at before any text of libpq's about it could show a secret.
///
/// libpq's messages quote what they could not read. In a URL whose password holds an `@` or a `/` that is not
/// percent-encoded, the rest of the password is taken for the host, the port or the database, and would be shown.
struct ConnectionString {
  let text: String

  /// - Throws: `invalidArgument`, without a word of the string itself.
  init(_ text: String) throws(PostgreSQLError) {
    guard !text.utf8.contains(0) else { throw Self.refused("it holds the character NUL") }
    self.text = text
    let values = try Self.parse(text)
    guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") else { return }
    let isPort = (values["port"] ?? "").allSatisfy { $0.isNumber || $0 == "," }
    let mayHoldSecret = ["host", "hostaddr", "dbname", "user"].contains { values[$0]?.contains("@") == true }
    guard isPort, !mayHoldSecret else {
      throw Self.refused(
        "its host, port or database cannot be told from the password: "
          + "in a URL, write @ as %40, : as %3A, / as %2F and % as %25")
    }
  }

  /// The options that the string itself gives; without environment and service (`PQconninfoParse`).
  private static func parse(_ text: String) throws(PostgreSQLError) -> [String: String] {
    var reason: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(text, &reason) else {
      let shown = reason.map { withoutQuotes(PostgreSQLError.oneLine($0)) } ?? "memory is short"
      if let reason { PQfreemem(reason) }
      throw refused(shown)
    }
    defer { PQconninfoFree(options) }
    return values(of: options)
  }

  /// The keywords of a list of libpq's that have a value.
  static func values(of options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    return values
  }

  /// libpq's text without what it quotes, single characters aside: a quoted text may hold quotes itself, so everything up
  /// to the last one goes.
  static func withoutQuotes(_ text: String) -> String {
    var shown = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "\"") {
      shown += rest[..<open]
      let inside = rest[rest.index(after: open)...]
      guard let close = inside.firstIndex(of: "\""), let last = inside.lastIndex(of: "\"") else {
        return shown + "…"
      }
      if inside.distance(from: inside.startIndex, to: close) == 1 {
        shown += "\"\(inside[..<close])\""
        rest = inside[inside.index(after: close)...]
      } else {
        return shown + "…" + inside[inside.index(after: last)...]
      }
    }
    return shown + rest
  }

  private static func refused(_ reason: String) -> PostgreSQLError {
    PostgreSQLError(
      kind: .invalidArgument, operation: "read the connection string", message: reason)
  }
}
