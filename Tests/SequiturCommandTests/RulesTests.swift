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

    @Test func `a file that is not there is wrong usage`() async throws {
      #expect(try await sequitur(["rules", "check", "/no/such/file"]).exit == .code(2))
    }
  }
}
