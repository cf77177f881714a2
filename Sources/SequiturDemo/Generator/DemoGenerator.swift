import SeededRandom

/// Makes up the commands of a shop: the lives of many orders, interleaved, and what people and programs do wrong.
///
/// The same seed and count give the same commands. The oracle says of each what must become of it.
struct DemoGenerator {
  /// What the shop's users do next, with how often of 1000.
  private enum Turn {
    case life, garbage, badKey, unknownType, unknownOrder, duplicate, wrongMoment, wrongAmount, badField,
      staleVersion

    static let table: [(turn: Turn, share: Int)] = [
      (.garbage, 14), (.badKey, 6), (.unknownType, 9), (.unknownOrder, 12), (.duplicate, 30),
      (.wrongMoment, 24), (.wrongAmount, 22), (.badField, 12), (.staleVersion, 18),
    ]

    static func at(_ roll: Int) -> Turn {
      var end = 0
      for (turn, share) in table {
        end += share
        if roll < end { return turn }
      }
      return .life
    }
  }

  /// How many finished orders and accepted commands are remembered, for late and for repeated commands.
  private static let remembered = 64
  /// How many orders are worked on at the same time, at most.
  private static let activeMax = 2000

  let count: Int
  private(set) var oracle = DemoOracle()
  var random: SplitMix64
  private var made = 0
  private var nextOrder = 100_001
  /// The orders that are being worked on, and where each stands among them.
  private var active: [[UInt8]] = []
  private var places: [[UInt8]: Int] = [:]
  private var finished: [[UInt8]] = []
  private var accepted: [DemoIntent] = []
  /// Commands that were rejected for their content and come again, corrected, with the same id.
  private var corrected: [DemoIntent] = []

  /// - Parameter count: how many commands ``next()`` gives.
  init(seed: UInt64, count: Int) {
    self.count = count
    random = SplitMix64(seed: seed)
    active = (0..<min(max(count / 20, 8), Self.activeMax)).map { _ in newKey() }
    for (place, key) in active.enumerated() { places[key] = place }
  }

  /// The next command; nil when all were given.
  mutating func next() -> DemoIntent? {
    guard made < count else { return nil }
    made += 1
    let command = makeUp()
    let verdict = oracle.judge(command)
    if case .event = verdict {
      remember(command)
      if let key = command.key { settle(key) }
    }
    return command
  }

  private mutating func makeUp() -> DemoIntent {
    if !corrected.isEmpty, random.chance(10) { return corrected.removeFirst() }
    let turn = Turn.at(random.below(1000))
    switch turn {
    case .life: return life()
    case .garbage: return garbage(key: anyKey())
    case .badKey: return badKey()
    case .unknownType: return unknownType(key: anyKey())
    case .unknownOrder: return unknownOrder()
    case .duplicate: return accepted.isEmpty ? life() : random.pick(accepted)
    case .wrongMoment: return existingKey().map { wrongMoment(key: $0) } ?? life()
    case .wrongAmount: return openKey().map { wrongAmount(key: $0) } ?? life()
    case .badField: return badField(key: openKey())
    case .staleVersion: return existingKey().map { staleVersion(key: $0) } ?? life()
    }
  }

  /// The next step in the life of some order.
  private mutating func life() -> DemoIntent {
    let key = random.pick(active)
    var command = step(key: key, order: oracle.orders[key])
    let version = oracle.orders[key]?.version
    if random.chance(25) { command.expected = version.map { .version($0) } ?? DemoIntent.Expected.none }
    return command
  }

  /// Lets an order whose life is over make room for a new one.
  private mutating func settle(_ key: [UInt8]) {
    guard let place = places[key] else { return }
    switch oracle.orders[key]?.status {
    case .shipped: break
    // Some are never purged; some come again under the same key after it.
    case .cancelled where random.chance(40): break
    case nil where random.chance(70): break
    case nil, .open, .paid, .cancelled: return
    }
    if finished.count >= Self.remembered { finished.removeFirst() }
    finished.append(key)
    active[place] = newKey()
    places[key] = nil
    places[active[place]] = place
  }

  private mutating func remember(_ command: DemoIntent) {
    guard command.id != nil else { return }
    if accepted.count >= Self.remembered { accepted.removeFirst() }
    accepted.append(command)
  }

  /// Sends a rejected command again later: mended, and with the id it had.
  mutating func comesAgain(_ command: DemoIntent) {
    if random.chance(40) { corrected.append(command) }
  }

  // MARK: Keys

  mutating func newKey() -> [UInt8] {
    defer { nextOrder += 1 }
    let key = Array("order-\(nextOrder)".utf8)
    // A key is bytes, not text: some are no UTF-8.
    return random.below(500) == 0 ? key + [0xff] : key
  }

  private mutating func anyKey() -> [UInt8] { random.pick(finished.isEmpty ? active : active + finished) }

  private mutating func existingKey() -> [UInt8]? {
    key { _ in true }
  }

  private mutating func openKey() -> [UInt8]? {
    key { $0.status == .open }
  }

  /// Some order that is so, found in a few tries.
  private mutating func key(_ isFit: (DemoOracle.Order) -> Bool) -> [UInt8]? {
    for _ in 0..<16 {
      let key = anyKey()
      if let order = oracle.orders[key], isFit(order) { return key }
    }
    return nil
  }
}
