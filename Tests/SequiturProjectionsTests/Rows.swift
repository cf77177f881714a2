import SequiturFollower

@testable import SequiturProjections

extension RowChange {
  init(_ kind: RowRule.Kind, key: [Cell], sets: [Int: Cell] = [:], increments: [Int: Cell] = [:]) {
    let setColumns = sets.keys.sorted()
    let incrementColumns = increments.keys.sorted()
    self.init(
      Shape(kind: kind, sets: setColumns, increments: incrementColumns), key: key,
      sets: setColumns.map { sets[$0] ?? .null }, increments: incrementColumns.map { increments[$0] ?? .null }
    )
  }
}

/// Changes put together, as values of their own.
enum Folded: Equatable {
  case rows([RowChange])
  case statement(EventChange.Statement)

  static func steps(
    _ changes: [(row: RowChange?, statements: [EventChange.Statement])]
  ) -> [Folded] {
    var rows = RowBuffer()
    var folder = BatchFolder()
    return steps(changes, &rows, &folder)
  }

  static func steps(
    _ changes: [(row: RowChange?, statements: [EventChange.Statement])], _ rows: inout RowBuffer,
    _ folder: inout BatchFolder
  ) -> [Folded] {
    rows.removeAll()
    var numbered: [EventChange] = []
    for change in changes {
      var number: Int?
      if let row = change.row { number = rows.append(row) }
      numbered.append(EventChange(row: number, statements: change.statements))
    }
    var steps: [Folded] = []
    for step in folder.steps(for: numbered, &rows) {
      switch step {
      case .rows(let group): steps.append(.rows(group.rows.map { rows.change($0) }))
      case .statement(let statement): steps.append(.statement(statement))
      }
    }
    return steps
  }
}

extension ProjectionDatabase {
  /// Does changes of rows, put together.
  func apply(_ changes: [RowChange], to table: ProjectionTable?) throws(DatabaseFailure) -> Int {
    var rows = RowBuffer()
    var folder = BatchFolder()
    var numbered: [EventChange] = []
    for change in changes { numbered.append(EventChange(row: rows.append(change))) }
    let steps = folder.steps(for: numbered, &rows)
    return try apply(steps, of: rows, to: table)
  }
}

/// What one event does, its row as a value of its own.
struct CompiledEvent {
  let row: RowChange?
  let statements: [EventChange.Statement]

  /// Nil where the event has no rule.
  init?(_ event: ProjectedEvent, _ definition: ProjectionDefinition) throws(ValueFault) {
    var compiler = EventCompiler(definition)
    var rows = RowBuffer()
    let change = try event.withLentRecord { record throws(ValueFault) in
      try compiler.compile(record, of: event.partition, into: &rows)
    }
    guard let change else { return nil }
    var row: RowChange?
    if let number = change.row { row = rows.change(number) }
    self.row = row
    statements = change.statements
  }
}
