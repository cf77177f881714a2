import JSONFields

/// What became of an event that was set aside.
enum EventFate: String, Sendable, CaseIterable {
  /// It waits, and its key's later events behind it.
  case parked
  /// It was written down, and the projection went on.
  case recorded
  /// Somebody asked for it to be left out.
  case skipped
}

extension ProjectionStore {
  private func key(_ partition: Int32) -> [Cell] {
    [.text(name), .integer(Int64(generation)), .integer(Int64(partition))]
  }

  /// Writes an event down with the reason why it was not applied.
  func setAside(_ event: ProjectedEvent, _ fate: EventFate, _ reason: String) throws(DatabaseFailure) {
    try database.execute(
      """
      insert into sequitur_event (projection, generation, partition, event_offset, fate, command, key, version, type, id,
        payload, headers, event_timestamp, reason, set_aside_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \(database.dialect.now))
      """,
      key(event.partition) + [
        .integer(event.offset), .text(fate.rawValue), .integer(event.command), .bytes(event.key),
        .integer(Int64(clamping: event.version)), .text(event.type.withoutNUL), .text(event.id.withoutNUL),
        event.payload.map(Cell.bytes) ?? .null, .bytes(EventHeaders.encode(event.headers)),
        .integer(event.timestamp), .text(reason.withoutNUL),
      ])
  }

  /// The keys of a partition whose events wait.
  func parkedKeys(_ partition: Int32) throws(DatabaseFailure) -> Set<[UInt8]> {
    let rows = try database.query(
      """
      select distinct key from sequitur_event
      where projection = $1 and generation = $2 and partition = $3 and fate = 'parked'
      """, key(partition))
    return Set(rows.compactMap { $0.bytes(0) })
  }

  /// The partitions in which events of a key wait.
  func partitions(parking key: [UInt8]) throws(DatabaseFailure) -> [Int32] {
    try database.query(
      """
      select distinct partition from sequitur_event
      where projection = $1 and generation = $2 and fate = 'parked' and key = $3 order by partition
      """, [.text(name), .integer(Int64(generation)), .bytes(key)]
    ).compactMap { $0.integer(0).map { Int32($0) } }
  }

  /// A key's events that wait, in their order.
  func parkedEvents(_ partition: Int32, of eventKey: [UInt8]) throws(DatabaseFailure) -> [ProjectedEvent] {
    try database.query(
      """
      select event_offset, command, version, payload, headers, event_timestamp from sequitur_event
      where projection = $1 and generation = $2 and partition = $3 and key = $4 and fate = 'parked'
      order by event_offset
      """, key(partition) + [.bytes(eventKey)]
    ).map { row in
      ProjectedEvent(
        partition: partition, offset: row.integer(0) ?? 0, command: row.integer(1) ?? 0, key: eventKey,
        version: UInt64(clamping: row.integer(2) ?? 0), payload: row.bytes(3), timestamp: row.integer(5) ?? 0,
        headers: EventHeaders.decode(row.bytes(4) ?? []))
    }
  }

  func removeParked(_ event: ProjectedEvent) throws(DatabaseFailure) {
    try database.execute(
      """
      delete from sequitur_event where projection = $1 and generation = $2 and partition = $3 and event_offset = $4
      """, key(event.partition) + [.integer(event.offset)])
  }

  func setReason(_ reason: String, of event: ProjectedEvent) throws(DatabaseFailure) {
    try database.execute(
      """
      update sequitur_event set reason = $1
      where projection = $2 and generation = $3 and partition = $4 and event_offset = $5
      """, [.text(reason.withoutNUL)] + key(event.partition) + [.integer(event.offset)])
  }

  /// How many events were set aside, by partition and fate.
  func setAsideCounts() throws(DatabaseFailure) -> [Int32: [EventFate: Int]] {
    var counts: [Int32: [EventFate: Int]] = [:]
    for row in try database.query(
      """
      select partition, fate, count(*) from sequitur_event where projection = $1 and generation = $2
      group by partition, fate
      """, [.text(name), .integer(Int64(generation))])
    {
      guard let partition = row.integer(0), let fate = EventFate(rawValue: row.text(1) ?? "") else {
        continue
      }
      counts[Int32(partition), default: [:]][fate] = Int(row.integer(2) ?? 0)
    }
    return counts
  }

  /// The keys whose events wait, with the reason of the first one; at most so many.
  func parkedKeys(atMost count: Int) throws(DatabaseFailure) -> [(
    key: [UInt8], partition: Int32, events: Int, reason: String
  )] {
    try database.query(
      """
      select e.key, e.partition, w.events, e.reason from sequitur_event e
      join (select partition, key, min(event_offset) as first, count(*) as events from sequitur_event
            where projection = $1 and generation = $2 and fate = 'parked' group by partition, key) w
        on w.partition = e.partition and w.first = e.event_offset
      where e.projection = $1 and e.generation = $2 order by e.partition, e.event_offset limit \(count)
      """, [.text(name), .integer(Int64(generation))]
    ).map { row in
      (row.bytes(0) ?? [], Int32(row.integer(1) ?? 0), Int(row.integer(2) ?? 0), row.text(3) ?? "")
    }
  }
}

extension String {
  /// PostgreSQL has no such character in text.
  var withoutNUL: String { utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self }
}

/// An event's headers as one value: each name and value with its length before it.
enum EventHeaders {
  static func encode(_ headers: [ProjectedEvent.Header]) -> [UInt8] {
    var bytes: [UInt8] = []
    for header in headers {
      append(Array(header.name.utf8), to: &bytes)
      if let value = header.value {
        append(value, to: &bytes)
      } else {
        append(length: .max, to: &bytes)
      }
    }
    return bytes
  }

  /// What is cut off is left out.
  static func decode(_ bytes: [UInt8]) -> [ProjectedEvent.Header] {
    var rest = bytes[...]
    var headers: [ProjectedEvent.Header] = []
    while let name = take(&rest) ?? nil, let value = take(&rest) {
      headers.append(ProjectedEvent.Header(name: String(decoding: name, as: UTF8.self), value: value))
    }
    return headers
  }

  private static func append(_ value: [UInt8], to bytes: inout [UInt8]) {
    append(length: UInt32(value.count), to: &bytes)
    bytes += value
  }

  private static func append(length: UInt32, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: length.bigEndian) { bytes += $0 }
  }

  /// Nil at the end; of a null value nil within.
  private static func take(_ rest: inout ArraySlice<UInt8>) -> [UInt8]?? {
    guard rest.count >= 4 else { return nil }
    let length = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    rest = rest.dropFirst(4)
    if length == .max { return .some(nil) }
    guard rest.count >= Int(length) else { return nil }
    defer { rest = rest.dropFirst(Int(length)) }
    return Array(rest.prefix(Int(length)))
  }
}
