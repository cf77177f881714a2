import Testing

@testable import SequiturOutbox

/// Messages as PostgreSQL's manual lays them out, byte by byte.
struct LogMessageTests {
  /// Texts end with a NUL; numbers stand with the high byte first.
  private static func bytes(_ parts: Any...) -> [UInt8] {
    parts.flatMap { part -> [UInt8] in
      switch part {
      case let text as String: Array(text.utf8)
      case let number as UInt8: [number]
      case let number as Int16: withUnsafeBytes(of: number.bigEndian) { Array($0) }
      case let number as Int32: withUnsafeBytes(of: number.bigEndian) { Array($0) }
      case let number as UInt64: withUnsafeBytes(of: number.bigEndian) { Array($0) }
      case let bytes as [UInt8]: bytes
      default: []
      }
    }
  }

  private static let relation = bytes(
    "R", Int32(16_385), "public\0", "outbox\0", "d", Int16(2), UInt8(1), "id\0", Int32(20), Int32(-1),
    UInt8(0), "key\0",
    Int32(25), Int32(-1))
  private static let insert = bytes(
    "I", Int32(16_385), "N", Int16(3), "t", Int32(2), "42", "n", "t", Int32(0))
  private static let message = bytes("M", UInt8(1), UInt64(7), "sequitur\0", Int32(3), "{}\n")

  @Test func `each kind of message is read`() throws {
    #expect(
      try LogMessage(Self.bytes("B", UInt64(0x16_B374_D848), UInt64(1), Int32(9)))
        == .begin(commit: LogPosition(0x16_B374_D848)))
    #expect(
      try LogMessage(Self.bytes("C", UInt8(0), UInt64(5), UInt64(6), UInt64(7)))
        == .commit(end: LogPosition(6)))
    let columns = [LogRelation.Column(name: "id", type: 20), LogRelation.Column(name: "key", type: 25)]
    #expect(
      try LogMessage(Self.relation)
        == .relation(LogRelation(id: 16_385, schema: "public", name: "outbox", columns: columns)))
    #expect(
      try LogMessage(Self.insert)
        == .insert(relation: 16_385, values: [.text(Array("42".utf8)), .null, .text([])]))
    #expect(
      try LogMessage(Self.message)
        == .message(isTransactional: true, prefix: "sequitur", content: Array("{}\n".utf8)))
    for kind in ["U", "D", "T", "O", "Y"] { #expect(try LogMessage(Self.bytes(kind, "anything")) == .other) }
  }

  @Test(arguments: [
    relation, insert, message, bytes("B", UInt64(1), UInt64(1), Int32(1)),
    bytes("C", UInt8(0), UInt64(5), UInt64(6)),
  ])
  func `a message that is cut anywhere is told, and never read beyond its end`(whole: [UInt8]) throws {
    _ = try LogMessage(whole)
    // What stands behind the numbers that count is not read of these two.
    let needed = whole[0] == UInt8(ascii: "B") ? 9 : whole.count
    for count in 0..<needed {
      #expect(throws: LogMessage.Unreadable.self, "\(count) bytes") { try LogMessage(Array(whole[..<count])) }
    }
  }

  @Test func `lengths that cannot be are told`() {
    for bad in [
      Self.bytes("M", UInt8(1), UInt64(7), "p\0", Int32(-1)),
      Self.bytes("M", UInt8(1), UInt64(7), "p\0", Int32.max),
      Self.bytes("I", Int32(1), "N", Int16(1), "t", Int32(-5)), Self.bytes("I", Int32(1), "K", Int16(1)),
      Self.bytes("I", Int32(1), "N", Int16(1), "x"), Self.bytes("Z"), [],
    ] {
      #expect(throws: LogMessage.Unreadable.self) { try LogMessage(bad) }
    }
  }

  @Test func `a stream's messages are read, and feedback is written`() throws {
    #expect(
      try ReplicationMessage(Self.bytes("w", UInt64(1), UInt64(2), UInt64(3), "C")) == .log(Array("C".utf8)))
    #expect(
      try ReplicationMessage(Self.bytes("k", UInt64(9), UInt64(3), UInt8(1)))
        == .keepAlive(end: LogPosition(9), wantsReply: true))
    for bad in [[], Self.bytes("w", UInt64(1)), Self.bytes("k", UInt64(1), UInt64(1)), Self.bytes("?")] {
      #expect(throws: ByteCursor.TooShort.self) { try ReplicationMessage(bad) }
    }
    #expect(
      ReplicationMessage.feedback(LogPosition(258))
        == Self.bytes("r", UInt64(258), UInt64(258), UInt64(258), UInt64(0), UInt8(0)))
  }

  @Test func `positions are written as PostgreSQL does`() {
    for text in ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF", "0/1A2B3C4"] {
      #expect(LogPosition(text)?.description == text)
    }
    for text in ["", "0", "/", "0/", "0/G", "0/123456789", "-1/0", "0/0/0"] {
      #expect(LogPosition(text) == nil)
    }
    #expect(LogPosition(0x1_0000_0000) > LogPosition(0xFFFF_FFFF))
  }
}

struct LogAssemblyTests {
  private static let relation = LogRelation(
    id: 1, schema: "public", name: "outbox",
    columns: [.init(name: "id", type: 20), .init(name: "key", type: 25), .init(name: "payload", type: 17)])

  private func assembly(from: UInt64 = 0) throws -> LogAssembly {
    var assembly = LogAssembly(OutboxTable(), prefix: "sequitur", from: LogPosition(from))
    #expect(try assembly.take(.relation(Self.relation)) == nil)
    return assembly
  }

  private func row(_ key: String, _ payload: String = "\\x00ff") -> LogMessage {
    .insert(relation: 1, values: [.text([0x31]), .text(Array(key.utf8)), .text(Array(payload.utf8))])
  }

  @Test func `a transaction comes command by command, and its end last`() throws {
    var assembly = try assembly()
    #expect(try assembly.take(.begin(commit: LogPosition(10))) == nil)
    guard case .command(let first, LogPosition(10), 0)? = try assembly.take(row("a")) else {
      Issue.record("no command")
      return
    }
    #expect(first.key == Array("a".utf8))
    #expect(first.payload == [0, 255])
    #expect(assembly.isInTransaction)
    let text = Array(#"{"key":"b","type":"t","id":"7","headers":{"x":"y"},"payload":{"n": 1.0}}"#.utf8)
    let message = LogMessage.message(isTransactional: true, prefix: "sequitur", content: text)
    guard case .command(let second, LogPosition(10), 1)? = try assembly.take(message) else {
      Issue.record("no command")
      return
    }
    #expect(second.key == Array("b".utf8))
    #expect(second.type == Array("t".utf8))
    #expect(second.commandID == "7")
    #expect(second.payload == Array(#"{"n": 1.0}"#.utf8))
    #expect(second.headers == Array(#"{"x":"y"}"#.utf8))
    #expect(second.fault == nil)
    #expect(try assembly.take(.commit(end: LogPosition(12))) == .ended(LogPosition(12)))
    #expect(!assembly.isInTransaction)
  }

  @Test func `what is on record is passed over, and nothing behind it`() throws {
    var assembly = try assembly(from: 12)
    for (commit, end) in [(5, 7), (10, 12)] as [(UInt64, UInt64)] {
      #expect(try assembly.take(.begin(commit: LogPosition(commit))) == nil)
      #expect(try assembly.take(row("old")) == nil)
      #expect(try assembly.take(.commit(end: LogPosition(end))) == nil)
    }
    #expect(try assembly.take(.begin(commit: LogPosition(12))) == nil)
    #expect(try assembly.take(row("new")) != nil)
    #expect(try assembly.take(.commit(end: LogPosition(14))) == .ended(LogPosition(14)))
  }

  @Test func `messages of others and messages outside of transactions are no commands`() throws {
    var assembly = try assembly()
    #expect(try assembly.take(.message(isTransactional: false, prefix: "sequitur", content: [])) == nil)
    _ = try assembly.take(.begin(commit: LogPosition(10)))
    #expect(try assembly.take(.message(isTransactional: true, prefix: "other", content: [])) == nil)
    #expect(try assembly.take(.other) == nil)
  }

  @Test(arguments: ["", "{", "7", #"{"key":1}"#, #"{"key":"a","color":"b"}"#, #"{"id":{}}"#])
  func `a message that is no command is known as poison`(text: String) {
    #expect(LogCommand(message: Array(text.utf8)).fault?.description.hasPrefix("bad-message: ") == true)
  }

  @Test func `a log out of order stops the relay`() throws {
    var none = LogAssembly(OutboxTable(), prefix: "p", from: LogPosition(0))
    #expect(throws: LogAssembly.Fault.self) { try none.take(row("a")) }
    var outside = try assembly()
    #expect(throws: LogAssembly.Fault.self) { try outside.take(row("a")) }
    #expect(throws: LogAssembly.Fault.self) { try outside.take(.commit(end: LogPosition(1))) }
    _ = try outside.take(.begin(commit: LogPosition(1)))
    #expect(throws: LogAssembly.Fault.self) { try outside.take(.begin(commit: LogPosition(2))) }
  }
}
