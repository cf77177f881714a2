/// Turns events into changes of rows, as a projection declares them. Pure; lives on one thread.
struct EventCompiler: ~Copyable {
  private let definition: ProjectionDefinition
  private var fields: PayloadFields

  init(_ definition: ProjectionDefinition) {
    self.definition = definition
    fields = PayloadFields(Self.paths(of: definition))
  }

  /// What an event does; nil when it has no rule.
  ///
  /// - Throws: why one of its values is not for its place. Nothing of the event is to be applied then.
  mutating func compile(_ event: ProjectedEvent) throws(ValueFault) -> EventChange? {
    guard let rule = definition.rule(for: event.type) else { return nil }
    guard rule != .ignore else { return EventChange() }
    if Self.readsPayload(rule, definition.table) { try fields.read(event.payload) }
    var change = EventChange()
    if let row = rule.row, let table = definition.table { change.row = try self.row(row, table, event) }
    for template in rule.statements {
      var parameters: [Cell] = []
      for value in template.parameters { parameters.append(try Self.parameter(try self.value(value, event))) }
      change.statements.append(EventChange.Statement(template: template, parameters: parameters))
    }
    return change
  }

  /// The row that an object's state makes.
  mutating func compileState(_ state: ProjectedEvent) throws(ValueFault) -> RowChange? {
    guard let table = definition.table else { return nil }
    try fields.read(state.payload)
    return try row(RowRule(kind: .upsert, sets: definition.state, increments: []), table, state)
  }

  private func row(
    _ rule: RowRule, _ table: ProjectionTable, _ event: ProjectedEvent
  ) throws(ValueFault) -> RowChange {
    var key: [Cell] = []
    for (index, expression) in table.key.enumerated() {
      let cell = try cell(expression, table.columns[index], event)
      guard cell != .null else {
        throw ValueFault(
          message: "Expected a value for the key column \(table.columns[index].name), but it is null")
      }
      key.append(cell)
    }
    var sets: [Int: Cell] = [:]
    for set in rule.sets { sets[set.column] = try cell(set.value, table.columns[set.column], event) }
    var increments: [Int: Cell] = [:]
    for increment in rule.increments {
      let column = table.columns[increment.column]
      let cell = try cell(increment.value, column, event)
      guard cell != .null else {
        throw ValueFault(message: "Expected a number to add to \(column.name), but it is null")
      }
      increments[increment.column] = cell
    }
    return RowChange(rule.kind, key: key, sets: sets, increments: increments)
  }

  private func cell(
    _ expression: ValueExpression, _ column: ProjectionTable.Column, _ event: ProjectedEvent
  ) throws(ValueFault) -> Cell {
    let value = try value(expression, event, asBytes: column.type.kind == .bytes)
    do throws(ValueFault) {
      return try column.type.cell(value)
    } catch {
      throw ValueFault(message: "\(error.message), for the column \(column.name)")
    }
  }

  /// - Parameter asBytes: keys, headers and payloads go into columns of bytes as they are.
  private func value(
    _ expression: ValueExpression, _ event: ProjectedEvent, asBytes: Bool = false
  ) throws(ValueFault) -> EventValue {
    func decoded(_ bytes: [UInt8]?) -> EventValue {
      guard let bytes else { return .null }
      guard !asBytes, let text = String(validating: bytes, as: UTF8.self) else { return .bytes(bytes) }
      return .text(text)
    }
    switch expression {
    case .key: return decoded(event.key)
    case .version: return .number(String(event.version))
    case .type: return .text(event.type)
    case .time: return .text(event.time)
    case .id: return .text(event.id)
    case .partition: return .number(String(event.partition))
    case .offset: return .number(String(event.offset))
    case .payload:
      let value = decoded(event.payload)
      // Into a column of JSON it goes as the document that it is.
      if case .text(let text) = value { return .json(text) }
      return value
    case .header(let name):
      return decoded(event.header(name))
    case .field(let path): return fields.value(path)
    case .constant(.null): return .null
    case .constant(.boolean(let value)): return .boolean(value)
    case .constant(.number(let text)): return .number(text)
    case .constant(.text(let text)): return .text(text)
    }
  }

  /// What a statement gets: its types are the database's affair.
  private static func parameter(_ value: EventValue) throws(ValueFault) -> Cell {
    switch value {
    case .null: return .null
    case .boolean(let value): return .boolean(value)
    case .number(let text): return Int64(text).map(Cell.integer) ?? .number(text)
    case .text, .json: return try ColumnType.text.cell(value)
    case .bytes(let bytes): return .bytes(bytes)
    }
  }

  // MARK: What is read

  private static func paths(of definition: ProjectionDefinition) -> [[String]] {
    let rules = Array(definition.rules.values) + [definition.otherwise].compactMap { $0 }
    let all =
      rules.flatMap { values(of: $0, definition.table) } + definition.state.map(\.value)
      + (definition.table?.key ?? [])
    return all.compactMap { if case .field(let path) = $0 { path } else { nil } }
  }

  private static func values(of rule: EventRule, _ table: ProjectionTable?) -> [ValueExpression] {
    let row = rule.row.map { row in
      row.sets.map(\.value) + row.increments.map(\.value) + (table?.key ?? [])
    }
    return (row ?? []) + rule.statements.flatMap(\.parameters)
  }

  private static func readsPayload(_ rule: EventRule, _ table: ProjectionTable?) -> Bool {
    values(of: rule, table).contains { if case .field = $0 { true } else { false } }
  }
}
