/// Says what must become of each command: the lifecycle of an order, written by hand.
///
/// It shares no code with the engine or the rules, so that an agreement of both means something.
struct DemoOracle {
  enum Status: String {
    case open
    case paid
    case shipped
    case cancelled
  }

  /// An order that exists.
  struct Order {
    var status = Status.open
    var total: Int
    var version = 1
    /// The last commands that changed it, oldest first.
    var ids: [String] = []
  }

  /// What must become of a command.
  enum Verdict: Hashable {
    case event(String)
    case rejection(String)
  }

  /// How many command ids are kept with an order (docs/record-contract.md, "Deduplication").
  private static let idsMax = 8
  private static let types = ["create", "amend", "pay", "ship", "cancel", "purge"]

  private(set) var orders: [[UInt8]: Order] = [:]
  /// The ids of purged orders' last commands, until the order is made again: a demo ends long before they are forgotten.
  private var purged: [[UInt8]: [String]] = [:]
  private(set) var expectation = DemoExpectation()

  /// Judges the next command and carries it out.
  mutating func judge(_ command: DemoIntent) -> Verdict {
    let verdict = verdict(command)
    switch verdict {
    case .rejection(let code):
      expectation.rejected(code)
    case .event(let type):
      let key = command.key ?? []
      let version = (orders[key]?.version ?? 0) + 1
      expectation.accepted(key: key, version: version, type: type)
      apply(command, to: key, version: version)
    }
    return verdict
  }

  /// The checks in the order of the record contract.
  private func verdict(_ command: DemoIntent) -> Verdict {
    guard let key = command.key, 1...1024 ~= key.count else { return .rejection("invalid-key") }
    if case .nonsense = command.expected { return .rejection("malformed") }
    if command.isGarbage { return .rejection("malformed") }
    guard let type = command.type, Self.types.contains(type) else { return .rejection("unknown-command") }
    let order = orders[key]
    let ids = order?.ids ?? purged[key] ?? []
    if let id = command.id, ids.contains(id) { return .rejection("duplicate") }
    if !isMet(command.expected, by: order) { return .rejection("version-conflict") }
    return verdict(type, command, on: order)
  }

  private func isMet(_ expected: DemoIntent.Expected?, by order: Order?) -> Bool {
    switch expected {
    case nil: true
    case .some(.none): order == nil
    case .exists: order != nil
    case .version(let version): version == order?.version ?? 0
    case .nonsense: false
    }
  }

  private func verdict(_ type: String, _ command: DemoIntent, on order: Order?) -> Verdict {
    if type == "create" {
      guard order == nil else { return .rejection("invalid-transition") }
      guard case .text = command.value("customer"), case .integer = command.value("total") else {
        return .rejection("invalid-field")
      }
      return .event("created")
    }
    guard let order else { return .rejection("not-found") }
    switch (type, order.status) {
    case ("amend", .open):
      guard case .integer(let total) = command.value("total") else { return .rejection("invalid-field") }
      return total > 0 && total != order.total ? .event("amended") : .rejection("guard-failed")
    case ("pay", .open):
      guard case .integer(let amount) = command.value("amount") else { return .rejection("invalid-field") }
      return amount == order.total ? .event("paid") : .rejection("guard-failed")
    case ("ship", .paid): return .event("shipped")
    case ("cancel", .open), ("cancel", .paid): return .event("cancelled")
    case ("purge", .cancelled): return .event("purged")
    default: return .rejection("invalid-transition")
    }
  }

  private mutating func apply(_ command: DemoIntent, to key: [UInt8], version: Int) {
    guard command.type != "purge" else {
      let ids = (orders[key]?.ids ?? []) + (command.id.map { [$0] } ?? [])
      purged[key] = ids.suffix(Self.idsMax)
      orders[key] = nil
      return
    }
    purged[key] = nil
    var order = orders[key] ?? Order(total: 0)
    order.version = version
    if case .integer(let total) = command.value("total"), command.type == "create" || command.type == "amend"
    {
      order.total = total
    }
    switch command.type {
    case "pay": order.status = .paid
    case "ship": order.status = .shipped
    case "cancel": order.status = .cancelled
    default: break
    }
    if let id = command.id { order.ids = (order.ids + [id]).suffix(Self.idsMax) }
    orders[key] = order
  }
}
