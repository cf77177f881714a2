import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// The gateway's page, as a person uses it in Chromium.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct GatewayPageTests {
    private struct Said: Decodable {
      let valid, invalid, missing, refused, object, events: String
      let width: Int
      let reached, errors, elsewhere: [String]
    }

    /// `SEQUITUR_TEST_SHOTS` names a directory for what it looks like.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/chromium")))
    func `a person sends commands, sees each outcome, and follows the events`() async throws {
      try await FollowedApplication.with(partitions: 2) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let worker = try application.startWorker()
        defer { worker.kill() }
        let (gateway, port) = try await fixture.start()
        defer { gateway.kill() }
        let script = "Tests/SequiturCommandTests/Gateway/use_gateway_page.py"
        let shots = ProcessInfo.processInfo.environment["SEQUITUR_TEST_SHOTS"]
        let used = try await RunningProgram.run(
          "python3", arguments: ["-B", script, "http://127.0.0.1:\(port)/"] + (shots.map { [$0] } ?? []),
          timeout: .seconds(300))
        #expect(used.exit == .code(0), "\(used.standardError)")
        let said = try JSONDecoder().decode(Said.self, from: Data(used.standardOutput.utf8))
        #expect(
          said.valid.contains("201 valid") && said.valid.contains("created (version 1)"), "\(said.valid)")
        #expect(said.invalid.contains("409 invalid-transition"), "\(said.invalid)")
        #expect(said.missing.contains("404 not-found"), "\(said.missing)")
        #expect(said.refused.contains("422 invalid-field"), "\(said.refused)")
        // A number that JavaScript has none for is sent and told as it was typed.
        #expect(said.events.contains("created") && said.events.contains("o/<1>"), "\(said.events)")
        #expect(said.events.contains("{\"total\":9007199254740993}"), "\(said.events)")
        #expect(!said.object.isEmpty)
        #expect(said.width == 360)
        #expect(said.errors == [] && said.elsewhere == [])
        for place in ["key", "type", "version", "looked", "pause", "events", "Operations"] {
          #expect(said.reached.contains(place), "\(said.reached)")
        }
        let event = try await GatewayFixture.ask(port, "GET", "/feed?timeout=1")
        #expect(event.body.contains("\"total\":9007199254740993"), "\(event.body)")
        #expect(try await GatewayFixture.ask(port, "GET", "/operations").body.contains("The last half hour"))
      }
    }
  }
}
