import Foundation
import SequiturMetrics
import TestBroker
import Testing

extension SequiturCommandTests {
  /// The doors of the programs beside the worker: the same paths, words and refusals.
  struct OtherDoorTests {
    /// Programs that run until they are stopped, with what each needs.
    private func commands(_ topics: TopicFixture) -> [[String]] {
      [
        ["gateway"] + topics.arguments, ["view", "--print"] + topics.arguments,
        ["view", "--serve", "127.0.0.1:0"] + topics.arguments,
      ]
    }

    private func metrics(_ metrics: String, are known: [String], of door: String) async throws {
      let shown = Set(metrics.matches(of: /# TYPE (\w+)/).map { String($0.1) })
      #expect(!shown.isEmpty && shown.subtracting(known) == [], "\(door): \(shown.subtracting(known))")
      let checked = try await RunningProgram.run(
        "promtool", arguments: ["check", "metrics"], standardInput: .data(Data(metrics.utf8)))
      #expect(checked.exit == .code(0) && checked.output.standardError.isEmpty, "\(door): \(checked.output)")
    }

    @Test func `a view that prints has the door, and ends in order`() async throws {
      let topics = try TopicFixture(partitions: 2)
      let view = try await OperatedWorker.start(
        BuiltProgram.find("sequitur"),
        ["view", "--print", "--log-level", "info", "--http", "127.0.0.1:0"] + topics.arguments)
      defer { view.program.kill() }
      try await view.waitUntil(nil)
      let status = try await view.get("status").body
      #expect(status.contains("\"service\":\"view\"") && status.contains(topics.changelog), "\(status)")
      #expect(status.contains("\"role\":\"following\""))
      try await metrics(
        try await view.get("metrics").body, are: ViewMetric.allCases.map(\.rawValue), of: "view")
      view.program.terminate()
      #expect(try await view.program.waitForExit(timeout: .seconds(60)).exit == .code(0))
    }

    @Test(.enabled(if: OwnBroker.isAvailable))
    func `a view that serves is not ready while the cluster is silent, and is again behind that`()
      async throws
    {
      let broker = try await OwnBroker.start()
      defer { broker.kill() }
      let topics = try TopicFixture(on: broker.bootstrap)
      let view = try await OperatedWorker.start(
        BuiltProgram.find("sequitur"),
        [
          "view", "--serve", "127.0.0.1:0", "--log-level", "info", "--http", "127.0.0.1:0", "--kafka",
          "socket.timeout.ms=3000",
        ] + topics.arguments)
      defer { view.program.kill() }
      try await view.waitUntil(nil)
      broker.freeze()
      let told = try await view.waitUntil("view-behind")
      #expect(told.troubles.allSatisfy { $0.cure.contains("brokers") }, "\(told)")
      #expect(try await view.get("ready").status == 503)
      #expect(try await view.get("metrics").body.contains("\nsequitur_view_ready 0\n"))
      broker.thaw()
      try await view.waitUntil(nil)
    }

    @Test(.enabled(if: OwnBroker.isAvailable))
    func `a gateway has the door beside its own paths, and tells a silent cluster`() async throws {
      let broker = try await OwnBroker.start()
      defer { broker.kill() }
      let topics = try TopicFixture(on: broker.bootstrap)
      let program = try RunningProgram.start(
        BuiltProgram.find("sequitur"),
        arguments: ["gateway", "--http", "127.0.0.1:0", "--kafka", "socket.timeout.ms=3000"]
          + topics.arguments)
      defer { program.kill() }
      try await program.waitForOutput(containing: "the gateway listens", timeout: .seconds(60))
      let log = program.output.standardError
      let url = try #require(log.firstMatch(of: /(http:\/\/127\.0\.0\.1:\d+)/)).1
      let gateway = OperatedWorker(program: program, url: "\(url)/")
      try await gateway.waitUntil(nil)
      let page = try await gateway.get("")
      #expect(page.status == 200 && page.body.hasPrefix("<!doctype html>"))
      #expect(try await gateway.get("openapi.json").status == 200)

      let asked = try await RunningProgram.run(
        "curl",
        arguments: [
          "-s", "-X", "POST", "-H", "Prefer: respond-async", "-H", "Content-Type: application/json", "-d",
          "{}",
          "\(url)/objects/a/commands/create",
        ])
      #expect(asked.output.standardOutput.contains("token"), "\(asked.output)")
      let text = try await gateway.get("metrics").body
      #expect(text.contains("\nsequitur_gateway_commands_answered_total{status=\"202\"} 1\n"), "\(text)")
      try await metrics(text, are: GatewayMetric.allCases.map(\.rawValue), of: "gateway")
      // Nobody serves the partition: told, and no reason to leave the gateway.
      try await eventually("the waiting command to be told", within: .seconds(60)) {
        try await gateway.get("status").body.contains("\"reason\":\"no-outcome\"")
      }
      #expect(try await gateway.get("ready").status == 200)

      broker.freeze()
      let told = try await gateway.waitUntil("broker-silent")
      #expect(told.troubles.contains { $0.seconds >= 10 && !$0.detail.isEmpty }, "\(told)")
      #expect(try await gateway.get("ready").status == 503)
      #expect(try await gateway.get("metrics").body.contains("\nsequitur_gateway_ready 0\n"))
      broker.thaw()
      try await gateway.waitUntil(nil)
      program.terminate()
      #expect(try await program.waitForExit(timeout: .seconds(60)).exit == .code(0))
    }

    @Test(arguments: [
      (["--http", "9464"], "it names no port. It is --http."),
      (["--http", "h:x"], "its port is not 0 to 65535"),
      (["--http-certificate", "/nowhere"], "Expected --http-certificate and --http-key together"),
      (["--http", "192.0.2.1:80", "--insecure"], "this machine does not have that address"),
    ])
    func `a door that cannot be opened ends the start with the reason, whatever program it is`(
      words: [String], told: String
    ) async throws {
      let topics = try TopicFixture()
      for command in commands(topics) {
        // Only a gateway asks nobody who they are.
        let words = command[0] == "gateway" ? words : words.filter { $0 != "--insecure" }
        let result = try await sequitur(command + words)
        #expect(result.exit == .code(2), "\(command[0])")
        #expect(result.output.standardError.contains(told), "\(command[0]): \(result.output.standardError)")
      }
    }
  }
}
