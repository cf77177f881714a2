import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Many clients of `/feed/live`. Events are written to the valid topic by the clients' own program.
  @Suite(.enabled(if: TestBroker.isAvailable && PackageRoot.python != nil)) struct LiveFeedTests {
    private static let script = PackageRoot.url.appending(
      path: "Tests/SequiturCommandTests/Gateway/feed_clients.py"
    ).path

    private func program(_ arguments: String...) throws -> RunningProgram {
      try RunningProgram.start(
        try #require(PackageRoot.python).path, arguments: ["-B", Self.script] + arguments,
        standardInput: .pipe)
    }

    private func write(_ count: Int, bytes: Int, to topics: TopicFixture) async throws {
      let writer = try program(
        "write", topics.bootstrap, topics.valid, topics.commands, "\(count)", "\(bytes)")
      let result = try await writer.waitForExit(timeout: .seconds(300))
      #expect(result.exit == .code(0), "\(result.standardError)")
    }

    /// Resident bytes of a process.
    private func memory(_ program: RunningProgram) throws -> Int {
      let pid = try #require(program.processID)
      let text = try String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
      return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    /// What the gateway's newest event is.
    private func waitUntilRead(_ count: Int, _ port: Int) async throws {
      try await eventually("the gateway to read the events", within: .seconds(180)) {
        let text = try await GatewayFixture.ask(port, "GET", "/metrics").body
        let line = text.split(separator: "\n").first { $0.hasPrefix("sequitur_gateway_outcomes_read_total") }
        return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0 >= Double(count)
      }
    }

    @Test func `clients that read nothing cost what one costs, and come back when they are closed`()
      async throws
    {
      // The ring's 16 MiB once without clients, so that it is full, and twice with them.
      let (count, bytes, clients) = (3000, 6400, 300)
      try await FollowedApplication.with(partitions: 1) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let (gateway, port) = try await fixture.start()
        defer { gateway.kill() }
        try await write(count, bytes: bytes, to: application.topics)
        try await waitUntilRead(count, port)
        let stalled = try program("stall", "\(port)", "\(clients)")
        defer { stalled.kill() }
        try await stalled.waitForOutput(containing: "\"clients\": \(clients)", timeout: .seconds(60))
        try await write(count, bytes: bytes, to: application.topics)
        try await waitUntilRead(2 * count, port)
        let before = try memory(gateway)
        try await write(2 * count, bytes: bytes, to: application.topics)
        try await waitUntilRead(4 * count, port)
        try await eventually("clients that fell behind to be closed") {
          stalled.output.standardOutput.contains(/"closed": [1-9]/)
        }
        let after = try memory(gateway)
        #expect(after - before < 40 << 20, "\(before >> 20) MiB, then \(after >> 20) MiB")
        #expect(
          try await GatewayFixture.ask(port, "GET", "/outcomes/0-999999").status == 404)
      }
    }

    @Test func `clients that read get each event once, in order, however many they are`() async throws {
      let (count, clients) = (4000, 50)
      try await FollowedApplication.with(partitions: 1) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let (gateway, port) = try await fixture.start()
        defer { gateway.kill() }
        let readers = try program("read", "\(port)", "\(clients)", "\(count)")
        defer { readers.kill() }
        try await readers.waitForOutput(containing: "connected", timeout: .seconds(60))
        try await write(count, bytes: 300, to: application.topics)
        let result = try await readers.waitForExit(timeout: .seconds(300))
        #expect(result.standardOutput.contains("\"events\": \(count * clients), \"faults\": 0"), "\(result)")
      }
    }

    @Test func `a client names the types and the beginning of the keys that it wants`() async throws {
      try await FollowedApplication.with(partitions: 1) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let (gateway, port) = try await fixture.start()
        defer { gateway.kill() }
        let worker = try application.startWorker()
        defer { worker.kill() }
        func listen(_ query: String) async throws -> RunningProgram {
          let curl = try RunningProgram.start(
            "curl", arguments: ["-sN", "--max-time", "100", "http://127.0.0.1:\(port)/feed/live\(query)"])
          try await curl.waitForOutput(containing: ":", timeout: .seconds(60))
          return curl
        }
        let clients = [
          try await listen("?type=paid,purged"), try await listen("?prefix=b%2F"),
          try await listen("?type=paid&prefix=a&thin=1"),
        ]
        defer { for client in clients { client.kill() } }
        for (key, type) in [
          ("a", "create"), ("b%2Fc", "create"), ("b%2Fc", "pay"), ("a", "pay"), ("b%2Fc", "purge"),
        ] {
          let answer = try await GatewayFixture.ask(
            port, "POST", "/objects/\(key)/commands/\(type)", #"{"total":5}"#, ["Prefer": "wait=30"])
          #expect(answer.status < 300, "\(answer)")
        }
        try await clients[0].waitForOutput(containing: "\"type\":\"purged\"", timeout: .seconds(60))
        try await clients[1].waitForOutput(containing: "\"type\":\"purged\"", timeout: .seconds(60))
        try await clients[2].waitForOutput(containing: "\"type\":\"paid\"", timeout: .seconds(60))
        func types(_ client: RunningProgram) -> [String] {
          client.output.standardOutput.matches(of: /"key":"([^"]+)","version":\d+,"type":"([a-z]+)"/).map {
            "\($0.1) \($0.2)"
          }
        }
        #expect(types(clients[0]) == ["b/c paid", "a paid", "b/c purged"])
        #expect(types(clients[1]) == ["b/c created", "b/c paid", "b/c purged"])
        #expect(types(clients[2]) == ["a paid"])
        #expect(
          clients[2].output.standardOutput.contains(
            #"{"key":"a","version":2,"type":"paid","link":"/objects/a"}"#))
        for bad in ["?type=", "?type=a&type=b", "?prefix=%FF"] {
          #expect(try await GatewayFixture.ask(port, "GET", "/feed/live\(bad)").status == 400, "\(bad)")
        }
      }
    }
  }
}
