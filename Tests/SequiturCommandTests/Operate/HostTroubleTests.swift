import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Troubles of a worker's own host, told at its door until somebody mends them, and no longer.
  struct HostTroubleTests {
    private func submit(_ orders: Range<Int>, to topics: TopicFixture) async throws {
      let lines = orders.map {
        #"{"key":"order-\#($0)","type":"create","payload":{"customer":"ada","total":\#($0)}}"#
      }
      try await withFile("orders.jsonl", Data((lines.joined(separator: "\n") + "\n").utf8)) { path in
        let result = try await sequitur(["submit", path] + topics.arguments)
        #expect(result.exit == .code(0), "\(result.standardError)")
      }
    }

    @Test func `a full disk is told, and the worker goes on once there is room`() async throws {
      guard let disk = try SmallDisk(bytes: 96 << 20) else { return }
      defer { disk.unmount() }
      let topics = try TopicFixture()
      let worker = try await OperatedWorker.start(
        topics, stateDirectory: disk.path + "/state", ["--memory", "32MB"])
      defer { worker.program.kill() }
      try await worker.waitUntil(nil)
      try await submit(0..<100, to: topics)
      try disk.fill()
      try await submit(100..<200, to: topics)
      // What waits for the store is written within a minute.
      let told = try await worker.waitUntil("store-unwritable", within: .seconds(120))
      #expect(told.troubles.contains { $0.cure.hasPrefix("Make room") && !$0.detail.isEmpty }, "\(told)")
      let ready = try await worker.get("ready")
      #expect(ready.status == 503)
      let metrics = try await worker.get("metrics").body
      #expect(metrics.contains("\nsequitur_trouble{reason=\"store-unwritable\"} 1\n"))
      #expect(metrics.contains("\nsequitur_store_healthy 0\n"))
      try await worker.program.waitForOutput(
        containing: "runbook=docs/runbook.md#store-unwritable", timeout: .seconds(10))
      try disk.empty()
      try await worker.waitUntil(nil)
      try await worker.program.waitForOutput(containing: "the worker goes on again", timeout: .seconds(10))
      try await eventually("all commands to be accepted") {
        try await worker.get("status").body.contains("\"accepted\":200")
      }
    }

    @Test func `a store that cannot be read is told as a pause, and the worker goes on once it can be`()
      async throws
    {
      let topics = try TopicFixture()
      let directory = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("paused"))
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
      defer { try? FileManager.default.removeItem(at: directory) }
      let library = directory.appending(path: "failing_reads.so").path
      let compiled = try await RunningProgram.run(
        "cc",
        arguments: [
          "-shared", "-fPIC", "-o", library, "Tests/SequiturCommandTests/Operate/failing_reads.c", "-ldl",
        ])
      #expect(compiled.exit == .code(0), "\(compiled.output)")
      let state = directory.appending(path: "state").path
      // A store with tables, of which nothing is in memory.
      let first = try await OperatedWorker.start(topics, stateDirectory: state)
      try await first.waitUntil(nil)
      try await submit(0..<100, to: topics)
      try await eventually("all commands to be accepted") {
        try await first.get("status").body.contains("\"accepted\":100")
      }
      first.program.terminate()
      #expect(try await first.program.waitForExit(timeout: .seconds(60)).exit == .code(0))

      let marker = directory.appending(path: "fail")
      let worker = try await OperatedWorker.start(
        topics, stateDirectory: state, environment: ["LD_PRELOAD": library, "FAILING_READS": marker.path])
      defer { worker.program.kill() }
      try await worker.waitUntil(nil)
      try Data().write(to: marker)
      // The same orders once more: each must be looked up.
      try await submit(0..<100, to: topics)
      let told = try await worker.waitUntil("paused")
      let trouble = try #require(told.troubles.first)
      #expect(trouble.partition == 0 && trouble.seconds >= 10, "\(trouble)")
      #expect(trouble.detail.contains("Input/output error"), "\(trouble)")
      #expect(trouble.cure.hasPrefix("Look at the disk."))
      let metrics = try await worker.get("metrics").body
      #expect(metrics.contains("\nsequitur_trouble{reason=\"paused\"} 1\n"))
      try await worker.program.waitForOutput(
        containing: "runbook=docs/runbook.md#paused", timeout: .seconds(10))
      try FileManager.default.removeItem(at: marker)
      try await worker.waitUntil(nil)
      try await worker.program.waitForOutput(containing: "the worker goes on again", timeout: .seconds(10))
      try await eventually("all commands to be rejected, each once") {
        try await worker.get("status").body.contains("\"invalid-transition\":100")
      }
    }

    /// The test broker does not fence members.
    @Test(.enabled(if: TestBroker.isOutside))
    func `a worker whose instance id another one takes is told, and serves again once that one is gone`()
      async throws
    {
      let topics = try TopicFixture()
      let id = ["--instance-id", "one"]
      try await OperatedWorker.with(topics, id) { first in
        try await first.waitUntil(nil)
        try await OperatedWorker.with(topics, id) { second in
          try await second.waitUntil(nil)
          let told = try await first.waitUntil("fenced")
          #expect(told.troubles.allSatisfy { $0.cure.contains("--instance-id") }, "\(told)")
          let metrics = try await first.get("metrics").body
          #expect(metrics.contains("\nsequitur_trouble{reason=\"fenced\"} 1\n"))
        }
        try await first.waitUntil(nil, within: .seconds(120))
      }
    }
  }
}
