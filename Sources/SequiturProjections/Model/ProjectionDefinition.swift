/// A projection as its file declares it: which events become which rows.
///
/// ``ProjectionFile`` reads it. Column indices in rules are those of ``ProjectionTable/columns``.
public struct ProjectionDefinition: Sendable, Hashable {
  /// Where a projection without a position begins.
  public enum Source: String, Sendable, Hashable, CaseIterable {
    /// The valid topic from its first record, which must be there.
    case events
    /// The state of every object, then the events behind it.
    case state
    /// What is committed after the first start.
    case now
  }

  /// What becomes of an event that the database, or its column, does not take.
  public enum ErrorPolicy: String, Sendable, Hashable, CaseIterable {
    /// The partition waits, and says so.
    case stop
    /// The key's events wait in order in a table, until somebody retries them.
    case parkKey = "park-key"
    /// The event is written into a table, and the projection goes on.
    case record
  }

  /// Its name in the database, and part of its consumer group's.
  public var name: String
  /// Raised where the table is to be built anew.
  public var generation: Int
  /// Where it begins.
  public var source: Source
  /// What becomes of an event that is not taken.
  public var onError: ErrorPolicy
  /// The table that row rules write; nil when there are only statements.
  public var table: ProjectionTable?
  /// By event type.
  public var rules: [String: EventRule]
  /// For the types that have no rule of their own; nil: they change nothing.
  public var otherwise: EventRule?
  /// What an object's state sets, for ``Source/state``.
  public var state: [ColumnValue]

  /// The same with the table that its generation has while another one is the current one.
  func built() -> ProjectionDefinition {
    var built = self
    built.table = table?.built(in: generation)
    return built
  }

  /// The rule for an event type; nil when it changes nothing.
  public func rule(for type: String) -> EventRule? { rules[type] ?? otherwise }
}

/// A table and its key.
public struct ProjectionTable: Sendable, Hashable {
  /// A column and its type.
  public struct Column: Sendable, Hashable {
    public let name: String
    public let type: ColumnType
  }

  /// The schema, as in `shop.orders`; nil for the connection's own.
  public let schema: String?
  /// The name without the schema.
  public let name: String
  /// The key's columns first, then the others as the file has them.
  public let columns: [Column]
  /// What the key's columns are of an event: as many values as key columns.
  public let key: [ValueExpression]

  /// The indices of the key's columns.
  public var keyColumns: Range<Int> { 0..<key.count }

  /// The table in which a generation is built beside the current one, like `orders__g2`.
  func built(in generation: Int) -> ProjectionTable {
    ProjectionTable(schema: schema, name: "\(name)__g\(generation)", columns: columns, key: key)
  }
}

/// What an event does.
public struct EventRule: Sendable, Hashable {
  /// What it does to its row; nil for nothing.
  public var row: RowRule?
  /// Statements that are run behind it, in this order.
  public var statements: [SQLTemplate]

  /// An event type that is known and changes nothing.
  public static let ignore = EventRule(row: nil, statements: [])
}

/// What an event does to the row of its key.
public struct RowRule: Sendable, Hashable {
  /// The kinds of changes.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Makes the row, or sets columns of the one that is there.
    case upsert
    /// Sets columns of the row, if it is there.
    case update
    /// Makes the row, which must not be there.
    case insert
    case delete
  }

  public let kind: Kind
  /// Columns and what they are set to.
  public let sets: [ColumnValue]
  /// Columns and what is added to them; null counts as 0.
  public let increments: [ColumnValue]
}

/// A column and a value of an event.
public struct ColumnValue: Sendable, Hashable {
  /// In ``ProjectionTable/columns``.
  public let column: Int
  public let value: ValueExpression
}

/// A value that is taken from an event.
public enum ValueExpression: Sendable, Hashable {
  /// `$key`: the object key.
  case key
  /// `$version`: the object version.
  case version
  /// `$type`: the event type.
  case type
  /// `$time`: when the command was made, RFC 3339.
  case time
  /// `$id`: the event's id, `ce_id`.
  case id
  /// `$partition`.
  case partition
  /// `$offset` of the event on the valid topic.
  case offset
  /// `$payload`, as it is.
  case payload
  /// `$header.NAME`.
  case header(String)
  /// A place within the payload, member by member; a number is also an index of a list.
  case field([String])
  case constant(Constant)

  /// A value that stands in the file.
  public enum Constant: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// As it is written.
    case number(String)
    case text(String)
  }
}
