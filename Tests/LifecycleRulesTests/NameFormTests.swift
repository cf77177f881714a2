import LifecycleRules
import Sequitur
import Testing

/// Names that look alike, since they differ in their Unicode form only.
struct NameFormTests {
  /// `é` as one scalar, and as two.
  private static let (one, two) = ("caf\u{e9}", "cafe\u{301}")

  private static func rules(
    field: String = one, kept: String? = nil, state: String = one, to: String? = nil, command: String = one,
    other: String = "other", event: String = one, second: String? = nil, guards: String = "'x' == 'x'"
  ) -> String {
    """
    object: place
    fields: {\(field): string}
    states: [\(state)]
    commands:
      \(command): {from: none, to: \(to ?? state), event: \(event), set: [\(kept ?? field)], when: ["\(guards)"]}
      \(other): {from: \(to ?? state), to: \(state), event: \(second ?? event)}
    """
  }

  private static let faults: [(String, String, String)] = [
    ("a kept field", rules(kept: two), "r:5:51"),
    ("a status", rules(to: two), "r:5:26"),
    ("a command", rules(other: two), "r:6:3"),
    ("an event", rules(second: two), "r:6:40"),
    ("a guard's field of the object", rules(guards: "state.\(two) == 'x'"), "r:5:66"),
    ("a guard's field of the command", rules(guards: "'x' == \(two)"), "r:5:73"),
    ("a letter of its own", rules(state: "\u{c5}", to: "\u{212b}"), "r:5:26"),
    ("three marks in another order", rules(state: "a\u{323}\u{307}", to: "a\u{307}\u{323}"), "r:5:26"),
    ("a Hangul syllable", rules(state: "\u{d55c}", to: "\u{1112}\u{1161}\u{11ab}"), "r:5:26"),
  ]

  @Test(arguments: faults)
  func `a name in another Unicode form is a fault with its place`(what: String, yaml: String, place: String) {
    let check = RulesFile.check(yaml, path: "r")
    #expect(check.rules == nil, "\(what)")
    #expect(check.description.contains("\(place): Expected `"), "\(what): \(check)")
    #expect(check.description.contains("in the Unicode form that it has on line "), "\(what): \(check)")
  }

  @Test func `both forms among the keys of one mapping are a fault`() {
    let check = RulesFile.check(
      "object: o\nfields: {\(Self.one): string, \(Self.two): string}\nstates: [s]\n"
        + "commands: {c: {from: none, to: s, event: e, set: [\(Self.one)], require: {\(Self.two): string}}}",
      path: "r")
    #expect(
      check.description == """
        r:2:24: Expected `cafe\u{301}` in the Unicode form that it has on line 2, U+00E9, but found U+0065 U+0301. \
        Both look alike, and are different names in commands. Write it in one form.
        r:4:68: Expected `cafe\u{301}` in the Unicode form that it has on line 2, U+00E9, but found U+0065 U+0301. \
        Both look alike, and are different names in commands. Write it in one form.
        """)
  }

  @Test func `names of one form are right, whichever it is, and match by their bytes`() throws {
    for (own, other) in [(Self.one, Self.two), (Self.two, Self.one)] {
      let yaml = Self.rules(
        field: own, state: own, command: own, event: own, guards: "state.\(own) != \(own)")
      #expect(RulesFile.check(yaml, path: "r").rules != nil)
      let driver = try RulesDriver(Self.rules(field: own, state: own, command: own, event: own))
      #expect(try driver.send(other, "{}").code == .unknownCommand)
      #expect(try driver.send(own, #"{"\#(own)":"a","\#(other)":"b"}"#) == .event(own))
      #expect(driver.state() == #"{"status":"\#(own)","\#(own)":"a"}"#)
      #expect(Array(driver.state()!.utf8) == Array(#"{"status":"\#(own)","\#(own)":"a"}"#.utf8))
      driver.states["k"] = Array(#"{"status":"\#(other)"}"#.utf8)
      #expect(throws: LifecycleStateFault.self) { try driver.send("other", "{}") }
    }
  }

  @Test func `things of different kinds may have names of different forms`() {
    let yaml = Self.rules(field: Self.one, state: Self.two, command: Self.one, event: Self.two)
    #expect(RulesFile.check(yaml, path: "r").rules != nil)
  }
}
