/// What one event does to one row, with its values.
struct RowChange: Sendable, Hashable {
  /// What rows must have in common to be changed by one statement.
  struct Shape: Sendable, Hashable {
    let kind: RowRule.Kind
    /// Columns that are set, in ascending order.
    let sets: [Int]
    /// Columns that something is added to, in ascending order.
    let increments: [Int]
  }

  let shape: Shape
  let key: [Cell]
  /// As many as the shape sets.
  let sets: [Cell]
  /// As many as the shape increments.
  let increments: [Cell]

  init(_ shape: Shape, key: [Cell], sets: [Cell], increments: [Cell]) {
    self.shape = shape
    self.key = key
    self.sets = sets
    self.increments = increments
  }
}

/// What one event does: to its row first, then the statements.
struct EventChange: Sendable, Hashable {
  /// A statement with the values of its parameters.
  struct Statement: Sendable, Hashable {
    let template: SQLTemplate
    let parameters: [Cell]
  }

  /// The row's number in a ``RowBuffer``; nil for none.
  var row: Int?
  var statements: [Statement] = []
}
