import Foundation
import LifecycleRules
import TestBroker
import Testing

/// Files that nobody would write: whatever they hold, the check ends with an answer.
struct RulesFuzzTests {
  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let seed =
    ProcessInfo.processInfo.environment["SEQUITUR_FUZZ_SEED"].flatMap { UInt64($0) }
    ?? .random(in: 0...9_999_999)
  private static let rounds =
    ProcessInfo.processInfo.environment["SEQUITUR_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 300

  private static let pieces = [
    "state.", "$time", "10m", "(", ")", "[", "]", "{", "}", " and ", " or ", "not ", "'", "\"", "||", "&&",
    "==", "<=", "\n",
    "  ", "- ", ": ", "min(", "max(", "has(", "round(", "9223372036854775807", "-", "*", "/", "%", "1e308",
    "0.00", ",", "?",
    "\u{1F600}", "e\u{301}", "#", "&a ", "*a", "|", ">", "type: decimal", "scale: 34", "default: ",
    "enum: []", "\t", "\u{0}",
  ]

  @Test func `mutated files and random bytes are judged, and what is right decides`() throws {
    var random = Generator(state: Self.seed)
    let texts = try ["bank-account", "stock", "seat", "user"].map {
      try Data(contentsOf: PackageRoot.url.appending(path: "Examples/Rules/\($0).yaml"))
    }
    var right = 0
    for _ in 0..<Self.rounds {
      var bytes = Array(texts.randomElement(using: &random)!)
      for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
      let check = RulesFile.check(bytes, path: "r")
      #expect(check.rules != nil || !check.errors.isEmpty, "seed \(Self.seed)")
      guard let rules = check.rules else { continue }
      right += 1
      let runner = ExampleRunner(rules)
      for example in rules.examples { _ = runner.run(example) }
      _ = rules.normalForm
      _ = RulesDrawing.mermaid(rules)
    }
    #expect(right > 0, "seed \(Self.seed): no mutated file was right")
    for _ in 0..<Self.rounds {
      let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      #expect(RulesFile.check(bytes, path: "r").rules == nil)
    }
  }

  @Test func `random expressions are judged at a place within them`() {
    var random = Generator(state: Self.seed)
    for _ in 0..<(10 * Self.rounds) {
      let count = Int.random(in: 1...12, using: &random)
      let text = (0..<count).map { _ in Self.pieces.randomElement(using: &random)! }.joined()
        .replacingOccurrences(of: "\n", with: " ").replacingOccurrences(of: "'", with: "''")
        .replacingOccurrences(of: "\u{0}", with: "")
      let check = RulesFile.check(
        """
        object: o
        states: [s]
        commands:
          c:
            from: [none, s]
            to: s
            event: e
            when:
              - '\(text)'
        """, path: "r")
      for fault in check.faults {
        #expect(fault.line == 9 || fault.line == 1, "seed \(Self.seed): \(text) gave \(fault)")
      }
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout Generator) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0...4, using: &random) {
    case 0: bytes[place] = .random(in: 0...255, using: &random)
    case 1: bytes.remove(at: place)
    case 2: bytes.insert(contentsOf: Array(Self.pieces.randomElement(using: &random)!.utf8), at: place)
    case 3:
      let end = min(bytes.count, place + Int.random(in: 0...40, using: &random))
      bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0..<bytes.count, using: &random))
    default: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...20, using: &random)))
    }
  }
}
