/// Names and texts made safe to stand in a statement.
public enum SQLText {
  /// A name in double quotes: of a table, a column, a channel. PostgreSQL cuts names longer than 63 bytes.
  /// - Throws: `invalidArgument` for an empty one, `nulInText`.
  public static func identifier(_ name: String) throws(PostgreSQLError) -> String {
    try check(name)
    guard !name.isEmpty else {
      throw PostgreSQLError(kind: .invalidArgument, operation: "quote a name", message: "it is empty")
    }
    return "\"\(name.replacing("\"", with: "\"\""))\""
  }

  /// A name with its parts, `schema.table`, each part in double quotes; a part may itself be given in double quotes, and
  /// then hold a period.
  /// - Throws: `invalidArgument` for an empty part or an open quote, `nulInText`.
  public static func qualifiedIdentifier(_ name: String) throws(PostgreSQLError) -> String {
    var quoted: [String] = []
    for part in try parts(of: name) { quoted.append(try identifier(part)) }
    return quoted.joined(separator: ".")
  }

  /// The parts of a name such as `shop.orders` or `"my.shop".orders`, without their quotes.
  /// - Throws: `invalidArgument` for an open quote.
  public static func parts(of name: String) throws(PostgreSQLError) -> [String] {
    var parts = [""]
    var isQuoted = false
    var rest = name[...]
    while let character = rest.popFirst() {
      if character == "\"" {
        if isQuoted, rest.first == "\"" {
          parts[parts.count - 1].append(rest.removeFirst())
        } else {
          isQuoted.toggle()
        }
      } else if character == ".", !isQuoted {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    guard !isQuoted else {
      throw PostgreSQLError(
        kind: .invalidArgument, operation: "quote a name", message: "a quote in it is not closed")
    }
    return parts
  }

  /// A text as a literal, right whatever `standard_conforming_strings` is.
  /// - Throws: `nulInText`.
  public static func literal(_ text: String) throws(PostgreSQLError) -> String {
    try check(text)
    let quoted = "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "''"))'"
    return text.contains("\\") ? "E\(quoted)" : quoted
  }

  private static func check(_ text: String) throws(PostgreSQLError) {
    guard !text.utf8.contains(0) else {
      throw PostgreSQLError(
        kind: .nulInText, operation: "quote a text",
        message: "it holds the character NUL, which PostgreSQL cannot store")
    }
  }
}
