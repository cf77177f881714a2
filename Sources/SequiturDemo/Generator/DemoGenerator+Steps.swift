/// What goes right: each command as a shop would send it.
extension DemoGenerator {
  private static let customers = [
    "Ada Lindqvist", "Bruno Okafor", "Chiara Rossi", "Dmitri Petrov", "Elif Yılmaz", "Fatima Zahra",
    "Grace O'Neill", "Hiro Tanaka", "Ingrid Sørensen", "José Álvarez", "Kwame Mensah", "Lena Müller",
    "Mei Chen", "Noor Haddad", "Olu Adeyemi", "Priya Raman", "Zoë van Dijk", "Contoso GmbH", "Café Central",
    "Bücherei Süd", "Farm & Feed Ltd", "東京書店",
  ]
  private static let carriers = ["DHL", "PostNord", "UPS", "La Poste", "bike courier"]
  private static let reasons = ["changed my mind", "ordered twice", "too slow", "found it cheaper"]

  /// The step that follows from how the order stands.
  mutating func step(key: [UInt8], order: DemoOracle.Order?) -> DemoIntent {
    guard let order else { return create(key: key) }
    let roll = random.below(100)
    switch order.status {
    case .open where roll < 30: return amend(key: key, order: order)
    case .open where roll < 88: return pay(key: key, amount: order.total)
    case .paid where roll < 86: return ship(key: key)
    case .open, .paid: return cancel(key: key)
    case .cancelled: return command("purge", key: key)
    case .shipped: return ship(key: key)
    }
  }

  mutating func create(key: [UInt8]) -> DemoIntent {
    var command = command("create", key: key)
    command.body = .fields([
      ("customer", .text(random.pick(Self.customers))), ("total", .integer(price())),
      ("items", .integer(1 + random.below(9))),
    ])
    return command
  }

  mutating func amend(key: [UInt8], order: DemoOracle.Order) -> DemoIntent {
    let total = price()
    var command = command("amend", key: key)
    command.body = .fields([("total", .integer(total == order.total ? total + 1 : total))])
    return command
  }

  mutating func pay(key: [UInt8], amount: Int) -> DemoIntent {
    var command = command("pay", key: key)
    command.body = .fields([
      ("amount", .integer(amount)), ("method", .text(random.chance(70) ? "card" : "transfer")),
    ])
    return command
  }

  mutating func ship(key: [UInt8]) -> DemoIntent {
    var command = command("ship", key: key)
    command.body = .fields([("carrier", .text(random.pick(Self.carriers)))])
    return command
  }

  mutating func cancel(key: [UInt8]) -> DemoIntent {
    var command = command("cancel", key: key)
    command.body = .fields([("reason", .text(random.pick(Self.reasons)))])
    return command
  }

  /// A command with a type and, mostly, an id.
  mutating func command(_ type: String, key: [UInt8]) -> DemoIntent {
    var command = DemoIntent(key: key, type: type)
    if !random.chance(8) { command.id = random.hexadecimal(12) }
    command.isTypeInHeader = !random.chance(10)
    if random.chance(2) {
      command.traceparent =
        "00-\(random.hexadecimal(16))\(random.hexadecimal(16))-\(random.hexadecimal(16))-01"
    }
    return command
  }

  /// In cents, mostly small, like prices in a shop.
  mutating func price() -> Int {
    let magnitude = 500 << random.below(8)
    let price = magnitude + random.below(magnitude)
    return random.chance(60) ? price / 100 * 100 + 99 : price
  }
}
