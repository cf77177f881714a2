/// A projection as the audit of its table is told of it: what is declared, and nothing of how it is applied.
package struct AuditedProjection: Sendable {
  /// A value that is taken from an event.
  package enum Value: Sendable, Hashable {
    case key, version, type, time, id, partition, offset, payload
    case header(String)
    case field([String])
    case null
    case boolean(Bool)
    /// As it is written.
    case number(String)
    case text(String)
  }

  /// What values of a column are.
  package enum Kind: Sendable, Hashable {
    case text, integer, numeric, double, real, boolean, timestamp, date, json, bytes, uuid
    /// A type that only the database knows: its values are not judged.
    case other
  }

  package struct Column: Sendable, Hashable {
    package let name: String
    package let kind: Kind

    package init(name: String, kind: Kind) {
      self.name = name
      self.kind = kind
    }
  }

  /// What an event does to its row.
  package struct Rule: Sendable {
    package enum Change: Sendable {
      case upsert, update, insert, delete
    }

    package let change: Change?
    /// Indices of columns, and values.
    package let sets: [(column: Int, value: Value)]
    package let increments: [(column: Int, value: Value)]

    package init(
      change: Change?, sets: [(column: Int, value: Value)], increments: [(column: Int, value: Value)]
    ) {
      self.change = change
      self.sets = sets
      self.increments = increments
    }
  }

  package let name: String
  package let generation: Int
  /// Whether the table began empty, with the topic's first event.
  package let beginsWithEvents: Bool
  package let schema: String?
  /// Nil when there are statements of its own alone.
  package let table: String?
  /// The key's columns first.
  package let columns: [Column]
  package let key: [Value]
  package let rules: [String: Rule]
  package let otherwise: Rule?
  /// Whether statements of its own may change the table's rows.
  package let hasStatementsOnTable: Bool

  package init(
    name: String, generation: Int, beginsWithEvents: Bool, schema: String?, table: String?, columns: [Column],
    key: [Value], rules: [String: Rule], otherwise: Rule?, hasStatementsOnTable: Bool
  ) {
    self.name = name
    self.generation = generation
    self.beginsWithEvents = beginsWithEvents
    self.schema = schema
    self.table = table
    self.columns = columns
    self.key = key
    self.rules = rules
    self.otherwise = otherwise
    self.hasStatementsOnTable = hasStatementsOnTable
  }
}
