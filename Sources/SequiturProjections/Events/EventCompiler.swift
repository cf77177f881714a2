/// Turns events into changes of rows, as a projection declares them. Pure; lives on one thread.
///
/// What a rule needs is found once: the shapes of its changes, and where in the payload its values stand.
struct EventCompiler: ~Copyable {
  /// Where a value is taken from.
  private enum Source {
    case event(ValueExpression)
    /// A place of the payload, as ``PayloadFields`` numbers it.
    case slot(Int)
  }

  /// A value on its way into a column.
  private struct Value {
    let source: Source
    let column: ProjectionTable.Column
  }

  private struct Rule {
    var shape: RowChange.Shape?
    var key: [Value] = []
    var sets: [Value] = []
    var increments: [Value] = []
    var statements: [(template: SQLTemplate, values: [Source])] = []
    var readsPayload = false
  }

  private var fields: PayloadFields
  private var rules: [String: Rule] = [:]
  private var otherwise: Rule?
  private var state: Rule?

  init(_ definition: ProjectionDefinition) {
    var fields = PayloadFields()
    rules = definition.rules.mapValues { Self.rule($0, definition.table, &fields) }
    otherwise = definition.otherwise.map { Self.rule($0, definition.table, &fields) }
    if definition.table != nil {
      let row = RowRule(kind: .upsert, sets: definition.state, increments: [])
      state = Self.rule(EventRule(row: row, statements: []), definition.table, &fields)
    }
    self.fields = fields
  }

  private static func rule(
    _ rule: EventRule, _ table: ProjectionTable?, _ fields: inout PayloadFields
  ) -> Rule {
    var made = Rule()
    func source(_ value: ValueExpression) -> Source {
      guard case .field(let path) = value else { return .event(value) }
      made.readsPayload = true
      return .slot(fields.slot(path))
    }
    if let row = rule.row, let table {
      let sets = row.sets.sorted { $0.column < $1.column }
      let increments = row.increments.sorted { $0.column < $1.column }
      made.shape = RowChange.Shape(
        kind: row.kind, sets: sets.map(\.column), increments: increments.map(\.column))
      made.key = table.key.enumerated().map { Value(source: source($1), column: table.columns[$0]) }
      made.sets = sets.map { Value(source: source($0.value), column: table.columns[$0.column]) }
      made.increments = increments.map { Value(source: source($0.value), column: table.columns[$0.column]) }
    }
    made.statements = rule.statements.map { ($0, $0.parameters.map(source)) }
    return made
  }

  /// What an event does; nil when it has no rule.
  ///
  /// - Throws: why one of its values is not for its place. Nothing of the event is to be applied then.
  mutating func compile(_ event: ProjectedEvent) throws(ValueFault) -> EventChange? {
    guard let rule = rules[event.type] ?? otherwise else { return nil }
    if rule.readsPayload { try fields.read(event.body) }
    var change = EventChange()
    if let shape = rule.shape { change.row = try row(rule, shape, event) }
    for (template, values) in rule.statements {
      var parameters: [Cell] = []
      for source in values { parameters.append(try Self.parameter(value(source, event))) }
      change.statements.append(EventChange.Statement(template: template, parameters: parameters))
    }
    return change
  }

  /// The row that an object's state makes.
  mutating func compileState(_ object: ProjectedEvent) throws(ValueFault) -> RowChange? {
    guard let state, let shape = state.shape else { return nil }
    try fields.read(object.body)
    return try row(state, shape, object)
  }

  private func row(
    _ rule: borrowing Rule, _ shape: RowChange.Shape, _ event: ProjectedEvent
  ) throws(ValueFault) -> RowChange {
    let key = try cells(rule.key, event) { column in
      "Expected a value for the key column \(column), but it is null"
    }
    let sets = try cells(rule.sets, event, orThrow: nil)
    let increments = try cells(rule.increments, event) { column in
      "Expected a number to add to \(column), but it is null"
    }
    return RowChange(shape, key: key, sets: sets, increments: increments)
  }

  /// - Parameter fault: what null is told as, where it is no value.
  private func cells(
    _ values: [Value], _ event: ProjectedEvent, orThrow fault: ((String) -> String)?
  ) throws(ValueFault) -> [Cell] {
    guard !values.isEmpty else { return [] }
    var cells: [Cell] = []
    cells.reserveCapacity(values.count)
    for value in values {
      let cell: Cell
      do throws(ValueFault) {
        cell = try value.column.type.cell(
          self.value(value.source, event, asBytes: value.column.type.kind == .bytes))
      } catch {
        throw ValueFault(message: "\(error.message), for the column \(value.column.name)")
      }
      if let fault, case .null = cell { throw ValueFault(message: fault(value.column.name)) }
      cells.append(cell)
    }
    return cells
  }

  /// - Parameter asBytes: keys, headers and payloads go into columns of bytes as they are.
  private func value(_ source: Source, _ event: ProjectedEvent, asBytes: Bool = false) -> EventValue {
    switch source {
    case .slot(let slot): fields.value(slot)
    case .event(let expression): Self.value(expression, event, asBytes: asBytes)
    }
  }

  private static func value(
    _ expression: ValueExpression, _ event: ProjectedEvent, asBytes: Bool
  ) -> EventValue {
    func decoded(_ bytes: some Collection<UInt8>) -> EventValue {
      guard !asBytes, let text = String(validating: bytes, as: UTF8.self) else { return .bytes(Array(bytes)) }
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
      guard let body = event.body else { return .null }
      let value = decoded(body)
      // Into a column of JSON it goes as the document that it is.
      if case .text(let text) = value { return .json(text) }
      return value
    case .header(let name): return event.header(name).map(decoded) ?? .null
    case .field: return .null
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
}
