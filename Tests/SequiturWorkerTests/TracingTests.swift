import Foundation
import InMemoryTracing
import NoteDecider
import Synchronization
import TestBroker
import Testing
import Tracing

@testable import SequiturWorker

extension SequiturWorkerTests {
  /// Spans of a worker.
  struct TracingTests {
    private static let names = ["in-memory-trace-id", "in-memory-span-id"]

    /// A note that a request sent whose span is this one: the tracer's own headers stand for `traceparent`.
    private func command(_ key: String, trace: String) -> Command {
      var command = Command(key, "note", "one")
      command.headers += Self.names.map { ($0, Array(trace.utf8)) }
      return command
    }

    @Test func `a transaction's span links the requests of its commands, whose headers go on in the events`()
      async throws
    {
      let application = try await Application()
      let tracer = InMemoryTracer()
      var configuration = application.configuration()
      configuration.tracer = tracer
      let worker = Worker(configuration, logger: quiet) { NoteDecider() }
      try await application.submit([
        command("a", trace: "t1"), Command("b", "note", "no trace"), command("c", trace: "t2"),
      ])
      let running = Task { try await worker.run() }
      try await eventually("all to be processed") { worker.statistics.snapshot.commands == 3 }
      running.cancel()
      try await running.value

      let spans = tracer.finishedSpans
      let transactions = spans.filter { $0.operationName == "process \(application.topics.commands)" }
      #expect(!transactions.isEmpty && tracer.activeSpans.isEmpty)
      let links = transactions.flatMap(\.links).compactMap { $0.context.inMemorySpanContext?.traceID }
      #expect(links.sorted() == ["t1", "t2"])
      let restores = spans.filter { $0.operationName == "sequitur restore" }
      #expect(restores.count == 1 && restores.allSatisfy(\.errors.isEmpty))
      #expect(spans.contains { $0.operationName == "sequitur assign" })
      let events = try await application.read(application.topics.valid)
      #expect(events.compactMap { $0.text(Self.names[0]) }.sorted() == ["t1", "t2"])
    }

    @Test func `links are bounded, and a transaction without any is none the less told`() async throws {
      let application = try await Application()
      let tracer = InMemoryTracer()
      var configuration = application.configuration()
      configuration.tracer = tracer
      let worker = Worker(configuration, logger: quiet) { NoteDecider() }
      let count = 3 * TransactionTrace.linksMax
      try await application.submit((0..<count).map { command("k\($0)", trace: "t\($0)") })
      let running = Task { try await worker.run() }
      try await eventually("all to be processed") { worker.statistics.snapshot.commands == count }
      running.cancel()
      try await running.value
      let transactions = tracer.finishedSpans.filter { $0.operationName.hasPrefix("process ") }
      #expect(transactions.allSatisfy { $0.links.count <= TransactionTrace.linksMax })
      #expect(transactions.contains { !$0.links.isEmpty })
    }

    @Test func `without a tracer there is none`() {
      #expect(WorkerTracer(nil, topic: "t", group: "g") == nil)
    }

    @Test func `a decider's error is told with the trace of its command`() throws {
      let report = DeciderErrorReport(
        offset: 1, key: [], type: nil, traceparent: "00-0af7-b7ad-01", reason: "broken")
      #expect(report.traceparent == "00-0af7-b7ad-01")
    }
  }
}
