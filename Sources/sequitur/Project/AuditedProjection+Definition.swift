import ReadableText
import SequiturAudit
import SequiturProjections

extension AuditedProjection {
  /// What the audit is told of a projection: what its file declares.
  init(_ definition: ProjectionDefinition) {
    let table = definition.table
    let rules = Array(definition.rules.values) + (definition.otherwise.map { [$0] } ?? [])
    let statements = rules.flatMap(\.statements)
    self.init(
      name: definition.name, generation: definition.generation,
      beginsWithEvents: definition.source == .events,
      schema: table?.schema, table: table?.name,
      columns: table?.columns.map { Column(name: $0.name, kind: Kind($0.type)) } ?? [],
      key: table?.key.map(Value.init) ?? [], rules: definition.rules.mapValues(Rule.init),
      otherwise: definition.otherwise.map(Rule.init),
      hasStatementsOnTable: statements.contains { statement in
        table.map { statement.text.lowercased().contains($0.name.lowercased()) } ?? false
      })
  }
}

extension AuditedProjection.Rule {
  init(_ rule: EventRule) {
    guard let row = rule.row else {
      self.init(change: nil, sets: [], increments: [])
      return
    }
    let change: Change =
      switch row.kind {
      case .upsert: .upsert
      case .update: .update
      case .insert: .insert
      case .delete: .delete
      }
    self.init(
      change: change, sets: row.sets.map { ($0.column, AuditedProjection.Value($0.value)) },
      increments: row.increments.map { ($0.column, AuditedProjection.Value($0.value)) })
  }
}

extension AuditedProjection.Value {
  init(_ value: ValueExpression) {
    switch value {
    case .key: self = .key
    case .version: self = .version
    case .type: self = .type
    case .time: self = .time
    case .id: self = .id
    case .partition: self = .partition
    case .offset: self = .offset
    case .payload: self = .payload
    case .header(let name): self = .header(name)
    case .field(let path): self = .field(path)
    case .constant(.null): self = .null
    case .constant(.boolean(let value)): self = .boolean(value)
    case .constant(.number(let text)): self = .number(text)
    case .constant(.text(let text)): self = .text(text)
    }
  }
}

extension AuditedProjection.Kind {
  init(_ type: ColumnType) {
    switch type.kind {
    case .text: self = .text
    case .integer: self = .integer
    case .numeric: self = .numeric
    case .double: self = type.description == "real" ? .real : .double
    case .boolean: self = .boolean
    case .timestamp: self = .timestamp
    case .date: self = .date
    case .json: self = .json
    case .bytes: self = .bytes
    case .uuid: self = .uuid
    case .other: self = .other
    }
  }
}

extension TableAuditReport {
  /// The report for people.
  var table: String {
    var lines = [
      "\(projection), generation \(generation): \(partitions.counted("partition")), \(events.counted("event")), "
        + "\(rows.counted("row")), \(faultCount.counted("fault"))"
    ]
    lines += notes.map { "note: \($0)." }
    lines += faults.map { "fault: \($0)." }
    if faultCount > faults.count {
      lines.append("… and \((faultCount - faults.count).counted("more fault")).")
    }
    return lines.joined(separator: "\n")
  }
}
