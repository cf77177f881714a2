import Sequitur
import SequiturTesting
import Testing

@testable import BankAccount

@Suite struct TestDriverTests {
  /// The example of the documentation.
  @Test func `the documented example runs`() throws {
    let bank = TestDriver(BankAccount())
    try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1")
    try bank.send("deposit", payload: #"{"amount":50}"#, key: "1")
    let refused = try bank.send("withdraw", payload: #"{"amount":80}"#, key: "1")
    #expect(refused.code == "x-overdraft")
    try bank.crash()
    #expect(try bank.state(of: "1")?.balance == 50)
    #expect(bank.version(of: "1") == 2)
  }

  @Test func `outcomes show what stands on the topics`() throws {
    let bank = TestDriver(BankAccount())
    let outcome = try bank.send(
      "open", payload: #"{"owner":"Ann"}"#, key: "1", id: "a", expectedVersion: "none",
      headers: [LogRecord.Header(name: "traceparent", value: Array("t".utf8))])
    let event = try #require(outcome.events.first)
    #expect(event.type == "opened")
    #expect(event.payloadText == #"{"owner":"Ann"}"#)
    #expect(event.headers.first { $0.name == "ce_causationid" }?.text == "a")
    #expect(event.headers.first { $0.name == "traceparent" }?.text == "t")
    #expect(try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1", id: "a").code == "duplicate")
    let conflict = try bank.send("close", key: "1", expectedVersion: "7")
    #expect(conflict.code == "version-conflict")
    #expect(bank.rejections.map(\.code) == ["duplicate", "version-conflict"])
    #expect(bank.events(of: "1") == outcome.events)
    #expect(try bank.send(LogRecord(key: nil, value: nil)).code == "invalid-key")
  }

  @Test(arguments: 1...12)
  func `trouble at any time changes no outcome`(seed: Int) throws {
    let calm = TestDriver(BankAccount())
    let troubled = TestDriver(BankAccount())
    var state = UInt64(seed)
    func roll(_ count: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % count
    }
    for _ in 0..<80 {
      let type = ["open", "deposit", "deposit", "withdraw", "close", "rob"][Int(roll(6))]
      let payload = #"{"owner":"Ann","amount":\#(roll(9))}"#
      let (key, id) = ("\(roll(4))", "\(roll(40))")
      let expected = try calm.send(type, payload: payload, key: key, id: id)
      let outcome = try troubled.send(type, payload: payload, key: key, id: id)
      #expect(outcome == expected)
      switch roll(8) {
      case 0: try troubled.crash()
      case 1: try troubled.rebalance()
      case 2: try troubled.abort()
      case 3:
        try troubled.abort()
        try troubled.crash()
        try troubled.crash()
      case 4: troubled.drain()
      default: break
      }
    }
    for key in ["0", "1", "2", "3"] {
      #expect(troubled.events(of: key) == calm.events(of: key))
      #expect(troubled.version(of: key) == calm.version(of: key))
      #expect(try troubled.state(of: key)?.balance == calm.state(of: key)?.balance)
    }
    #expect(troubled.rejections == calm.rejections)
  }

  @Test func `trouble without a command does no harm`() throws {
    let bank = TestDriver(BankAccount())
    try bank.abort()
    try bank.crash()
    try bank.rebalance()
    bank.drain()
    try bank.crash()
    #expect(try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1").types == ["opened"])
  }
}
