import LifecycleRules
import Testing

/// Every fault that a rules file can have, with its exact place.
struct RulesFaultTests {
  /// What `RulesFile` says about a file, one line for each fault.
  private func faults(_ yaml: String) -> String { RulesFile.check(yaml, path: "r").description }

  /// A file that is right but for its commands.
  private func faults(commands: String) -> String {
    faults(
      "object: o\nfields: {s: string, i: integer, b: boolean}\nstates: [a, b]\ncommands:\n"
        + "  new: {from: none, to: a, event: made, set: [s, i, b]}\n  go: {from: a, to: b, event: went}\n"
        + commands)
  }

  @Test func `the example of the design has no fault`() throws {
    #expect(faults(orders) == "")
    let rules = try RulesFile.parse(orders, path: "r")
    #expect(rules.object == "order")
    #expect(rules.commands.map(\.name) == ["create", "amend", "pay", "ship", "cancel", "purge"])
    #expect(rules.commands[1].guards.map(\.description) == ["total > 0", "total != state.total"])
  }

  @Test(arguments: wholeFiles)
  func `a fault of the whole file is named with its place`(yaml: String, expected: String) {
    #expect(faults(yaml) == expected)
  }

  @Test(arguments: commandFaults)
  func `a fault of a command is named with its place`(command: String, expected: String) {
    #expect(faults(commands: command) == expected)
  }

  @Test(arguments: guardFaults)
  func `a fault of a guard is named with its column inside the text`(condition: String, expected: String) {
    let command = "  x: {from: a, to: a, event: e, require: {k: integer, t: string}, when: [\(condition)]}"
    #expect(faults(commands: command) == expected)
  }

  @Test func `all faults are reported at once, in the order of the file`() {
    let yaml = """
      objekt: o
      fields: {a: text, status: string, a: integer}
      states: [s, s, none]
      commands:
        x: {from: t, to: s, event: e, set: [b], when: ["a = 1"]}
        x: {to: s}
      """
    #expect(
      faults(yaml) == """
        r:1:1: Expected one of object, version, migrate, unknown-fields, fields, states, commands, examples, but found `objekt`. Did you mean `object`?
        r:1:1: Expected rules to have the key `object`, but there is none.
        r:2:13: Expected one of string, integer, number, boolean, timestamp, duration, decimal, enum, list, but found `text`. Did you mean `string`?
        r:2:19: Expected a field's name, but found `status`, which is kept for every object. Choose another name.
        r:2:35: Expected each key once, but found `a` again. It is first on line 2.
        r:3:13: Expected each state once, but found `s` again.
        r:3:16: Expected a state's name, but found `none`, which stands for an object that does not exist. Remove it.
        r:5:13: Expected one of s, none, but found `t`.
        r:5:39: Expected one of a, but found `b`. Declare it in `fields`.
        r:5:53: Expected one of + - * / % == != < <= > >= and or not in, but found `=`. Write `==` to compare.
        r:6:3: Expected each key once, but found `x` again. It is first on line 5.
        """)
  }

  @Test func `bytes that are not UTF-8 are named with their place`() {
    let check = RulesFile.check(Array("object: o\nstates: [".utf8) + [0xff], path: "r")
    #expect(check.description == "r:2:10: Expected UTF-8, but found other bytes. Save the file as UTF-8.")
  }

  @Test func `a file that is too long, or grows by aliases, is refused`() {
    #expect(
      faults(String(repeating: "#", count: RulesFile.bytesMax + 1))
        == "r:1:1: Expected at most 262144 bytes of rules, but found 262145.")
    let bomb = (1...12).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]" }.joined(
      separator: "\n")
    #expect(
      faults("a0: &a0 x\n" + bomb + "\n? *a12\n: y") == "r:1:1: Expected at most 32 aliases, but found more.")
    #expect(faults(String(repeating: "[", count: 100_000)).hasPrefix("r:1:"))
  }

  @Test func `a file that cannot be opened is a fault`() {
    let fault = #expect(throws: RulesFaults.self) { try RulesFile.read(path: "/nowhere/rules.yaml") }
    #expect(
      fault?.description
        == "/nowhere/rules.yaml:1:1: Expected to open the rules file, but No such file or directory.")
  }

  @Test func `a check can be read by programs`() {
    let check = RulesFile.check("object: \"a\\\"b\"", path: "r")
    #expect(
      check.json.hasPrefix(
        #"{"valid":false,"faults":[{"severity":"error","path":"r","line":1,"column":1,"message":""#))
    #expect(RulesFile.check(orders, path: "r").json == #"{"valid":true,"faults":[]}"#)
  }

  @Test func `what is allowed but hardly meant is a warning`() {
    let check = RulesFile.check(
      """
      object: o
      fields: {a: string}
      states: [s, lost]
      commands:
        new: {from: none, to: s, event: made, when: ["state.a == 'x'"]}
        find: {from: lost, to: lost, event: found}
      """, path: "r")
    #expect(check.rules != nil)
    #expect(
      check.description == """
        r:2:10: warning: Expected a command that keeps the field `a`, but no `set` names it.
        r:3:13: warning: Expected a way from none to the state `lost`, but no command leads to it.
        r:5:48: warning: Expected a guard that can hold, but `state.a == 'x'` asks for the state of an object that does not exist.
        r:6:3: warning: Expected the command `find` to be possible, but no object reaches its `from`.
        """)
  }

  @Test func `a drawing has an arrow for each way and escapes what Mermaid reads as syntax`() throws {
    let rules = try RulesFile.parse(orders, path: "r")
    let drawing = RulesDrawing.mermaid(rules)
    #expect(drawing.hasPrefix("stateDiagram-v2\n  state \"open\" as s0\n"))
    #expect(drawing.contains("  [*] --> s0 : create\n"))
    #expect(drawing.contains("  s0 --> s0 : amend [total #62; 0 and total != state.total]\n"))
    #expect(drawing.contains("  s0 --> s3 : cancel\n  s1 --> s3 : cancel\n  s3 --> [*] : purge\n"))
  }
}
