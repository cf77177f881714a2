/// The rows that events come to, folded by the audit's own code: one event after the other, into a dictionary.
struct TableFold {
  /// What is known of a cell.
  enum Cell {
    /// It is as the table began, or as nobody can say.
    case unknown
    /// Nil for NULL. Sums are those of increments.
    case known(String?, isSum: Bool)
  }

  enum Presence {
    case there, gone
    /// As it was when the table began.
    case unknown
  }

  struct Row {
    var presence: Presence
    var cells: [Cell]
    /// Of the event that changed it last.
    var partition: Int32
    var offset: Int64
    /// Whether events of several partitions changed it: their order is nowhere told.
    var isMixed = false
  }

  let projection: AuditedProjection
  /// Whether the table was empty at the beginning.
  let beganEmpty: Bool
  /// Columns that have a value of their own in a row that is made.
  let defaulted: Set<Int>
  private(set) var rows: [[String]: Row] = [:]
  /// Events whose values this code cannot read.
  private(set) var unread = 0

  init(_ projection: AuditedProjection, beganEmpty: Bool, defaulted: Set<Int>) {
    self.projection = projection
    self.beganEmpty = beganEmpty
    self.defaulted = defaulted
  }

  mutating func apply(_ event: AuditRecord, of partition: Int32) {
    let type = event.text("ce_type") ?? ""
    guard let rule = projection.rules[type] ?? projection.otherwise, let change = rule.change else { return }
    let source = Source(event, partition)
    let key = projection.key.enumerated().map { index, value in
      AuditTableValue.canonical(
        source.text(value, projection.columns[index].kind), projection.columns[index].kind)
    }
    let known = key.compactMap { $0 }
    guard known.count == key.count else { return unread += 1 }
    var row =
      rows[known]
      ?? Row(
        presence: beganEmpty ? .gone : .unknown,
        cells: projection.columns.map { _ in .unknown }, partition: partition, offset: event.offset)
    if row.partition != partition { row.isMixed = true }
    row.partition = partition
    row.offset = event.offset
    switch change {
    case .delete: row.presence = .gone
    case .update where row.presence == .gone: break
    case .insert: make(&row)
    case .upsert where row.presence == .gone: make(&row)
    case .upsert: row.presence = .there
    case .update: break
    }
    if row.presence != .gone {
      for set in rule.sets {
        let kind = projection.columns[set.column].kind
        row.cells[set.column] = .known(
          AuditTableValue.canonical(source.text(set.value, kind), kind), isSum: false)
      }
      for increment in rule.increments {
        let kind = projection.columns[increment.column].kind
        row.cells[increment.column] = Self.added(
          source.text(increment.value, kind), to: row.cells[increment.column], kind)
      }
    }
    for (index, text) in known.enumerated() where row.presence == .there {
      row.cells[index] = .known(text, isSum: false)
    }
    rows[known] = row
  }

  private func make(_ row: inout Row) {
    row.presence = .there
    row.cells = projection.columns.indices.map {
      defaulted.contains($0) ? .unknown : .known(nil, isSum: true)
    }
  }

  private static func added(_ amount: String?, to cell: Cell, _ kind: AuditedProjection.Kind) -> Cell {
    guard case .known(let old, _) = cell, let amount,
      let sum = AuditTableValue.sum(old ?? "0", amount, kind)
    else { return .unknown }
    return .known(AuditTableValue.canonical(Self.trimmed(sum), kind), isSum: true)
  }

  /// A whole number without the point that a sum has.
  private static func trimmed(_ sum: String) -> String {
    guard sum.contains("."), !sum.contains("e") else { return sum }
    let text = sum.reversed().drop { $0 == "0" }
    return String((text.first == "." ? text.dropFirst() : text).reversed())
  }

  /// What an event says.
  private struct Source {
    let event: AuditRecord
    let partition: Int32
    let payload: AuditTree?

    init(_ event: AuditRecord, _ partition: Int32) {
      self.event = event
      self.partition = partition
      payload = event.value.flatMap { $0.isEmpty ? nil : AuditTree(Array($0)) }
    }

    func text(_ value: AuditedProjection.Value, _ kind: AuditedProjection.Kind) -> String? {
      switch value {
      case .key: return shown(event.key, kind)
      case .payload: return shown(event.value, kind)
      case .header(let name):
        return shown(event.headers.last { $0.name.elementsEqual(name.utf8) }?.value, kind)
      case .version: return event.text("ce_sequence")
      case .type: return event.text("ce_type") ?? ""
      case .id: return event.text("ce_id") ?? ""
      case .time: return event.text("ce_time") ?? "\(event.timestamp)"
      case .partition: return "\(partition)"
      case .offset: return "\(event.offset)"
      case .null: return nil
      case .boolean(let value): return "\(value)"
      case .number(let text): return text
      case .text(let text): return inColumn(text, kind)
      case .field(let path):
        switch payload?.value(path[...]) {
        case nil, .null?: return nil
        case .boolean(let value)?: return "\(value)"
        case .number(let text)?: return text
        case .text(let text)?: return inColumn(text, kind)
        case .list(_, let whole)?, .object(_, let whole)?: return whole
        }
      }
    }

    /// A text is a JSON text in a column of JSON, and bytes in one of bytes.
    private func inColumn(_ text: String, _ kind: AuditedProjection.Kind) -> String {
      switch kind {
      case .json:
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
          + "\""
      case .bytes: AuditTableValue.hexadecimal(text.utf8)
      default: text
      }
    }

    private func shown(_ bytes: UnsafeRawBufferPointer?, _ kind: AuditedProjection.Kind) -> String? {
      bytes.map { kind == .bytes ? AuditTableValue.hexadecimal($0) : String(decoding: $0, as: UTF8.self) }
    }
  }
}
