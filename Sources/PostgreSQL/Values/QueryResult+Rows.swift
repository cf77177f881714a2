extension QueryResult {
  /// The rows, in order.
  public var rows: Rows { Rows(result: self) }

  /// The rows of a result.
  public struct Rows: RandomAccessCollection, Sendable {
    fileprivate let result: QueryResult

    /// 0.
    public var startIndex: Int { 0 }
    /// The number of rows.
    public var endIndex: Int { result.rowCount }
    /// The row of that number.
    public subscript(row: Int) -> Row {
      precondition(indices.contains(row), "there is no row \(row) in \(count)")
      return Row(result: result, number: row)
    }
  }

  /// One row of a result.
  public struct Row: Sendable {
    fileprivate let result: QueryResult
    /// The row's number, from 0.
    public let number: Int

    /// A value in text form by the column's number; nil for NULL.
    public subscript(column: Int) -> String? { result.text(row: number, column: column) }

    /// A value in text form by the column's name; nil for NULL. Traps when there is no such column.
    public subscript(name: String) -> String? {
      guard let column = result.column(named: name) else {
        preconditionFailure("there is no column \(name) among \(result.columnNames)")
      }
      return result.text(row: number, column: column)
    }

    /// All values in text form, in the order of the columns; nil for NULL.
    public var texts: [String?] { (0..<result.columnCount).map { self[$0] } }
  }
}
