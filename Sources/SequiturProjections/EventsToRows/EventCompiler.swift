import JSONFields
import Sequitur
import SequiturFollower

/// Turns events into changes of rows, as a projection declares them. Pure; lives on one thread.
///
/// What a rule needs is found once: the shapes of its changes, and where in the payload its values stand. Most values go from
/// the event's bytes into the row's; the others, and all that do not fit, go by way of ``EventValue``.
struct EventCompiler: ~Copyable {
  /// Where a value is taken from.
  private enum Source {
    case event(ValueExpression)
    /// A place of the payload, as ``PayloadFields`` numbers it.
    case slot(Int)
  }

  /// How a value goes from the event into its cell.
  private enum Way: BitwiseCopyable {
    /// By way of a value.
    case slowly
    /// The same for every event.
    case integer(Int64)
    /// The key, or a text of the envelope, for a column of texts.
    case key
    case id
    case type
    /// The time of the envelope, for a column of moments.
    case time
    /// The version or the offset, for a column of whole numbers.
    case version(bits: Int)
    case offset(bits: Int)
    /// A member of the payload, for a column of texts or of whole numbers.
    case text(slot: Int)
    case number(slot: Int, bits: Int)
  }

  /// A value on its way into a column.
  private struct Value {
    let source: Source
    let column: ProjectionTable.Column

    var way: Way {
      let type = column.type
      let isText = type.kind == .text && type.length == nil
      switch (source, type.kind) {
      case (.event(.key), _) where isText: return .key
      case (.event(.id), _) where isText: return .id
      case (.event(.type), _) where isText: return .type
      case (.event(.time), .timestamp): return .time
      case (.event(.version), .integer(let bits)): return .version(bits: bits)
      case (.event(.offset), .integer(let bits)): return .offset(bits: bits)
      case (.event(.constant(let constant)), .integer):
        guard case .number(let text) = constant, case .integer(let number)? = try? type.cell(.number(text))
        else { return .slowly }
        return .integer(number)
      case (.slot(let slot), _) where isText: return .text(slot: slot)
      case (.slot(let slot), .integer(let bits)): return .number(slot: slot, bits: bits)
      default: return .slowly
      }
    }
  }

  /// What null is told as, where it is no value.
  private enum Role: BitwiseCopyable {
    case key
    case set
    case increment
  }

  private struct Rule {
    /// The shape's number, as the rows have it; nil until the first row.
    var number: Int?
    var shape: RowChange.Shape?
    /// Keys, what is set, what is added.
    var values: [Value] = []
    var ways: [(way: Way, role: Role)] = []
    var keyCount = 0
    var statements: [(template: SQLTemplate, values: [Source])] = []
    var readsPayload = false
  }

  private var fields: PayloadFields
  /// By type; then the rule for all others, and that for states.
  private let types: NameTable
  private var rules: [Rule] = []
  private let otherwise: Int?
  private let state: Int?

  /// - Parameter statesAreNew: whether states make rows that are not there.
  init(_ definition: ProjectionDefinition, statesAreNew: Bool = false) {
    var fields = PayloadFields()
    let named = definition.rules.sorted { $0.key < $1.key }
    types = NameTable(named.map(\.key))
    rules = named.map { Self.rule($0.value, definition.table, &fields) }
    otherwise = definition.otherwise == nil ? nil : rules.count
    if let rule = definition.otherwise { rules.append(Self.rule(rule, definition.table, &fields)) }
    state = definition.table == nil ? nil : rules.count
    if definition.table != nil {
      let row = RowRule(kind: statesAreNew ? .insert : .upsert, sets: definition.state, increments: [])
      rules.append(Self.rule(EventRule(row: row, statements: []), definition.table, &fields))
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
      made.keyCount = table.key.count
      func add(_ value: ValueExpression, to column: Int, _ role: Role) {
        let value = Value(source: source(value), column: table.columns[column])
        made.values.append(value)
        made.ways.append((value.way, role))
      }
      for (index, value) in table.key.enumerated() { add(value, to: index, .key) }
      for set in sets { add(set.value, to: set.column, .set) }
      for increment in increments { add(increment.value, to: increment.column, .increment) }
    }
    made.statements = rule.statements.map { ($0, $0.parameters.map(source)) }
    return made
  }

  /// What an event does, its row written behind the others; nil when it has no rule.
  ///
  /// - Throws: why one of its values is not for its place. Nothing of the event is to be applied then, and no row is left.
  mutating func compile(
    _ event: LentRecord, of partition: Int32, into rows: inout RowBuffer
  ) throws(ValueFault) -> EventChange? {
    let type = event.header("ce_type") ?? UnsafeRawBufferPointer(start: nil, count: 0)
    guard let number = types.index(of: type) ?? otherwise else { return nil }
    let mark = rows.mark
    do throws(ValueFault) {
      if rules[number].readsPayload { try fields.read(event.value) }
      var change = EventChange()
      if rules[number].shape != nil { change.row = try row(number, event, partition, &rows) }
      if !rules[number].statements.isEmpty {
        change.statements = try statements(rules[number].statements, event, partition)
      }
      return change
    } catch {
      rows.rewind(to: mark)
      throw error
    }
  }

  /// The row that an object's state makes, written behind the others; its number.
  mutating func compileState(_ object: LentRecord, into rows: inout RowBuffer) throws(ValueFault) -> Int? {
    guard let state else { return nil }
    let mark = rows.mark
    do throws(ValueFault) {
      try fields.read(object.value)
      return try row(state, object, 0, &rows)
    } catch {
      rows.rewind(to: mark)
      throw error
    }
  }

  private mutating func statements(
    _ wanted: [(template: SQLTemplate, values: [Source])], _ event: LentRecord, _ partition: Int32
  ) throws(ValueFault) -> [EventChange.Statement] {
    var statements: [EventChange.Statement] = []
    for (template, values) in wanted {
      var parameters: [Cell] = []
      for source in values { parameters.append(try Self.parameter(value(source, event, partition))) }
      statements.append(EventChange.Statement(template: template, parameters: parameters))
    }
    return statements
  }

  // MARK: Rows

  private mutating func row(
    _ rule: Int, _ event: LentRecord, _ partition: Int32, _ rows: inout RowBuffer
  ) throws(ValueFault) -> Int {
    if rules[rule].number == nil, let shape = rules[rule].shape {
      rules[rule].number = rows.number(of: shape)
    }
    let row = rows.beginRow(rules[rule].number ?? 0, keyCount: rules[rule].keyCount)
    for index in 0..<rules[rule].ways.count {
      let (way, role) = rules[rule].ways[index]
      if !append(way, event, &rows) { try appendSlowly(rules[rule].values[index], event, partition, &rows) }
      if role != .set, rows.endsWithNull {
        let name = rules[rule].values[index].column.name
        throw ValueFault(
          message: role == .key
            ? "Expected a value for the key column \(name), but it is null"
            : "Expected a number to add to \(name), but it is null")
      }
    }
    return row
  }

  /// Appends a cell from the event's bytes.
  ///
  /// - Returns: false for what does not go this way, or must be looked at: nothing is appended then.
  private func append(_ way: Way, _ event: LentRecord, _ rows: inout RowBuffer) -> Bool {
    switch way {
    case .slowly: return false
    case .integer(let number): rows.append(number)
    case .key: return append(event.key, &rows)
    case .id: return append(event.header("ce_id"), &rows)
    case .type: return append(event.header("ce_type"), &rows)
    case .time:
      guard let time = event.header("ce_time"), ColumnType.isTime(time) else { return false }
      rows.append(time, as: .text)
    case .version(let bits): return append(Int64(exactly: event.version ?? 0), bits, &rows)
    case .offset(let bits): return append(event.offset, bits, &rows)
    case .text(let slot):
      guard let value = fields.scalar(slot) else { return false }
      switch value.kind {
      case CSJ_MISSING, CSJ_NULL: rows.appendNull()
      case CSJ_STRING:
        guard !value.bytes.contains(0) else { return false }
        rows.append(value.bytes, as: .text)
      default: return false
      }
    case .number(let slot, let bits):
      guard let value = fields.scalar(slot) else { return false }
      switch value.kind {
      case CSJ_MISSING, CSJ_NULL: rows.appendNull()
      case CSJ_INTEGER: return append(value.integer, bits, &rows)
      default: return false
      }
    }
    return true
  }

  /// Appends bytes of which nobody has said yet that they are a text.
  private func append(_ text: UnsafeRawBufferPointer?, _ rows: inout RowBuffer) -> Bool {
    guard let text, text.allSatisfy({ $0 &- 1 < 0x7f }) else { return false }
    rows.append(text, as: .text)
    return true
  }

  private func append(_ number: Int64?, _ bits: Int, _ rows: inout RowBuffer) -> Bool {
    guard let number, ColumnType.range(bits).contains(number) else { return false }
    rows.append(number)
    return true
  }

  private mutating func appendSlowly(
    _ value: Value, _ event: LentRecord, _ partition: Int32, _ rows: inout RowBuffer
  ) throws(ValueFault) {
    let type = value.column.type
    do throws(ValueFault) {
      rows.append(try type.cell(self.value(value.source, event, partition, asBytes: type.kind == .bytes)))
    } catch {
      throw ValueFault(message: "\(error.message), for the column \(value.column.name)")
    }
  }

  // MARK: Values

  /// - Parameter asBytes: keys, headers and payloads go into columns of bytes as they are.
  private mutating func value(
    _ source: Source, _ event: LentRecord, _ partition: Int32, asBytes: Bool = false
  ) -> EventValue {
    switch source {
    case .slot(let slot): fields.value(slot)
    case .event(let expression): Self.value(expression, event, partition, asBytes: asBytes)
    }
  }

  private static func value(
    _ expression: ValueExpression, _ event: LentRecord, _ partition: Int32, asBytes: Bool
  ) -> EventValue {
    func decoded(_ bytes: UnsafeRawBufferPointer) -> EventValue {
      guard !asBytes, let text = String(validating: bytes, as: UTF8.self) else { return .bytes(Array(bytes)) }
      return .text(text)
    }
    func text(_ name: StaticString) -> String? {
      event.header(name).map { String(decoding: $0, as: UTF8.self) }
    }
    switch expression {
    case .key: return decoded(event.key)
    case .version: return .number(String(event.version ?? 0))
    case .type: return .text(text("ce_type") ?? "")
    case .time: return .text(text("ce_time") ?? ProjectedEvent.text(ofTime: event.timestamp))
    case .id: return .text(text("ce_id") ?? "")
    case .partition: return .number(String(partition))
    case .offset: return .number(String(event.offset))
    case .payload:
      guard let body = event.value else { return .null }
      let value = decoded(body)
      // Into a column of JSON it goes as the document that it is.
      if case .text(let text) = value { return .json(text) }
      return value
    case .header(var name):
      return name.withUTF8 { event.header(UnsafeRawBufferPointer($0)) }.map(decoded) ?? .null
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
