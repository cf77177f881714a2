import ReadableText
import SequiturAudit

/// What must come out of the commands generated so far.
struct DemoExpectation: Sendable {
  private struct Event: Sendable {
    let key: [UInt8]
    let version: Int
    let type: String
  }

  private(set) var commands = 0
  private(set) var eventTypes: [String: Int] = [:]
  private(set) var rejectionCodes: [String: Int] = [:]
  private var events: [Event] = []

  var eventCount: Int { events.count }
  var rejectionCount: Int { commands - events.count }

  mutating func accepted(key: [UInt8], version: Int, type: String) {
    commands += 1
    eventTypes[type, default: 0] += 1
    events.append(Event(key: key, version: version, type: type))
  }

  mutating func rejected(_ code: String) {
    commands += 1
    rejectionCodes[code, default: 0] += 1
  }

  /// SHA-256 over `key TAB version TAB event-type LF`, sorted: the form that `sequitur verify` reports.
  func eventsDigest() -> String {
    let sorted = events.sorted { left, right in
      if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
      return (left.version, left.type) < (right.version, right.type)
    }
    return Self.digest(sorted.map { ($0.key, $0.version, $0.type) })
  }

  /// SHA-256 over `key TAB version TAB status LF` of the orders that exist, sorted by key.
  static func statesDigest(_ orders: [[UInt8]: DemoOracle.Order]) -> String {
    let sorted = orders.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    return digest(sorted.map { ($0.key, $0.value.version, $0.value.status.rawValue) })
  }

  private static func digest(_ lines: [(key: [UInt8], version: Int, text: String)]) -> String {
    var hash = SHA256()
    for line in lines { hash.update(line.key + Array("\t\(line.version)\t\(line.text)\n".utf8)) }
    return hash.finish()
  }
}

/// Everything that is known beforehand of a demo's result.
struct DemoPrediction: Sendable {
  let expectation: DemoExpectation
  let objects: Int
  let eventsDigest: String
  let statesDigest: String

  init(_ oracle: DemoOracle) {
    expectation = oracle.expectation
    objects = oracle.orders.count
    eventsDigest = oracle.expectation.eventsDigest()
    statesDigest = DemoExpectation.statesDigest(oracle.orders)
  }

  /// What an audit found otherwise, a sentence each.
  func differences(from report: AuditReport) -> [String] {
    var found: [String] = []
    func compare(_ what: String, _ expected: Int, _ actual: Int) {
      guard expected != actual else { return }
      found.append("\(what): expected \(expected.grouped), found \(actual.grouped)")
    }
    compare("commands", expectation.commands, report.commands)
    compare("orders that exist at the end", objects, report.objects)
    for type in Set(expectation.eventTypes.keys).union(report.eventTypes.keys).sorted() {
      compare("events `\(type)`", expectation.eventTypes[type] ?? 0, report.eventTypes[type] ?? 0)
    }
    for code in Set(expectation.rejectionCodes.keys).union(report.rejectionCodes.keys).sorted() {
      compare("rejections `\(code)`", expectation.rejectionCodes[code] ?? 0, report.rejectionCodes[code] ?? 0)
    }
    if eventsDigest != report.eventsDigest {
      found.append("the events (key, version, type) differ from the predicted ones")
    }
    if statesDigest != report.statesDigest {
      found.append("the states (key, version, status) differ from the predicted ones")
    }
    return found
  }
}
