import NoteDecider
import Sequitur
import TestBroker
import Testing

@testable import SequiturWorker

/// A decider that fails is told, and not once for each command.
struct DeciderErrorTallyTests {
  @Test func `a kind is told at once, and again a minute later with how many came`() {
    var tally = DeciderErrorTally()
    #expect(tally.add("a", at: .zero) == 1)
    #expect(tally.add("a", at: .seconds(1)) == nil)
    #expect(tally.add("b", at: .seconds(1)) == 1)
    #expect(tally.add("a", at: .seconds(59)) == nil)
    #expect(tally.add("a", at: .seconds(60)) == 3)
    #expect(tally.add("a", at: .seconds(61)) == nil)
    #expect(tally.add("b", at: .seconds(300)) == 1)
  }

  @Test func `ever new kinds are one kind beyond the limit`() {
    var tally = DeciderErrorTally()
    for number in 0..<DeciderErrorTally.kindsMax { #expect(tally.add("kind \(number)", at: .zero) == 1) }
    #expect(tally.add("one more", at: .seconds(1)) == 1)
    #expect(tally.add("and another", at: .seconds(2)) == nil)
    #expect(tally.add("kind 3", at: .seconds(2)) == nil)
    // Those that came no more make room.
    #expect(tally.add("another", at: .seconds(90)) == 1)
  }

  @Test func `errors of one cause are one kind, whatever numbers and texts they quote`() {
    func kind(_ reason: String, type: String? = "pay") -> String {
      DeciderErrorReport(offset: 1, key: [], type: type, reason: reason).kind
    }
    #expect(kind("found `lost` at 12") == kind("found `x` at 9"))
    #expect(kind("found 'it is \"so\"' at 12") == kind("found '' at 1"))
    #expect(kind("found a string") != kind("found a number"))
    #expect(kind("found", type: "pay") != kind("found", type: "ship"))
  }
}

extension SequiturWorkerTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct DeciderErrorTests {
    private struct Broken: Error, CustomStringConvertible {
      let description: String
    }

    /// Fails for payloads that begin with `fail`.
    private static func failing() -> WatchedDecider {
      WatchedDecider { payload in
        let text = String(decoding: payload, as: UTF8.self)
        if text.hasPrefix("fail") { throw Broken(description: text + "\nFORGED") }
      }
    }

    @Test func `a decider that fails is told once a kind with where, and every command has its rejection`()
      async throws
    {
      let application = try await Application()
      var commands = (0..<20).map { Command("key-\($0)", "note", "fail with \($0)") }
      commands.insert(Command("good", "note", "kept"), at: 7)
      commands.append(Command("odd\u{1B}", "note", "fail in another way"))
      try await application.submit(commands)
      var configuration = application.configuration()
      configuration.stopsWhenCaughtUp = true
      let log = LogStore()
      let worker = Worker(configuration, logger: log.logger) { Self.failing() }
      try await worker.run()
      let lines = log.lines.filter { $0.message.hasPrefix("the decider failed") }
      #expect(lines.map(\.level) == [.error, .error], "\(lines)")
      #expect(lines.first?.metadata["topic"] == application.topics.commands)
      #expect(lines.first?.metadata["partition"] == "0" && lines.first?.metadata["offset"] == "0")
      #expect(lines.first?.metadata["key"] == "key-0" && lines.first?.metadata["type"] == "note")
      #expect(lines.first?.metadata["reason"]?.contains("fail with 0") == true)
      #expect(lines.last?.metadata["offset"] == "21")
      #expect(
        lines.allSatisfy { line in
          line.metadata.values.allSatisfy { !$0.contains("\n") && !$0.contains("\u{1B}") }
        })
      #expect(worker.statistics.snapshot.rejected[.deciderError] == 21)
      let audit = try await Audit(of: application)
      #expect(audit.outcomes.values.count { $0 == .rejection("decider-error") } == 21)
    }
  }
}
