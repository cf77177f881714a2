@testable import SequiturProjections

/// The projection of the documentation, and events for it.
enum Orders {
  static let yaml = """
    projection: order_list
    generation: 1
    from: events
    table:
      name: orders
      key: {id: $key}
      columns: {customer: text, total: bigint, status: text, payments: integer, version: bigint, changed_at: timestamptz}
    events:
      created: {upsert: {customer: customer, total: total, status: "'open'", version: $version, changed_at: $time}}
      amended: {update: {total: total, version: $version}}
      paid:    {update: {status: "'paid'"}, increment: {payments: 1}}
      purged:  delete
    on-error: stop
    """

  static func definition(_ yaml: String = Orders.yaml) throws -> ProjectionDefinition {
    let check = ProjectionFile.check(yaml, path: "orders.yaml")
    guard let definition = check.definition else { throw Faulty(description: check.description) }
    return definition
  }

  struct Faulty: Error, CustomStringConvertible { let description: String }

  static func event(
    _ type: String, key: String = "o-1", version: UInt64 = 1, _ payload: String? = "{}", offset: Int64 = 0,
    headers: [String: String] = [:]
  ) -> ProjectedEvent {
    let all = ["ce_type": type, "ce_id": "commands/0/\(offset)/0", "ce_time": "2026-11-30T09:03:36.752Z"]
      .merging(headers) { $1 }
    return ProjectedEvent(
      partition: 0, offset: offset, command: offset, key: Array(key.utf8), version: version,
      payload: payload.map { Array($0.utf8) }, timestamp: 0,
      headers: all.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: Array($0.value.utf8)) })
  }
}
