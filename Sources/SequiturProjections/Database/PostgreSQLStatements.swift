import PostgreSQL

/// The statements that change rows of one shape, and their rows: as arrays for `unnest`, or as the text of a COPY.
enum PostgreSQLStatements {
  /// The columns of a row: keys, what is set, what is added.
  private static func columns(_ shape: RowChange.Shape, _ table: ProjectionTable) -> [Int] {
    Array(table.keyColumns) + shape.sets + shape.increments
  }

  /// What the array of a column's values is made of: types that the database alone knows go as text, and are cast.
  private static func element(_ type: ColumnType) -> PostgreSQLArray.Element {
    switch type.kind {
    case .integer(16): .smallint
    case .integer(32): .integer
    case .integer: .bigint
    case .boolean: .boolean
    case .bytes: .bytes
    case .text, .numeric, .double, .timestamp, .date, .json, .uuid, .other: .text
    }
  }

  /// Each column's values, in the order of ``statement(_:_:)``.
  static func arrays(
    _ group: BatchFolder.RowGroup, _ rows: borrowing RowBuffer, _ table: ProjectionTable
  ) -> [PostgreSQLParameter] {
    var arrays: [PostgreSQLParameter] = []
    for (index, column) in columns(group.shape, table).enumerated() {
      var array = PostgreSQLArray(of: element(table.columns[column].type), byteCount: 16 * group.rows.count)
      for row in group.rows {
        let cell = rows.cell(row, index)
        switch (cell.kind, array.element) {
        case (.null, _): array.appendNull()
        case (.integer, .smallint), (.integer, .integer), (.integer, .bigint): array.append(cell.value)
        case (.boolean, .boolean): array.append(cell.value != 0)
        case (.number, .text), (.text, .text), (.bytes, .bytes): array.append(rows.bytes(of: cell))
        default: preconditionFailure("a cell of the kind \(cell.kind) in a column of \(array.element)")
        }
      }
      arrays.append(.array(array))
    }
    return arrays
  }

  /// The same rows for ``copyStatement(_:_:)``.
  static func copy(_ group: BatchFolder.RowGroup, _ rows: borrowing RowBuffer) -> CopyText {
    var text = CopyText(byteCount: 64 * group.rows.count)
    for row in group.rows {
      for index in 0..<rows.width(of: row) {
        let cell = rows.cell(row, index)
        switch cell.kind {
        case .null: text.appendNull()
        case .integer: text.append(cell.value)
        case .boolean: text.append(cell.value != 0)
        case .number, .text: text.append(rows.bytes(of: cell))
        case .bytes: text.append(bytea: rows.bytes(of: cell))
        }
      }
      text.endRow()
    }
    return text
  }

  static func copyStatement(_ shape: RowChange.Shape, _ table: ProjectionTable) -> String {
    let dialect = DatabaseDialect.postgreSQL
    let names = columns(shape, table).map { dialect.quoted(table.columns[$0].name) }
    return "copy \(dialect.quoted(table)) (\(names.joined(separator: ", "))) from stdin"
  }

  static func statement(_ shape: RowChange.Shape, _ table: ProjectionTable) -> String {
    let dialect = DatabaseDialect.postgreSQL
    let columns = columns(shape, table)
    func name(_ column: Int) -> String { dialect.quoted(table.columns[column].name) }
    /// A column's value in the rows that are given, as its type.
    func value(_ column: Int) -> String {
      "r.c\(columns.firstIndex(of: column) ?? 0)::\(table.columns[column].type.unbounded)"
    }
    let arrays = columns.enumerated().map { "$\($0 + 1)::\(element(table.columns[$1].type).sql)[]" }
      .joined(separator: ", ")
    let names = columns.indices.map { "c\($0)" }.joined(separator: ", ")
    let rows = "unnest(\(arrays)) as r (\(names))"
    let target = dialect.quoted(table)
    let isKey = table.keyColumns.map { "t.\(name($0)) = \(value($0))" }.joined(separator: " and ")
    switch shape.kind {
    case .insert, .upsert:
      let insert =
        "insert into \(target) as t (\(columns.map(name).joined(separator: ", "))) "
        + "select \(columns.map(value).joined(separator: ", ")) from \(rows)"
      guard shape.kind == .upsert else { return insert }
      let sets =
        shape.sets.map { "\(name($0)) = excluded.\(name($0))" }
        + shape.increments.map { "\(name($0)) = coalesce(t.\(name($0)), 0) + excluded.\(name($0))" }
      let action = sets.isEmpty ? "nothing" : "update set \(sets.joined(separator: ", "))"
      return "\(insert) on conflict (\(table.keyColumns.map(name).joined(separator: ", "))) do \(action)"
    case .update:
      let sets =
        shape.sets.map { "\(name($0)) = \(value($0))" }
        + shape.increments.map { "\(name($0)) = coalesce(t.\(name($0)), 0) + \(value($0))" }
      return "update \(target) as t set \(sets.joined(separator: ", ")) from \(rows) where \(isKey)"
    case .delete:
      return "delete from \(target) as t using \(rows) where \(isKey)"
    }
  }
}

extension PostgreSQLArray.Element {
  fileprivate var sql: String { self == .bytes ? "bytea" : "\(self)" }
}
