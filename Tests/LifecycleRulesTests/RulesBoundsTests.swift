import Glibc
import LifecycleRules
import TestBroker
import Testing

/// Rules files that would take long, hang, or say too much.
struct RulesBoundsTests {
  private static let head = "object: o\nstates: [s]\n"

  private static func rules(states: [String], _ commands: String) -> String {
    "object: o\nstates: [\(states.joined(separator: ","))]\ncommands:\n\(commands)"
  }

  private static func names(_ letter: String, _ range: Range<Int>) -> [String] {
    range.map { "\(letter)\($0)" }
  }

  private static func commands(_ count: Int, _ line: (Int) -> String) -> String {
    (0..<count).map { "  " + line($0) }.joined(separator: "\n")
  }

  /// 31 aliases that make 59,049 times 20,000 parts of one list.
  private static let nestedAliases =
    "a0: &a0 [" + String(repeating: "a,", count: 20_000) + "]\n"
    + (1...10).map { "a\($0): &a\($0) [" + String(repeating: "*a\($0 - 1),", count: 3) + "]\n" }.joined()

  /// Each is below the largest size. A debug build takes up to a tenth of the bound; without bounds of its own a
  /// release build takes from 20 seconds to hours.
  private static let files: [(String, String)] = [
    ("one key, again and again", head + "commands: {" + String(repeating: "a,", count: 125_000) + "}"),
    (
      "keys of one letter",
      head + "commands: {"
        + (0..<120_000).map { "\(Character(Unicode.Scalar(0x4e00 + UInt32($0 % 20000))!))" }.prefix(60_000)
        .joined(separator: ",") + "}"
    ),
    (
      "one command, again and again",
      rules(states: ["s"], commands(7_000) { _ in "x: {from: none, to: s, event: e}" })
    ),
    (
      "misspelt states",
      rules(
        states: names("state", 0..<8_000), commands(3_500) { "c\($0): {from: none, to: stat\($0), event: e}" }
      )
    ),
    ("many states", rules(states: names("s", 0..<35_000), "  c: {from: none, to: s1, event: e}")),
    (
      "a list of all states",
      rules(
        states: names("s", 0..<15_000),
        "  a: {from: [\(names("s", 0..<15_000).joined(separator: ","))], to: s1, event: e}")
    ),
    (
      "states in a row, the last one first",
      rules(
        states: names("s", 0..<4_000),
        commands(4_000) {
          "c\($0): {from: \($0 == 3_999 ? "none" : "s\(4_000 - 1 - $0)"), to: s\(3_999 - $0), event: e}"
        })
    ),
    (
      "fields, all of them kept and compared",
      "object: o\nfields: {\(names("f", 0..<6_000).map { "\($0): integer" }.joined(separator: ","))}\nstates: [s]\n"
        + "commands:\n  c: {from: none, to: s, event: e, set: [\(names("f", 0..<6_000).joined(separator: ","))], when: ["
        + (0..<3_000).map { "f\($0) < f5999" }.joined(separator: ",") + "]}"
    ),
    (
      "one long word",
      head + "commands: {c: {from: none, to: \(String(repeating: "x", count: 250_000)), event: e}}"
    ),
    (
      "one letter with many marks",
      head + "commands: {c: {from: none, to: a\(String(repeating: "\u{301}", count: 120_000)), event: e}}"
    ),
    (
      "a long guard",
      head
        + "commands: {c: {from: none, to: s, event: e, when: [\"\(String(repeating: "(", count: 250_000))\"]}}"
    ),
    ("deep lists", head + "commands: " + String(repeating: "[", count: 250_000)),
    ("deep mappings", head + "commands: " + String(repeating: "{a: ", count: 60_000)),
    ("dashes", head + "commands:\n" + String(repeating: "- ", count: 120_000)),
    ("question marks", head + "commands:\n" + String(repeating: "? ", count: 120_000)),
    (
      "tags and anchors",
      head + "commands: [" + (0..<15_000).map { "&a\($0) !t x" }.joined(separator: ",") + "]"
    ),
    ("aliases of aliases as a key", nestedAliases + "? *a10\n: x"),
    ("aliases of aliases as a short key", nestedAliases + "*a10 : x"),
    ("aliases of aliases in a list that is a key", nestedAliases + "[*a10]: x"),
    ("aliases of aliases in a mapping that is a key", nestedAliases + "{k: *a10}: x"),
    ("aliases of aliases as a value", nestedAliases + "commands: *a10"),
    ("an open quote", head + "commands: \"" + String(repeating: "\n ", count: 120_000)),
  ]

  /// Of this thread: what else the machine does is left out.
  private var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test(arguments: files.indices)
  func `a hostile rules file is checked in a bounded time, with a bounded report`(index: Int) {
    let (what, yaml) = Self.files[index]
    #expect(yaml.utf8.count <= RulesFile.bytesMax, "\(what)")
    let start = processorSeconds
    let check = RulesFile.check(yaml, path: "r")
    let time = processorSeconds - start
    #expect(time < 15, "\(what) took \(time) s")
    #expect(check.faults.count <= RulesFile.faultsMax + 1, "\(what)")
    for fault in check.faults { #expect(fault.message.unicodeScalars.count < 5_000, "\(what)") }
  }

  @Test func `the first faults are listed, and the others are counted`() {
    let check = RulesFile.check(
      Self.rules(states: ["s"], Self.commands(250) { "c\($0): {from: x, to: y, event: e}" }), path: "r")
    #expect(check.errors.count == RulesFile.faultsMax + 1)
    #expect(
      check.faults.last?.description
        == "r:53:22: Expected at most 100 faults, but found 400 more. Mend these first.")
  }

  @Test func `a message lists some names and says how many there are`() {
    let check = RulesFile.check(
      Self.rules(states: Self.names("s", 0..<1_000), "  c: {from: none, to: nowhere, event: e}"), path: "r")
    let names = Self.names("s", 0..<20).joined(separator: ", ")
    #expect(
      check.errors.map(\.message) == ["Expected one of \(names), … (1002 in all), but found `nowhere`"])
  }

  @Test func `a drawing and a decider of many names are made in a bounded time`() throws {
    let count = 4_000
    let list = Self.names("s", 0..<count).joined(separator: ",")
    let yaml = Self.rules(
      states: Self.names("s", 0..<count),
      Self.commands(2_000) { "c\($0): {from: none, to: s\($0), event: e}" }
        + "\n  all: {from: [\(list)], to: s1, event: e}")
    let rules = try RulesFile.parse(yaml, path: "r")
    let start = processorSeconds
    #expect(RulesDrawing.mermaid(rules).contains("s3999 --> s1 : all"))
    #expect(LifecycleDecider(rules).rules.states.count == count)
    #expect(processorSeconds - start < 10)
  }

  @Test func `only a regular file of the right size is read`() throws {
    let directory = "/tmp/\(TestBroker.uniqueName("rules"))"
    try #require(mkdir(directory, 0o700) == 0)
    defer { _ = rmdir(directory) }
    let pipe = directory + "/pipe.yaml"
    try #require(mkfifo(pipe, 0o600) == 0)
    defer { unlink(pipe) }
    let link = directory + "/link.yaml"
    try #require(symlink("/dev/zero", link) == 0)
    defer { unlink(link) }
    let large = directory + "/large.yaml"
    let file = open(large, O_CREAT | O_WRONLY, 0o600)
    try #require(file >= 0 && ftruncate(file, 100 << 20) == 0)
    close(file)
    defer { unlink(large) }
    let expected = "Expected a regular file with the rules, but it is"
    #expect(RulesFile.check(path: pipe).errors.map(\.message) == ["\(expected) a pipe"])
    #expect(RulesFile.check(path: link).errors.map(\.message) == ["\(expected) a device"])
    #expect(RulesFile.check(path: "/dev/zero").errors.map(\.message) == ["\(expected) a device"])
    #expect(RulesFile.check(path: directory).errors.map(\.message) == ["\(expected) a directory"])
    #expect(
      RulesFile.check(path: large).errors.map(\.message)
        == ["Expected at most 262144 bytes of rules, but found 104857600"])
  }
}
