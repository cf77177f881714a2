import Foundation
import KafkaClient
import SeededRandom
import TestBroker
import Testing

extension SequiturCommandTests {
  /// `--auth`: who may do what, at each door that has it.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct GatewayAccessTests {
    /// SHA-256 of `token-of-shop`, `token-of-clerk` and `token-of-probe`.
    private static let rules = """
      tokens:
        - {subject: shop, sha256: SHOP}
        - {subject: clerk, sha256: CLERK}
        - {subject: probe, sha256: PROBE}
      rules:
        - {subject: shop, may: [read, write], keys: order-, commands: [create, pay]}
        - {subject: clerk, may: [read, write]}
        - {subject: probe, may: operate}
      """

    private func withRules(_ body: (String) async throws -> Void) async throws {
      var text = Self.rules
      for name in ["shop", "clerk", "probe"] {
        let hashed = try await RunningProgram.run(
          "sha256sum", arguments: [], standardInput: .data(Data("token-of-\(name)".utf8)))
        text = text.replacing(name.uppercased(), with: String(hashed.output.standardOutput.prefix(64)))
      }
      try await withFile("access.yaml", Data(text.utf8)) { path in
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try await body(path)
      }
    }

    private func bearer(_ name: String, _ more: [String: String] = [:]) -> [String: String] {
      more.merging(["Authorization": "Bearer token-of-\(name)", "Prefer": "wait=30"]) { own, _ in own }
    }

    @Test func `a page that rights are needed for is kept by no cache that others share`() async throws {
      try await withRules { rules in
        try await FollowedApplication.with(partitions: 1) { application in
          let worker = try application.startWorker()
          defer { worker.kill() }
          var random = SplitMix64(seed: 3)
          try await application.decide(3000, &random)
          let (gateway, port) = try await GatewayFixture(
            topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path
          ).start(["--auth", rules])
          defer { gateway.kill() }
          #expect(try await GatewayFixture.ask(port, "GET", "/feed/0/0").status == 401)
          let page = try await GatewayFixture.ask(port, "GET", "/feed/0/0", nil, bearer("clerk"))
          #expect(page.status == 200)
          #expect(page["Cache-Control"] == "private, max-age=31536000, immutable")
          #expect(page["Vary"] == "Accept, Authorization")
          let last = try await GatewayFixture.ask(port, "GET", "/feed/0", nil, bearer("clerk"))
          #expect(last["Cache-Control"] == "private, no-cache")
        }
      }
    }

    @Test func `commands are taken from who may, and their events name who sent them`() async throws {
      try await withRules { rules in
        try await FollowedApplication.with(partitions: 2) { application in
          let fixture = GatewayFixture(
            topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
          let worker = try application.startWorker()
          defer { worker.kill() }
          let (gateway, port) = try await fixture.start(["--auth", rules])
          defer { gateway.kill() }
          func post(_ key: String, _ type: String, _ fields: [String: String], query: String = "")
            async throws
            -> GatewayFixture.Answer
          {
            try await GatewayFixture.ask(
              port, "POST", "/objects/\(key)/commands/\(type)\(query)", #"{"total":5}"#, fields)
          }
          // What a client says of itself stays outside.
          let claimed = ["ce_actor": "root", "ce_id": "mine", "ce_type": "purge", "ce-actor": "root"]
          let made = try await post("order-1", "create", bearer("shop", claimed))
          #expect(made.status == 201, "\(made)")
          #expect(try await post("order-1", "amend", bearer("clerk")).status == 200)
          let refused = try await post("order-1", "purge", bearer("shop"))
          #expect(refused.status == 403 && refused.body.contains("\"code\":\"forbidden\""), "\(refused)")
          #expect(try await post("sku-1", "create", bearer("shop")).status == 403)
          // The key that counts is the one that is used.
          #expect(try await post("order-2", "create", bearer("shop"), query: "?key=c2t1LTE").status == 403)
          #expect(try await post("-", "create", bearer("shop"), query: "?key=b3JkZXItMw").status == 201)
          #expect(try await post("order-1", "pay", bearer("probe")).status == 403)
          let unknown = try await post("order-1", "pay", ["Authorization": "Bearer token-of-nobody"])
          #expect(unknown.status == 401)
          #expect(unknown["WWW-Authenticate"] == "Bearer realm=\"sequitur\", error=\"invalid_token\"")

          // An outcome is told to who may read the object or send to it, and to no other.
          let token = try #require(made["Sequitur-Token"])
          for (name, status) in [("shop", 201), ("clerk", 201), ("probe", 403)] {
            #expect(
              try await GatewayFixture.ask(port, "GET", "/outcomes/\(token)", nil, bearer(name)).status
                == status)
          }
          let foreign = try #require(try await post("sku-9", "create", bearer("clerk"))["Sequitur-Token"])
          #expect(
            try await GatewayFixture.ask(port, "GET", "/outcomes/\(foreign)", nil, bearer("shop")).status
              == 403)

          for (path, open) in [
            ("/live", true), ("/ready", true), ("/metrics", false), ("/status", false), ("/history", false),
            ("/", false),
            ("/page.js", false), ("/openapi.json", false), ("/outcomes/\(token)", false), ("/feed/0", false),
            ("/feed/live", false), ("/none", false),
          ] {
            let answer = try await GatewayFixture.ask(port, "GET", path)
            #expect(answer.status == (open ? 200 : 401), "\(path)")
            #expect(open || answer["WWW-Authenticate"] == "Bearer realm=\"sequitur\"")
          }
          for (path, name, status) in [
            ("/metrics", "probe", 200), ("/metrics", "clerk", 403), ("/feed/0", "clerk", 200),
            ("/feed/0", "shop", 403),
            ("/feed/0", "probe", 403), ("/openapi.json", "probe", 200), ("/none", "probe", 404),
          ] {
            #expect(
              try await GatewayFixture.ask(port, "GET", path, nil, bearer(name)).status == status,
              "\(path) \(name)")
          }

          let events = try application.topics.read(application.topics.valid)
          #expect(events.count == 4)
          for event in events {
            let actor = event.headers.filter { $0.hasPrefix("ce_actor=") }
            let isAmended = event.headers.contains("ce_type=amended")
            let isForeign = event.key == Array("sku-9".utf8)
            #expect(actor == ["ce_actor=\(isAmended || isForeign ? "clerk" : "shop")"], "\(event.headers)")
            #expect(!event.headers.contains { $0.contains("root") || $0 == "ce_causationid=mine" })
          }
          #expect(!gateway.output.standardError.contains("token-of"))
          gateway.terminate()
          #expect(try await gateway.waitForExit(timeout: .seconds(30)).exit == .code(0))
        }
      }
    }

    @Test func `other doors ask in the same way`() async throws {
      try await withRules { rules in
        let log = try AuditLog()
        try log.write([
          log.state(key: "order-1", version: 1, "{}"), log.state(key: "sku-1", version: 1, "{}"),
          log.checkpoint(2),
        ])
        let view = try await OperatedWorker.start(
          BuiltProgram.find("sequitur"),
          [
            "view", "--serve", "127.0.0.1:0", "--log-level", "info", "--http", "127.0.0.1:0", "--auth", rules,
          ] + log.topics.arguments)
        defer { view.program.kill() }
        try await view.waitUntil(nil)
        #expect(try await view.get("live").status == 200)
        #expect(try await view.get("metrics").status == 401)
        let text = view.program.output.standardError
        let port = try #require(
          text.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)\/objects/).flatMap { Int($0.1) })
        for (path, name, status) in [
          ("/objects/order-1", nil, 401), ("/objects", nil, 401), ("/changes", nil, 401),
          ("/status", nil, 401),
          ("/objects/order-1", "shop", 200), ("/objects/sku-1", "shop", 403), ("/objects", "shop", 403),
          ("/changes", "shop", 403), ("/objects/sku-1", "clerk", 200), ("/objects", "clerk", 200),
          ("/objects/order-1", "probe", 403), ("/status", "probe", 200),
        ] as [(String, String?, Int)] {
          let answer = try await GatewayFixture.ask(port, "GET", path, nil, name.map { bearer($0) } ?? [:])
          #expect(answer.status == status, "\(path) \(name ?? "")")
        }
      }
    }

    @Test func `an access file that is wrong is told before anything listens`() async throws {
      let topics = try TopicFixture(creates: false)
      try await withFile("access.yaml", Data("tokens: [{subject: a, password: hunter2}]\n".utf8)) { path in
        for command in [
          ["gateway", "--http", "127.0.0.1:0"], ["view", "--serve", "127.0.0.1:0"],
          ["view", "--print", "--http", "127.0.0.1:0"],
        ] {
          let refused = try await sequitur(command + ["--auth", path] + topics.arguments)
          #expect(refused.exit == .code(2), "\(command)")
          #expect(
            refused.standardError.contains("\(path):1:23: Expected a field of a token"),
            "\(refused.standardError)")
          #expect(!refused.standardError.contains("hunter2"))
        }
      }
      for command in [["gateway", "--http", "0.0.0.0:0"], ["view", "--serve", "0.0.0.0:0"]] {
        let refused = try await sequitur(command + topics.arguments)
        #expect(refused.exit == .code(2))
        #expect(refused.standardError.contains("--auth FILE") && refused.standardError.contains("--insecure"))
      }
    }
  }
}
