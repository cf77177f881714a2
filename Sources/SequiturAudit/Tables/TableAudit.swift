import BlockingThreads
import KafkaClient
import Logging
import ReadableText
import SequiturTopics

/// Audits a projection's table against the valid topic, by code that shares nothing with the projector: it reads the
/// positions and the table in one snapshot, folds the events below the positions by itself, and compares.
///
/// Memory: all rows of the table and all keys of the topic. Projectors may go on meanwhile.
package struct TableAudit: Sendable {
  private let projection: AuditedProjection
  private let database: String
  private let topic: String
  private let commands: String
  private let kafka: KafkaConfiguration
  private let logger: Logger

  /// - Parameter database: its address; no message shows it.
  package init(
    _ projection: AuditedProjection, database: String, topics: TopicNames, kafka: KafkaConfiguration,
    logger: Logger
  ) {
    self.projection = projection
    self.database = database
    topic = topics.valid
    commands = topics.commands
    self.kafka = kafka
    self.logger = logger
  }

  /// - Throws: ``TableAuditFailure``, and `KafkaError`.
  package func run() async throws -> TableAuditReport {
    try await withBlockingThread("audit") { () throws -> TableAuditReport in try runBlocking() }
  }

  /// Where the database says that a partition stands.
  private struct Position {
    let partition: Int32
    let next: Int64
    let covered: Int64
    let events: Int64
    let lastOffset: Int64?
    let lastID: String?
  }

  private func runBlocking() throws -> TableAuditReport {
    let database = try AuditDatabase(database)
    defer { database.close() }
    var report = TableAuditReport(projection)
    let positions = try positions(database)
    report.partitions = positions.count
    let aside = Set(
      try database.rows(
        "select partition, event_offset from sequitur_event where projection = \(mark(1, database)) and generation = \(projection.generation)",
        [projection.name]
      )
      .compactMap { row in row[0].flatMap { part in row[1].map { "\(part)/\($0)" } } })
    let table = try rows(database)
    let reader = try TopicReader(topic: topic, kafka: kafka, logger: logger)
    let admin = try KafkaAdmin(configuration: kafka, logger: logger)
    var bounds: [Int32: Watermarks] = [:]
    for position in positions {
      bounds[position.partition] = try admin.watermarks(
        topic: topic, partition: position.partition, timeout: TopicLookUp.timeout)
    }
    let hasAll = bounds.values.allSatisfy { $0.low == 0 }
    let beganEmpty = projection.beginsWithEvents && hasAll
    if projection.beginsWithEvents, !hasAll {
      report.notes.append("The first events were deleted from \(topic): what they made is not judged")
    } else if !projection.beginsWithEvents {
      report.notes.append("The table began with what no event tells: only what later events made is judged")
    }
    var fold = TableFold(projection, beganEmpty: beganEmpty, defaulted: table?.defaulted ?? [])
    for position in positions {
      try read(position, bounds[position.partition], reader, aside, beganEmpty, &fold, &report)
    }
    if let table {
      compare(fold, table.rows, &report)
    } else if projection.table != nil {
      report.notes.append("Statements of its own may change the table: its rows are not judged")
    }
    if fold.unread > 0 { report.notes.append("\(fold.unread.counted("event")) without a key were left out") }
    return report
  }

  private func mark(_ number: Int, _ database: AuditDatabase) -> String {
    database.isSQLite ? "?" : "$\(number)"
  }

  private func positions(_ database: AuditDatabase) throws -> [Position] {
    let current = try database.rows(
      "select generation, topic from sequitur_projection where projection = \(mark(1, database))",
      [projection.name]
    ).first
    guard let current else {
      throw TableAuditFailure(
        "Expected the database to know the projection \(projection.name), but it does not.")
    }
    guard current[0] == "\(projection.generation)" else {
      throw TableAuditFailure(
        "Expected the file of the current generation, \(current[0] ?? ""), but it is of generation "
          + "\(projection.generation).")
    }
    guard current[1] == topic else {
      throw TableAuditFailure(
        "Expected the projection to read \(topic), but it reads \(current[1] ?? ""). Name it with --valid-topic."
      )
    }
    return try database.rows(
      """
      select partition, next_offset, covered, events, last_offset, last_id from sequitur_position
      where projection = \(mark(1, database)) and generation = \(projection.generation) order by partition
      """, [projection.name]
    ).map { row in
      func number(_ column: Int) -> Int64 { row[column].flatMap { Int64($0) } ?? 0 }
      return Position(
        partition: Int32(number(0)), next: number(1), covered: number(2), events: number(3),
        lastOffset: row[4].flatMap { Int64($0) }, lastID: row[5])
    }
  }

  // MARK: Events

  private func read(
    _ position: Position, _ bounds: Watermarks?, _ reader: TopicReader, _ aside: Set<String>, _ isWhole: Bool,
    _ fold: inout TableFold, _ report: inout TableAuditReport
  ) throws {
    let place = "\(topic)/\(position.partition)"
    guard let bounds else { return }
    if position.next > bounds.high {
      report.add(
        "\(place): the position \(position.next) lies beyond the end, \(bounds.high): the topic is another one, or the position was changed"
      )
    }
    let end = min(position.next, bounds.high)
    try reader.open(position.partition, from: bounds.low, to: end)
    var count: Int64 = 0
    var last: (offset: Int64, id: String)?
    while try reader.advance(), let event = reader.current {
      let id = event.text("ce_id") ?? ""
      let command = Array(id.utf8).withUnsafeBytes {
        OutcomePlace($0, topic: commands, partition: position.partition)?.offset
      }
      guard let command else {
        report.add(
          "\(place)/\(event.offset): the event's ce_id is no position of \(commands)/\(position.partition)")
        continue
      }
      guard command >= position.covered else { continue }
      count += 1
      last = (event.offset, id)
      if !aside.contains("\(position.partition)/\(event.offset)") {
        fold.apply(event, of: position.partition)
      }
    }
    if let open = reader.openTransaction {
      report.add(
        "\(place): a transaction is open from offset \(open) on, below the position \(position.next)")
    }
    report.events += Int(count)
    if isWhole ? position.events != count : position.events > count && bounds.low == 0 {
      report.add(
        "\(place): Expected \(isWhole ? "" : "at most ")\(count) events below the position \(position.next), but the database counts \(position.events)"
      )
    }
    if let offset = position.lastOffset, offset >= bounds.low, position.next <= bounds.high,
      last?.offset != offset || last?.id != position.lastID
    {
      report.add(
        "\(place): Expected the last event below the position \(position.next) to be \(position.lastID ?? "") at offset \(offset), but "
          + (last.map { "it is \($0.id) at offset \($0.offset)" } ?? "there is none"))
    }
  }

  // MARK: Rows

  /// Nil when they cannot be judged.
  private func rows(_ database: AuditDatabase) throws -> (rows: [[String]: [String?]], defaulted: Set<Int>)? {
    guard let table = projection.table, !projection.hasStatementsOnTable else { return nil }
    func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
    let name = (projection.schema.map { quoted($0) + "." } ?? "") + quoted(table)
    let columns = projection.columns.map { column in
      let name = quoted(column.name)
      guard !database.isSQLite else { return name }
      return switch column.kind {
      case .timestamp: "to_char(\(name) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
      case .bytes: "encode(\(name), 'hex')"
      default: "\(name)::text"
      }
    }
    var rows: [[String]: [String?]] = [:]
    for row in try database.rows("select \(columns.joined(separator: ", ")) from \(name)") {
      let values = row.enumerated().map {
        AuditTableValue.canonical($0.element, projection.columns[$0.offset].kind)
      }
      rows[values.prefix(projection.key.count).map { $0 ?? "" }] = values
    }
    let defaults = try database.rows(
      database.isSQLite
        ? "select name from pragma_table_info(?) where dflt_value is not null"
        : "select attname from pg_attribute where attrelid = to_regclass($1) and atthasdef",
      [database.isSQLite ? table : name])
    let names = Set(defaults.compactMap { $0[0] })
    return (rows, Set(projection.columns.indices.filter { names.contains(projection.columns[$0].name) }))
  }

  private func compare(_ fold: TableFold, _ table: [[String]: [String?]], _ report: inout TableAuditReport) {
    report.rows = table.count
    var mixed = 0
    for (key, row) in fold.rows.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      guard !row.isMixed else {
        mixed += 1
        continue
      }
      let place = "Of the row \(shown(key)), last changed by \(topic)/\(row.partition)/\(row.offset)"
      guard let found = table[key] else {
        if row.presence == .there { report.add("\(place): it is missing") }
        continue
      }
      guard row.presence != .gone else {
        report.add("\(place): it is there, but was deleted")
        continue
      }
      for (index, cell) in row.cells.enumerated() {
        guard case .known(let expected, let isSum) = cell else { continue }
        let column = projection.columns[index]
        guard !AuditTableValue.isEqual(expected, found[index], column.kind, isSum: isSum) else { continue }
        report.add(
          "\(place): Expected \(column.name) to be \(shown(expected)), but it is \(shown(found[index]))")
      }
    }
    if mixed > 0 {
      report.notes.append(
        "\(mixed.counted("row")) changed by events of several partitions were not judged: their order is nowhere told"
      )
    }
    guard fold.beganEmpty else { return }
    for key in table.keys.filter({ fold.rows[$0] == nil }).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      report.add("Of the row \(shown(key)): no event makes it, but it is there")
    }
  }

  private func shown(_ key: [String]) -> String {
    zip(projection.columns, key).map { "\($0.name)=\(ShownText.line($1, atMost: 80))" }.joined(
      separator: ", ")
  }

  private func shown(_ value: String?) -> String {
    value.map { "'\(ShownText.line($0, atMost: 80))'" } ?? "null"
  }
}
