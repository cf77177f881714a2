/// The tables that a projection needs, as statements that make those which are missing.
public enum ProjectionSchema {
  /// All tables of a projection, its own last.
  public static func statements(_ definition: ProjectionDefinition, _ dialect: DatabaseDialect) -> [String] {
    own(dialect) + (definition.table.map { [table($0, dialect)] } ?? [])
  }

  /// The statements that put a generation's table in the place of the current one, whose name becomes that of its own
  /// generation.
  static func swap(
    _ table: ProjectionTable, from old: Int, to new: Int, _ dialect: DatabaseDialect
  ) -> [String] {
    let current = dialect.quoted(table)
    return [
      "alter table \(current) rename to \(dialect.quoted(table.built(in: old).name))",
      "alter table \(dialect.quoted(table.built(in: new))) rename to \(dialect.quoted(table.name))",
    ]
  }

  /// The names of the tables that say where projections stand, and of the one with events that were set aside.
  static let ownTables = ["projection", "position", "event"].map { "sequitur_\($0)" }

  /// Where projections stand, and events that were set aside.
  static func own(_ dialect: DatabaseDialect) -> [String] {
    let (wide, bytes, moment, end) = (dialect.wide, dialect.bytes, dialect.moment, dialect.tableEnd)
    return [
      """
      create table if not exists sequitur_projection (
        projection text not null primary key,
        generation integer not null,
        definition text not null,
        next_generation integer,
        next_definition text,
        application text not null,
        topic text not null,
        cluster text not null,
        partitions integer not null,
        paused integer not null default 0,
        begun_at \(moment) not null
      )\(end)
      """,
      """
      create table if not exists sequitur_position (
        projection text not null,
        generation integer not null,
        partition integer not null,
        next_offset \(wide) not null,
        next_command \(wide),
        covered \(wide) not null default 0,
        events \(wide) not null default 0,
        unmatched \(wide) not null default 0,
        last_offset \(wide),
        last_id text,
        last_timestamp \(wide),
        parked_changes \(wide) not null default 0,
        stopped_offset \(wide),
        stopped_reason text,
        skip_offset \(wide),
        changed_at \(moment) not null,
        primary key (projection, generation, partition)
      )\(end)
      """,
      """
      create table if not exists sequitur_event (
        projection text not null,
        generation integer not null,
        partition integer not null,
        event_offset \(wide) not null,
        fate text not null,
        command \(wide) not null,
        key \(bytes) not null,
        version \(wide) not null,
        type text not null,
        id text not null,
        payload \(bytes),
        headers \(bytes) not null,
        event_timestamp \(wide) not null,
        reason text not null,
        set_aside_at \(moment) not null,
        primary key (projection, generation, partition, event_offset)
      )\(end)
      """,
    ]
  }

  /// A projection's table.
  static func table(_ table: ProjectionTable, _ dialect: DatabaseDialect) -> String {
    var lines: [String] = []
    for (index, column) in table.columns.enumerated() {
      let name = dialect.quoted(column.name)
      let null = table.keyColumns.contains(index) ? " not null" : ""
      switch dialect {
      case .postgreSQL: lines.append("  \(name) \(column.type)\(null)")
      case .sqlite: lines.append("  \(name) \(column.type.sqlite)\(null)\(check(column.type, name))")
      }
    }
    let key = table.columns[table.keyColumns].map { dialect.quoted($0.name) }
    lines.append("  primary key (\(key.joined(separator: ", ")))")
    return "create table if not exists \(dialect.quoted(table)) (\n" + lines.joined(separator: ",\n")
      + "\n)\(dialect.tableEnd)"
  }

  /// What SQLite's types do not say.
  private static func check(_ type: ColumnType, _ name: String) -> String {
    switch type.kind {
    case .integer(let bits) where bits < 64:
      " check (\(name) between \(-(1 << (bits - 1))) and \((1 << (bits - 1)) - 1))"
    case .boolean: " check (\(name) in (0, 1))"
    case .json: " check (\(name) is null or json_valid(\(name)))"
    case .text, .integer, .numeric, .double, .timestamp, .date, .bytes, .uuid, .other: ""
    }
  }
}
