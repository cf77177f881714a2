import Foundation
import Testing

extension SequiturCommandTests {
  struct RulesTests {
    private struct Check: Decodable {
      struct Fault: Decodable {
        let line, column: Int
        let message: String
      }
      let valid: Bool
      let faults: [Fault]
    }

    private let right = """
      object: order
      states: [open, closed]
      commands:
        create: {from: none, to: open, event: created}
        close: {from: open, to: closed, event: closed}
      """

    @Test func `right rules are said to be right, and drawn`() async throws {
      try await withFile("order.yaml", Data(right.utf8)) { path in
        let check = try await sequitur(["rules", "check", path])
        #expect(check.exit == .code(0))
        #expect(check.standardOutput.contains("order has 2 states and 2 commands"))
        let drawing = try await sequitur(["rules", "draw", path])
        #expect(drawing.exit == .code(0))
        #expect(drawing.standardOutput.hasPrefix("stateDiagram-v2\n"))
        #expect(drawing.standardOutput.contains("[*] --> s0 : create"))
      }
    }

    @Test func `every fault is named with line and column`() async throws {
      let wrong = right.replacingOccurrences(of: "from: open", with: "from: opne")
        .replacingOccurrences(of: "event: created", with: "evnt: created")
      try await withFile("order.yaml", Data(wrong.utf8)) { path in
        let check = try await sequitur(["rules", "check", path])
        #expect(check.exit == .code(1))
        #expect(check.output.standardError.contains("\(path):4:"))
        #expect(check.output.standardError.contains("\(path):5:"))
        let json = try await sequitur(["rules", "check", "--json", path])
        #expect(json.exit == .code(1))
        let document = try json.document(Check.self)
        #expect(!document.valid)
        #expect(document.faults.count >= 2)
        #expect(try await sequitur(["rules", "draw", path]).exit == .code(1))
      }
    }

    @Test func `warnings fail a strict check only`() async throws {
      let odd = right + "\n  find: {from: closed, to: closed, event: found, when: [\"amont == 1\"]}\n"
      try await withFile("order.yaml", Data(odd.utf8)) { path in
        let check = try await sequitur(["rules", "check", path])
        #expect(check.exit == .code(0))
        #expect(
          check.output.standardError.contains("warning: Expected no field of the command, but found `amont`"))
        #expect(try await sequitur(["rules", "check", "--strict", path]).exit == .code(1))
      }
    }

    private struct Suite: Decodable {
      struct Failure: Decodable {
        let line: Int
        let name, message: String
      }
      struct Coverage: Decodable { let covered, all: Int }
      struct Item: Decodable { let kind, name: String }
      let examples: Int
      let failures: [Failure]
      let coverage: [String: Coverage]
      let uncovered: [Item]
    }

    private let examples = """
      examples:
        - {when: create, then: {event: created, state: open}}
        - {given: [create], when: close, then: {event: closed}}
      """

    @Test func `examples are run, and what they do not show is listed`() async throws {
      try await withFile("order.yaml", Data((right + "\n" + examples).utf8)) { path in
        let test = try await sequitur(["rules", "test", "--full-coverage", path])
        #expect(test.exit == .code(0))
        #expect(
          test.standardOutput
            == "\(path): order: 2 examples, all pass; shown: 2 of 2 commands, 2 of 2 transitions\n")
      }
      try await withFile("order.yaml", Data(right.utf8)) { path in
        let test = try await sequitur(["rules", "test", path])
        #expect(test.exit == .code(0))
        #expect(test.standardOutput.contains("\(path):4: no example shows: create: none → open\n"))
        #expect(try await sequitur(["rules", "test", "--full-coverage", path]).exit == .code(1))
      }
    }

    @Test func `an example that fails, and a file of examples, are told with their places`() async throws {
      let wrong = examples.replacingOccurrences(of: "event: closed", with: "rejected: not-found")
      try await withFile("order.yaml", Data(right.utf8)) { path in
        try await withFile("more.yaml", Data(wrong.utf8)) { more in
          let test = try await sequitur(["rules", "test", "--json", path, more])
          #expect(test.exit == .code(1))
          let suites = try test.document([Suite].self)
          #expect(suites.count == 1)
          #expect(suites[0].examples == 2)
          #expect(suites[0].failures.map(\.line) == [3])
          #expect(
            suites[0].failures.map(\.message) == [
              "Expected the rejection not-found, but the command was accepted as closed"
            ])
          #expect(suites[0].coverage["commands"]?.covered == 2)
          #expect(suites[0].uncovered.isEmpty)
          #expect(try await sequitur(["rules", "test", more]).exit == .code(1))
        }
      }
    }

    @Test func `a file that is not there is wrong usage`() async throws {
      #expect(try await sequitur(["rules", "check", "/no/such/file"]).exit == .code(2))
    }
  }
}
