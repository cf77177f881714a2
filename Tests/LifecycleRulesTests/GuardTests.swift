import LifecycleRules
import Sequitur
import Testing

struct GuardTests {
  /// Whether `condition` holds for a command on an object whose fields were set by `object`.
  private func holds(_ condition: String, _ command: String, object: String = "{}") throws -> Bool {
    let driver = try RulesDriver(
      """
      object: o
      fields: {s: string, i: integer, n: number, b: boolean}
      states: [t]
      commands:
        put: {from: none, to: t, event: put, set: [s, i, n, b]}
        ask: {from: t, to: t, event: asked, when: ["\(condition)"]}
      """)
    try #require(try driver.send("put", object) == .event("put"))
    let outcome = try driver.send("ask", command)
    if outcome.code != nil { #expect(outcome.code == .guardFailed, "\(outcome)") }
    return outcome == .event("asked")
  }

  @Test(arguments: [
    ("x == 1", true), ("x != 1", false), ("x < 2", true), ("x <= 1", true), ("x > 0", true),
    ("x >= 2", false),
    ("1 == x", true), ("x == 1.0", true), ("x>0.5", true), ("x < 1e3", true), ("  x  ==  1  ", true),
    ("x == -1", false), ("x == '1'", false), ("x != '1'", false), ("x == true", false), ("y == y", false),
  ])
  func `a guard compares by its operator`(condition: String, expected: Bool) throws {
    #expect(try holds(condition, #"{"x":1}"#) == expected)
  }

  @Test(arguments: [
    (#"{"x":9007199254740993}"#, "x == 9007199254740992.0", false),
    (#"{"x":9007199254740993}"#, "x > 9007199254740992.0", true),
    (#"{"x":9223372036854775807}"#, "x < 9223372036854775808", true),
    (#"{"x":9223372036854775808}"#, "x > 9223372036854775807", true),
    (#"{"x":-9223372036854775808}"#, "x == -9.223372036854775808e18", true),
    (#"{"x":-1e300}"#, "x < -9223372036854775808", true),
    (#"{"x":1.5}"#, "x > 1", true), (#"{"x":-1.5}"#, "x < -1", true), (#"{"x":-1.5}"#, "x > -2", true),
    (#"{"x":-0}"#, "x == 0", true), (#"{"x":-0.0}"#, "x == 0", true),
  ])
  func `numbers are compared exactly`(command: String, condition: String, expected: Bool) throws {
    #expect(try holds(condition, command) == expected)
  }

  @Test(arguments: [
    ("x == 'a'", #"{"x":"a"}"#, true), ("x < 'b'", #"{"x":"a"}"#, true), ("x < 'ab'", #"{"x":"a"}"#, true),
    ("x > 'Z'", #"{"x":"a"}"#, true), ("x == ''", #"{"x":""}"#, true),
    ("x == 'it''s'", #"{"x":"it's"}"#, true),
    ("x == 'é'", #"{"x":"é"}"#, true), ("x == 'é'", #"{"x":"e\u0301"}"#, false),
    ("x < '😀'", #"{"x":"\uffff"}"#, true), ("x == 'a b'", #"{"x":"a b"}"#, true),
  ])
  func `strings are compared by their bytes`(condition: String, command: String, expected: Bool) throws {
    #expect(try holds(condition, command) == expected)
  }

  @Test(arguments: [
    ("x == true", #"{"x":true}"#, true), ("x != true", #"{"x":false}"#, true),
    ("x == y", #"{"x":true,"y":true}"#, true),
    ("x < y", #"{"x":false,"y":true}"#, false), ("x >= y", #"{"x":true,"y":true}"#, false),
  ])
  func `booleans are equal or not, and nothing else`(condition: String, command: String, expected: Bool)
    throws
  {
    #expect(try holds(condition, command) == expected)
  }

  @Test(arguments: ["{}", #"{"x":null}"#, #"{"x":[]}"#, #"{"x":{}}"#])
  func `a field that is missing or cannot be compared makes the guard fail, whatever its operator`(
    command: String
  ) throws {
    for condition in ["x == y", "x != y", "x != 1", "x != 'a'", "x != true", "x < 1", "x >= 1"] {
      #expect(try !holds(condition, command))
    }
  }

  @Test func `a guard sees the object's fields`() throws {
    let object = #"{"s":"a","i":1,"n":1.5,"b":true}"#
    #expect(try holds("x == state.i", #"{"x":1}"#, object: object))
    #expect(try holds("state.n > state.i", "{}", object: object))
    #expect(try holds("x == state.s", #"{"x":"a"}"#, object: object))
    #expect(try holds("x == state.b", #"{"x":true}"#, object: object))
    #expect(try !holds("x != state.s", #"{"x":1}"#, object: object))
    #expect(try !holds("x != state.s", #"{"x":"b"}"#))
  }

  @Test func `a reason names the operand that is missing`() throws {
    let driver = try RulesDriver(orders)
    driver.states["k"] = Array(#"{"status":"open"}"#.utf8)
    #expect(
      try driver.send("pay", #"{"amount":1}"#)
        == .rejected(
          .guardFailed,
          "The command `pay` on an object with status open requires amount == state.total, but state.total is missing"
        ))
  }
}
