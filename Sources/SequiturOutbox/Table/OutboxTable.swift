import PostgreSQL

/// The table that rows come from, and the one beside it for rows that cannot be sent.
///
/// The defaults are those of the table that ``OutboxSchema`` makes. An existing table can serve: name it, and its columns.
/// `id` must be unique and never used again; rows go out in its order, for each key. Of the others only `key` must be
/// there.
public struct OutboxTable: Sendable, Hashable {
  /// What a column is for.
  public enum Role: String, CaseIterable, Sendable {
    /// Identifies and orders the rows: a number, a UUID of version 7 … Not null.
    case id
    /// The object's key: text, bytes, or anything with a text form.
    case key
    /// The command's type, the header `ce_type`.
    case type
    /// The command itself: bytes as they are, anything else in its text form.
    case payload
    /// More headers, a JSON object of texts: `json` or `jsonb`.
    case headers
    /// The command's id, the header `ce_id`.
    case commandID = "command-id"
    /// When the row was made; only shown.
    case createdAt = "created-at"

    /// Whether a table can do without it.
    public var isOptional: Bool { self != .id && self != .key }

    /// The column's name where it is not mapped.
    public var standard: String {
      switch self {
      case .commandID: "command_id"
      case .createdAt: "created_at"
      case .id, .key, .type, .payload, .headers: rawValue
      }
    }
  }

  /// The table's name, `outbox` or `schema.outbox`; a part that is no plain name in double quotes.
  public var name: String
  /// By role: the column's name where it is another one than the standard; empty where there is none.
  public var columns: [Role: String]

  /// A table by name; see the properties.
  public init(name: String = "outbox", columns: [Role: String] = [:]) {
    self.name = name
    self.columns = columns
  }

  /// The column's name; nil when the table has none for the role.
  public func column(_ role: Role) -> String? {
    let name = columns[role] ?? role.standard
    return name.isEmpty ? nil : name
  }

  /// The name of the table for rows that cannot be sent: the table's own with `_parked` behind it.
  public var parkedName: String {
    name.hasSuffix("\"") ? "\(name.dropLast())_parked\"" : "\(name)_parked"
  }

  /// The table as it stands in a statement.
  func quotedName() throws(PostgreSQLError) -> String { try SQLText.qualifiedIdentifier(name) }

  /// The table of parked rows as it stands in a statement.
  func quotedParkedName() throws(PostgreSQLError) -> String { try SQLText.qualifiedIdentifier(parkedName) }
}
