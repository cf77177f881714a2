import Sequitur
import Testing

@testable import PartitionEngine

/// The order of the checks: of those that fail, the first gives the code.
@Suite struct CheckOrderTests {
  /// An object `k` at version 2 that the ids `a` and `b` made.
  private func partition() throws -> TestPartition {
    let partition = TestPartition()
    try partition.process(TestCommand("set", "one", id: "a"))
    try partition.process(TestCommand("append", "two", id: "b"))
    partition.commit()
    return partition
  }

  @Test(
    arguments: [
      // (type, key, id, expected version) → code
      ("malformed", "", "a", "9", "invalid-key"),
      ("set", "", "a", "9", "invalid-key"),
      ("set", "k", "a", "soon", "malformed"),
      ("unknown", "k", "a", "soon", "malformed"),
      ("malformed", "k", "a", "9", "malformed"),
      ("unknown", "k", "a", "9", "unknown-command"),
      (nil, "k", "a", "9", "unknown-command"),
      ("refuse", "k", "a", "9", "duplicate"),
      ("invalid", "k", "a", "9", "duplicate"),
      ("refuse", "k", "c", "9", "version-conflict"),
      ("invalid", "k", "c", "9", "version-conflict"),
      ("invalid", "k", "c", "2", "invalid-field"),
      ("refuse", "k", "c", "2", "x-refused"),
      ("fail", "k", "c", "2", "decider-error"),
      ("nothing", "k", "c", "2", "decider-error"),
      ("forget", "unseen", "a", "none", "not-found"),
      ("append", "k", "c", "2", nil),
    ] as [(String?, String, String, String, String?)])
  func `the first check that fails gives the code`(
    type: String?, key: String, id: String, expected: String, code: String?
  ) throws {
    let command = TestCommand(type, "x", key: key, id: id, expect: expected)
    let partition = try partition()
    #expect(try partition.code(command) == code)
    #expect(partition.records.count == 1)
    #expect(partition.last["rejection-code"] == code)
  }

  @Test(
    arguments: [
      ("append", "a", "9", "duplicate"), ("append", "a", "any", "duplicate"),
      ("append", "c", "none", "version-conflict"), ("append", "c", "9", "version-conflict"),
      ("invalid", "c", "9", "version-conflict"), ("append", "c", "1", "decider-error"),
    ])
  func `a duplicate and a version conflict come before a state that cannot be read`(
    type: String, id: String, expected: String, code: String
  ) throws {
    let partition = TestPartition()
    // The decider encodes this state, and throws when it is to decode it.
    try partition.process(TestCommand("set", "unreadable", id: "a"))
    partition.commit()
    #expect(try partition.code(TestCommand(type, "x", id: id, expect: expected)) == code)
    #expect(partition.last["object-version"] == "1")
    #expect(partition.last["original-version"] == (code == "duplicate" ? "1" : nil))
  }

  @Test(
    arguments: [
      ("any", 0, nil), ("any", 1, nil), ("none", 0, nil), ("none", 1, "version-conflict"),
      ("exists", 0, "version-conflict"), ("exists", 1, nil), ("0", 0, nil), ("0", 1, "version-conflict"),
      ("1", 0, "version-conflict"), ("1", 1, nil), ("2", 1, "version-conflict"), ("", 1, nil),
      ("-1", 1, "malformed"),
    ] as [(String, Int, String?)])
  func `the forms of the expected version`(expected: String, version: Int, code: String?) throws {
    let partition = TestPartition()
    if version == 1 { try partition.process(TestCommand("set", "one")) }
    #expect(try partition.code(TestCommand("set", "x", expect: expected)) == code)
  }

  @Test func `keys of 1 and 1,024 bytes are keys, of 0 and 1,025 are not`() throws {
    let partition = TestPartition()
    #expect(try partition.code(TestCommand("set", key: "k")) == nil)
    #expect(try partition.code(TestCommand("set", key: String(repeating: "k", count: 1024))) == nil)
    #expect(try partition.code(TestCommand("set", key: String(repeating: "k", count: 1025))) == "invalid-key")
    #expect(try partition.code(TestCommand("set", key: "")) == "invalid-key")
    var command = TestCommand("set")
    command.key = nil
    #expect(try partition.code(command) == "invalid-key")
    #expect(partition.last.key == [])
    #expect(partition.last["rejection-reason"]?.contains("has none") == true)
  }

  @Test func `every rejection says the object's version`() throws {
    let partition = try partition()
    for type in ["malformed", "unknown", "invalid", "refuse", "fail", "nothing"] {
      try partition.process(TestCommand(type))
      #expect(partition.last["object-version"] == "2", "\(type)")
    }
    try partition.process(TestCommand("set", expect: "soon"))
    #expect(partition.last["object-version"] == "2")
    try partition.process(TestCommand("malformed", key: "unseen"))
    #expect(partition.last["object-version"] == "0")
  }
}
