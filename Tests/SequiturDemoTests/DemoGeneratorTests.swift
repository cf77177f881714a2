import Testing

@testable import SequiturDemo

struct DemoGeneratorTests {
  /// Every code the demo shows.
  static let codes = [
    "duplicate", "guard-failed", "invalid-field", "invalid-key", "invalid-transition", "malformed",
    "not-found",
    "unknown-command", "version-conflict",
  ]

  static func prediction(seed: UInt64, count: Int) -> DemoPrediction {
    var generator = DemoGenerator(seed: seed, count: count)
    while generator.next() != nil {}
    return DemoPrediction(generator.oracle)
  }

  @Test func `every code and event is among a few thousand commands, most of which are right`() {
    let expectation = Self.prediction(seed: 1, count: 5000).expectation
    #expect(expectation.commands == 5000)
    #expect(expectation.eventCount + expectation.rejectionCount == 5000)
    #expect(Set(expectation.rejectionCodes.keys) == Set(Self.codes))
    #expect(
      Set(expectation.eventTypes.keys) == ["created", "amended", "paid", "shipped", "cancelled", "purged"])
    #expect((500..<1000).contains(expectation.rejectionCount))
  }

  @Test func `another seed gives other commands`() {
    let first = Self.prediction(seed: 1, count: 500)
    #expect(first.eventsDigest == Self.prediction(seed: 1, count: 500).eventsDigest)
    #expect(first.eventsDigest != Self.prediction(seed: 2, count: 500).eventsDigest)
  }

  @Test func `the oracle goes by the order of the checks`() {
    var oracle = DemoOracle()
    let key = Array("order-1".utf8)
    var create = DemoIntent(key: key, type: "create", id: "a")
    create.body = .fields([("customer", .text("Ada")), ("total", .integer(10))])
    #expect(oracle.judge(create) == .event("created"))
    #expect(oracle.judge(create) == .rejection("duplicate"))
    create.id = "b"
    #expect(oracle.judge(create) == .rejection("invalid-transition"))
    create.expected = DemoIntent.Expected.none
    #expect(oracle.judge(create) == .rejection("version-conflict"))
    create.type = "Create"
    #expect(oracle.judge(create) == .rejection("unknown-command"))
    create.body = .garbage([0x5b])
    #expect(oracle.judge(create) == .rejection("malformed"))
    create.key = nil
    #expect(oracle.judge(create) == .rejection("invalid-key"))
    let ship = DemoIntent(key: Array("order-2".utf8), type: "ship")
    #expect(oracle.judge(ship) == .rejection("not-found"))
    #expect(oracle.orders[key]?.version == 1)
  }
}
