/// What one event does to one row, with its values.
struct RowChange: Sendable, Hashable {
  /// What rows must have in common to be changed by one statement.
  struct Shape: Sendable, Hashable {
    let kind: RowRule.Kind
    /// Columns that are set, in ascending order.
    var sets: [Int]
    /// Columns that something is added to, in ascending order.
    let increments: [Int]
  }

  private(set) var shape: Shape
  let key: [Cell]
  /// As many as the shape sets.
  private(set) var sets: [Cell]
  /// As many as the shape increments.
  private(set) var increments: [Cell]

  init(_ kind: RowRule.Kind, key: [Cell], sets: [Int: Cell] = [:], increments: [Int: Cell] = [:]) {
    let setColumns = sets.keys.sorted()
    let incrementColumns = increments.keys.sorted()
    shape = Shape(kind: kind, sets: setColumns, increments: incrementColumns)
    self.key = key
    self.sets = setColumns.map { sets[$0] ?? .null }
    self.increments = incrementColumns.map { increments[$0] ?? .null }
  }

  init(_ shape: Shape, key: [Cell], sets: [Cell], increments: [Cell]) {
    self.shape = shape
    self.key = key
    self.sets = sets
    self.increments = increments
  }

  /// Takes in what a later event does to the same row, if both together are one change; else says false.
  ///
  /// A set goes over a set. Nothing is moved across a deletion or an insertion, nor a set across an increment of the same
  /// column; increments are added up where they are whole numbers, and the sum is one.
  mutating func fold(_ next: RowChange) -> Bool {
    switch (shape.kind, next.shape.kind) {
    case (.upsert, .upsert), (.upsert, .update), (.update, .update): break
    // The row may not be there: then the update does nothing, and the upsert makes it.
    case (.update, .upsert): return false
    case (.insert, _), (.delete, _), (_, .insert), (_, .delete): return false
    }
    guard shape.increments == next.shape.increments,
      !next.shape.sets.contains(where: shape.increments.contains),
      !shape.sets.contains(where: next.shape.increments.contains)
    else { return false }
    var sums: [Cell] = []
    for (left, right) in zip(increments, next.increments) {
      guard case .integer(let left) = left, case .integer(let right) = right else { return false }
      let (sum, isOver) = left.addingReportingOverflow(right)
      guard !isOver else { return false }
      sums.append(.integer(sum))
    }
    increments = sums
    if shape.sets == next.shape.sets {
      sets = next.sets
      return true
    }
    var merged: [Int: Cell] = [:]
    for (column, cell) in zip(shape.sets, sets) { merged[column] = cell }
    for (column, cell) in zip(next.shape.sets, next.sets) { merged[column] = cell }
    shape.sets = merged.keys.sorted()
    sets = shape.sets.map { merged[$0] ?? .null }
    return true
  }
}

/// What one event does, with its values: to its row first, then the statements.
struct EventChange: Sendable, Hashable {
  /// A statement with the values of its parameters.
  struct Statement: Sendable, Hashable {
    let template: SQLTemplate
    let parameters: [Cell]
  }

  var row: RowChange?
  var statements: [Statement] = []
}
