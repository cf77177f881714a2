import Testing

@testable import SequiturOutbox

struct RowVerdictTests {
  private func fault(
    key: Int? = 1, payload: Int = 10, type: [UInt8]? = nil, headers: String? = nil, isKeyParked: Bool = false,
    limit: Int = 2_000
  ) -> String? {
    var facts = RowVerdict.Facts()
    facts.keyBytes = key
    facts.payloadBytes = payload
    facts.isKeyParked = isKeyParked
    return (type ?? []).withUnsafeBytes { typeBytes in
      facts.type = type == nil ? nil : typeBytes
      return Array((headers ?? "").utf8).withUnsafeBytes { headerBytes in
        facts.headers = headers == nil ? nil : headerBytes
        let reason = RowVerdict(recordBytesMax: limit).fault(facts)?.description
        return reason.map { String($0.prefix { $0 != ":" }) }
      }
    }
  }

  @Test func `a row of a command is fine, and one without type, payload and headers too`() {
    #expect(fault(key: 1024, type: Array("pay".utf8), headers: #"{"a": "b", "c": null}"#) == nil)
    #expect(fault(payload: 0) == nil)
    #expect(fault(headers: "null") == nil)
    #expect(fault(headers: "{}") == nil)
  }

  @Test(arguments: [(nil, "no-key"), (0, "no-key"), (1025, "key-too-long"), (1 << 30, "key-too-long")])
  func `a key that no object may have is told`(bytes: Int?, code: String) {
    #expect(fault(key: bytes) == code)
  }

  @Test func `what is too large for the topic counts key, payload and headers`() {
    #expect(fault(payload: 2_000) == "too-large")
    #expect(fault(key: 1_000, payload: 900) == "too-large")
    #expect(fault(headers: #"{"a": "\#(String(repeating: "x", count: 1_900))"}"#) == "too-large")
    #expect(fault(payload: 1_700) == nil)
    #expect(fault(payload: 1 << 30, limit: 1_048_588) == "too-large")
  }

  @Test func `a type that is no text is told`() {
    #expect(fault(type: [0xFF]) == "type-no-text")
    #expect(fault(type: [0xC3]) == "type-no-text")
    #expect(fault(type: Array("café".utf8)) == nil)
  }

  @Test(arguments: ["[1]", #""a""#, "7", #"{"a": 1}"#, #"{"a": {"b": "c"}}"#, #"{"": "x"}"#, #"{"a": true}"#])
  func `headers that are no object of texts are told`(json: String) {
    #expect(fault(headers: json) == "bad-headers")
  }

  @Test func `a key of which a row is parked waits, whatever the row is like`() {
    #expect(fault(isKeyParked: true) == "behind")
    #expect(fault(payload: 1 << 20, isKeyParked: true) == "behind")
  }
}

struct BatchRecordTests {
  private func decode(_ text: String) throws -> BatchRecord {
    try Array(text.utf8).withUnsafeBytes { try BatchRecord(decoding: $0, at: "t/0/7") }
  }

  @Test func `a batch is read as it was written`() throws {
    var record = BatchRecord(relay: "h:1:x")
    record.ids = ["1", "two \"2\""]
    record.commands = ["c", nil]
    let text = String(decoding: try record.encoded(), as: UTF8.self)
    #expect(text == #"{"commands":["c",null],"format":1,"ids":["1","two \"2\""],"relay":"h:1:x"}"#)
    let read = try decode(text)
    #expect(read == record)
    #expect(
      read.rows == [RowIdentity(id: "1", commandID: "c"), RowIdentity(id: "two \"2\"", commandID: nil)])
    #expect(try decode(#"{"format":1,"relay":"r","mode":"poll","shards":4,"later":true}"#).rows == [])
  }

  @Test(arguments: [
    "", "{}", "7", #"{"format":2,"relay":"r"}"#, #"{"format":1,"relay":"r","ids":[1]}"#,
    #"{"format":1,"relay":"r","ids":["1"],"commands":[]}"#,
  ])
  func `a record that says something else stops the relay with its place`(text: String) {
    #expect { try decode(text) } throws: { error in
      (error as? OutboxFault)?.kind == .lost && "\(error)".contains("t/0/7")
    }
  }

  @Test func `keys tell shards, and names that begin alike apart`() {
    let keys = RecordKeys(name: "a")
    #expect(keys.shard(of: "a/12") == 12)
    #expect(keys.shard(of: "a/log") == nil)
    #expect(keys.shard(of: "ab/1") == nil)
    #expect(keys.isOwn("a") && keys.isOwn("a/1") && !keys.isOwn("ab") && !keys.isOwn("ab/1"))
  }

  @Test func `the parked table is named after the table`() {
    #expect(OutboxTable().parkedName == "outbox_parked")
    #expect(OutboxTable(name: "shop.events").parkedName == "shop.events_parked")
    #expect(OutboxTable(name: #""My shop"."Events""#).parkedName == #""My shop"."Events_parked""#)
  }
}
