/// A column's type, as the file names it in PostgreSQL's words.
public struct ColumnType: Sendable, Hashable, CustomStringConvertible {
  /// What values of it are.
  public enum Kind: Sendable, Hashable {
    case text
    /// Whole numbers of so many bits.
    case integer(bits: Int)
    /// Exact numbers of any length.
    case numeric
    case double
    case boolean
    /// A moment, with an offset from UTC.
    case timestamp
    case date
    case json
    case bytes
    case uuid
    /// A type that only the database knows: it gets text, and judges it.
    case other
  }

  /// As it is written, in lower case.
  public let description: String
  public let kind: Kind
  /// Without its length or precision. A cast to a type with one cuts off what is too long, and rounds; storing a value into a
  /// column does not, or says so.
  let unbounded: String
  /// How many characters a text may have; nil where that is not told.
  let length: Int?
  /// How many digits a number may have; nil where that is not told.
  let precision: Precision?

  /// Digits in all, and those of them behind the point.
  struct Precision: Sendable, Hashable {
    let digits: Int
    let scale: Int
  }

  /// The type of this name; nil when it cannot be the name of one.
  public init?(_ name: String) {
    let name = name.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard Self.isName(name) else { return nil }
    description = name
    unbounded = name.replacing(/\ ?\([^)]*\)/, with: "")
    kind = Self.kinds[unbounded] ?? .other
    let arguments = Self.arguments(name)
    switch kind {
    case .text:
      let isBounded = unbounded != "text" && unbounded != "citext"
      length = isBounded ? arguments?.first ?? (unbounded == "char" ? 1 : nil) : nil
      precision = nil
    case .numeric:
      length = nil
      precision = arguments.map { Precision(digits: $0[0], scale: $0.count > 1 ? $0[1] : 0) }
    case .integer, .double, .boolean, .timestamp, .date, .json, .bytes, .uuid, .other:
      length = nil
      precision = nil
    }
  }

  /// The type of a key whose type is not told.
  public static let text = ColumnType("text")!

  /// The types whose values are checked before the database sees them.
  public static var known: [String] { kinds.keys.sorted() }

  private static let kinds: [String: Kind] = [
    "text": .text, "varchar": .text, "character varying": .text, "char": .text, "citext": .text,
    "smallint": .integer(bits: 16), "int2": .integer(bits: 16), "integer": .integer(bits: 32),
    "int": .integer(bits: 32), "int4": .integer(bits: 32), "bigint": .integer(bits: 64),
    "int8": .integer(bits: 64), "numeric": .numeric, "decimal": .numeric, "real": .double,
    "float8": .double, "double precision": .double, "boolean": .boolean, "bool": .boolean,
    "timestamptz": .timestamp, "timestamp with time zone": .timestamp, "date": .date, "json": .json,
    "jsonb": .json, "bytea": .bytes, "uuid": .uuid,
  ]

  /// Words, a length or precision in parentheses behind them, and marks of arrays: nothing that could end a statement.
  private static func isName(_ name: String) -> Bool {
    name.utf8.count <= 100
      && name.wholeMatch(of: /[a-z_][a-z0-9_.]*( [a-z][a-z0-9_]*)*( ?\( ?[0-9]+( ?, ?[0-9]+)? ?\))?(\[\])*/)
        != nil
  }

  /// Whether two values of it are equal to the database only where they are the same cell: a key's rows are told apart by cells.
  var isKey: Bool {
    switch kind {
    case .integer, .boolean, .date, .bytes, .uuid: true
    case .text: ["text", "varchar", "character varying"].contains(unbounded)
    case .numeric, .double, .timestamp, .json, .other: false
    }
  }

  /// What stands in parentheses.
  private static func arguments(_ name: String) -> [Int]? {
    guard let match = name.firstMatch(of: /\( ?([0-9]+)(?: ?, ?([0-9]+))? ?\)/), let first = Int(match.1)
    else {
      return nil
    }
    return [first] + (match.2.flatMap { Int($0) }.map { [$0] } ?? [])
  }

  /// What SQLite's strict tables call it.
  var sqlite: String {
    switch kind {
    case .integer, .boolean: "integer"
    case .double: "real"
    case .bytes: "blob"
    case .text, .numeric, .timestamp, .date, .json, .uuid, .other: "text"
    }
  }
}
