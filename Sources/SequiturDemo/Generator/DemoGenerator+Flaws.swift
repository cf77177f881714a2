/// What goes wrong: each way for a command to be rejected.
extension DemoGenerator {
  private static let noObjects: [[UInt8]?] = [
    nil, [], Array("hello?".utf8), Array("[1,2,3]".utf8), Array("null".utf8), Array("{\"total\":129".utf8),
    Array("{\"total\":12}{\"total\":13}".utf8),
    Array("{\"customer\":\"".utf8) + [0xc3, 0x28] + Array("\"}".utf8),
    [0x1f, 0x8b, 0x08, 0x00, 0xff, 0xfe], Array("customer=Ada&total=12".utf8),
  ]

  /// No JSON object, or a header that cannot be read.
  mutating func garbage(key: [UInt8]) -> DemoIntent {
    if random.chance(10) {
      var command = cancel(key: key)
      command.expected = .nonsense("latest")
      return command
    }
    var command = command("amend", key: key)
    command.body = .garbage(random.pick(Self.noObjects))
    return command
  }

  /// No key, an empty one, or one that is too long.
  mutating func badKey() -> DemoIntent {
    var command = create(key: [])
    switch random.below(3) {
    case 0: command.key = nil
    case 1: command.key = []
    default: command.key = Array(repeating: UInt8(ascii: "k"), count: 1025 + random.below(200))
    }
    return command
  }

  mutating func unknownType(key: [UInt8]) -> DemoIntent {
    var command = cancel(key: key)
    command.type = random.pick(["refund", "teleport", "Pay", "delete", nil])
    return command
  }

  mutating func unknownOrder() -> DemoIntent {
    let key = Array("order-9\(random.hexadecimal(6))".utf8)
    switch random.below(3) {
    case 0: return pay(key: key, amount: price())
    case 1: return ship(key: key)
    default: return cancel(key: key)
    }
  }

  /// A command that the order's status does not allow.
  mutating func wrongMoment(key: [UInt8]) -> DemoIntent {
    guard let order = oracle.orders[key] else { return create(key: key) }
    switch order.status {
    case .open: return random.chance(50) ? ship(key: key) : create(key: key)
    case .paid: return random.chance(50) ? pay(key: key, amount: order.total) : amend(key: key, order: order)
    case .shipped: return random.chance(50) ? cancel(key: key) : amend(key: key, order: order)
    case .cancelled: return random.chance(50) ? ship(key: key) : pay(key: key, amount: order.total)
    }
  }

  /// A payment that is not the total, or a change that is none; often tried again, corrected.
  mutating func wrongAmount(key: [UInt8]) -> DemoIntent {
    guard let order = oracle.orders[key] else { return create(key: key) }
    if random.chance(30) {
      var command = amend(key: key, order: order)
      command.body = .fields([("total", .integer(random.pick([0, -order.total, order.total])))])
      return command
    }
    let right = pay(key: key, amount: order.total)
    comesAgain(right)
    var wrong = right
    wrong.body = .fields([("amount", .integer(order.total - 1 - random.below(400)))])
    return wrong
  }

  /// A required field that is missing or of another type.
  mutating func badField(key: [UInt8]?) -> DemoIntent {
    guard let key, random.chance(60) else {
      var command = create(key: newKey())
      let customers: [DemoIntent.Value] = [.integer(4711), .text("Ada Lindqvist")]
      let customer = random.pick(customers)
      command.body =
        customer == .integer(4711)
        ? .fields([("customer", customer), ("total", .integer(1299))])
        : .fields([("customer", customer), ("total", .text("12.99"))])
      return command
    }
    var command = random.chance(50) ? pay(key: key, amount: 1) : command("amend", key: key)
    command.body =
      random.chance(50) ? .fields([]) : .fields([("amount", .text("all")), ("total", .text("12"))])
    return command
  }

  /// Someone who looked at the order before others changed it.
  mutating func staleVersion(key: [UInt8]) -> DemoIntent {
    let order = oracle.orders[key]
    var command = step(key: key, order: order)
    let version = order?.version ?? 0
    command.expected = version > 1 && random.chance(80) ? .version(version - 1) : DemoIntent.Expected.none
    return command
  }
}
