import MetricsTestKit
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

/// Metrics are what an operator's alarm hangs on: names and numbers are as the manual says.
struct CommandMetricTests {
  @Test func `each rejection is counted under its code, and the decider's failures once more`() throws {
    let metrics = TestMetrics()
    let statistics = WorkerStatistics(metrics: metrics)
    func transaction(_ accepted: Int, _ rejected: [RejectionCode: Int]) {
      statistics.transactionEnded(
        accepted: accepted, rejected: rejected, duration: .milliseconds(2), positions: [:])
    }
    transaction(5, [.duplicate: 2])
    #expect(try metrics.expectCounter("sequitur_decider_errors_total").values == [])
    transaction(1, [.deciderError: 3, .guardFailed: 4])
    transaction(0, [.deciderError: 1])
    #expect(try metrics.expectCounter("sequitur_decider_errors_total").totalValue == 4)
    #expect(try metrics.expectCounter("sequitur_commands_accepted_total").totalValue == 6)
    for (code, count) in [("duplicate", 2), ("decider-error", 4), ("guard-failed", 4)] as [(String, Int64)] {
      #expect(
        metrics.counterTotal(label: "sequitur_commands_rejected_total", dimensions: [("code", code)]) == count
      )
    }
    #expect(try metrics.expectTimer("sequitur_transaction_duration_seconds").values.count == 3)
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
      let metrics = TestMetrics()
      let worker = Worker(
        configuration, logger: log.logger, decider: KnownDecider { Self.failing() },
        statistics: WorkerStatistics(metrics: metrics)
      ) { seat, store in TypedPartitionTask(decider: Self.failing(), seat: seat, store: store) }
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
      #expect(try metrics.expectCounter("sequitur_decider_errors_total").totalValue == 21)
      #expect(try metrics.expectCounter("sequitur_commands_accepted_total").totalValue == 1)
      let audit = try await Audit(of: application)
      #expect(audit.outcomes.values.count { $0 == .rejection("decider-error") } == 21)
    }
  }
}
