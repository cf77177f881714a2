import Foundation
import KafkaClient
import SeededRandom
import TestBroker
import Testing

extension SequiturCommandTests {
  /// `sequitur gateway`, with a worker behind it.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct GatewayTests {
    private func ask(
      _ port: Int, _ method: String, _ path: String, _ body: String? = nil, _ fields: [String: String] = [:]
    ) async throws -> GatewayFixture.Answer {
      try await GatewayFixture.ask(port, method, path, body, fields)
    }

    /// Runs `body` with a gateway, and a worker unless none is wanted.
    private func with(
      partitions: Int = 2, worker hasWorker: Bool = true, _ more: [String] = [],
      _ body: (FollowedApplication, Int) async throws -> Void
    ) async throws {
      try await FollowedApplication.with(partitions: partitions) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let worker = hasWorker ? try application.startWorker() : nil
        defer { worker?.kill() }
        let (gateway, port) = try await fixture.start(more)
        defer { gateway.kill() }
        try await body(application, port)
        gateway.terminate()
        #expect(try await gateway.waitForExit(timeout: .seconds(30)).exit == .code(0))
      }
    }

    @Test func `a command is answered with what was decided, and its outcome can be asked for later`()
      async throws
    {
      try await with { _, port in
        let made = try await ask(
          port, "POST", "/objects/order-1/commands/create", #"{"total":5}"#,
          ["Content-Type": "application/json", "Prefer": "wait=30"])
        #expect(made.status == 201, "\(made)")
        #expect(
          made.body == #"{"outcome":"valid","events":[{"type":"created","version":1}],"version":1}"# + "\n")
        #expect(made["ETag"] == "\"1\"")
        let token = try #require(made["Sequitur-Token"])
        #expect(made["Location"] == "/outcomes/\(token)")
        #expect(made["Idempotency-Key"]?.count == 36)

        let amended = try await ask(
          port, "POST", "/objects/order-1/commands/amend", #"{"total":6}"#, ["If-Match": "\"1\""])
        #expect(amended.status == 200)
        let late = try await ask(
          port, "POST", "/objects/order-1/commands/amend", #"{"total":7}"#,
          ["If-Match": "\"1\"", "Idempotency-Key": "mine"])
        #expect(late.status == 412)
        #expect(late["Idempotency-Key"] == "mine")
        #expect(late.body.contains(#""code":"version-conflict""#))
        #expect(late.body.contains(#""version":2,"source":"decider""#))
        #expect(
          try await ask(
            port, "POST", "/objects/order-1/commands/create", "{\"total\":1}", ["If-None-Match": "*"]
          ).status == 412)
        #expect(try await ask(port, "POST", "/objects/none/commands/pay", "{}").status == 404)
        // What is no preference is ignored.
        for odd in [";", ",", " ; ,=, wait", "wait=-1", "wait=99999999999999999999", "wait=\u{e9}"] {
          let answer = try await ask(port, "POST", "/objects/none/commands/pay", "{}", ["Prefer": odd])
          #expect(answer.status == 404, "\(odd)")
        }
        #expect(
          try await ask(port, "POST", "/objects/order-1/commands/create", #"{"total":1}"#).status == 409)
        #expect(
          try await ask(port, "POST", "/objects/order-1/commands/amend", #"{"total":"x"}"#).status == 422)
        #expect(try await ask(port, "POST", "/objects/order-1/commands/dance", "{}").status == 422)
        #expect(try await ask(port, "POST", "/objects/order-1/commands/amend", "{").status == 400)

        for (answer, path) in [
          (made, "/outcomes/\(token)"), (late, "/outcomes/\(late["Sequitur-Token"] ?? "")"),
        ] {
          let again = try await ask(port, "GET", path)
          #expect(again.status == (answer.status == 201 ? 201 : answer.status))
          #expect(again.body == answer.body)
        }
        #expect(try await ask(port, "GET", "/outcomes/0-999999").status == 404)
        #expect(try await ask(port, "GET", "/outcomes/99-0").status == 404)
        #expect(try await ask(port, "GET", "/outcomes/x").status == 400)
      }
    }

    @Test func `a command that is repeated with its id changes nothing, and is told as the first`()
      async throws
    {
      try await with { _, port in
        let fields = ["Idempotency-Key": "k-1", "Prefer": "wait=30"]
        let first = try await ask(port, "POST", "/objects/o/commands/create", #"{"total":5}"#, fields)
        #expect(first.status == 201)
        let again = try await ask(port, "POST", "/objects/o/commands/create", #"{"total":5}"#, fields)
        #expect(again.status == 200)
        #expect(again["Sequitur-Replayed"] == "true")
        #expect(again["ETag"] == "\"1\"")
      }
    }

    @Test func `keys of any characters stand percent-encoded in the path`() async throws {
      let keys = [
        ("a%2Fb", "a/b"), ("100%25", "100%"), ("with%20blank", "with blank"), ("%E2%82%AC", "€"),
        ("a+b", "a+b"),
      ]
      try await with { application, port in
        for (path, _) in keys {
          let made = try await ask(
            port, "POST", "/objects/\(path)/commands/create", #"{"total":5}"#, ["Prefer": "wait=30"])
          #expect(made.status == 201, "\(made)")
        }
        let found = try application.topics.read(application.topics.commands).map(\.key)
        #expect(Set(found) == Set(keys.map { Array($0.1.utf8) }))
      }
    }

    @Test func `a key that is no text comes as base64url, and one that is too long is refused`() async throws
    {
      try await with { application, port in
        let made = try await ask(
          port, "POST", "/objects/-/commands/create?key=_wD-", #"{"total":5}"#, ["Prefer": "wait=30"])
        #expect(made.status == 201, "\(made)")
        #expect(try application.topics.read(application.topics.commands).map(\.key) == [[0xFF, 0, 0xFE]])
        let long = String(repeating: "k", count: 1025)
        let refused = try await ask(port, "POST", "/objects/\(long)/commands/create", "{}")
        #expect(refused.status == 400)
        #expect(refused.body.contains(#""code":"invalid-key""#))
        #expect(refused.body.contains(#""source":"edge""#))
        #expect(try await ask(port, "POST", "/objects/-/commands/create?key=%zz", "{}").status == 400)
        #expect(try await ask(port, "POST", "/objects/-/commands/create?key=YQ&key=Yg", "{}").status == 400)
        #expect(try await ask(port, "POST", "/objects/-/commands/create?key=a+b", "{}").status == 400)
        #expect(try application.topics.read(application.topics.commands).count == 1)
      }
    }

    @Test func `without a worker a command is accepted, then refused before anything is appended`()
      async throws
    {
      try await with(worker: false) { application, port in
        let accepted = try await ask(
          port, "POST", "/objects/o/commands/create", #"{"total":5}"#, ["Prefer": "wait=1"])
        #expect(accepted.status == 202)
        let token = try #require(accepted["Sequitur-Token"])
        #expect(accepted.body == #"{"outcome":"pending","token":"\#(token)"}"# + "\n")
        let async = try await ask(
          port, "POST", "/objects/o/commands/create", #"{"total":5}"#, ["Prefer": "respond-async"])
        #expect(async.status == 202)
        #expect(try await ask(port, "GET", "/outcomes/\(token)").status == 202)
        var refused = accepted
        try await eventually("the gateway to refuse") {
          refused = try await ask(
            port, "POST", "/objects/o/commands/create", #"{"total":5}"#, ["Prefer": "wait=1"])
          return refused.status == 503
        }
        #expect(refused["Retry-After"].flatMap { Int($0) } != nil)
        #expect(refused.body.contains("no worker serves the partition"))
        // Now and then one is let through, to see whether the partition goes on.
        try await eventually("a refusal, and nothing appended") {
          let count = try application.topics.read(application.topics.commands).count
          let status = try await ask(port, "POST", "/objects/o/commands/pay", "{}", ["Prefer": "wait=1"])
            .status
          let after = try application.topics.read(application.topics.commands).count
          return status == 503 && after == count
        }

        // The worker comes, and nothing of what was accepted is lost.
        try await application.work()
        let decided = try await ask(port, "GET", "/outcomes/\(token)?wait=30")
        #expect(decided.status == 201)
        #expect(
          try await ask(port, "POST", "/objects/o/commands/pay", "{}", ["Prefer": "wait=1"]).status == 202)
      }
    }

    @Test func `an outcome that no gateway remembers is found on the topics`() async throws {
      try await with { application, port in
        var tokens: [(String, Int)] = []
        for number in 0..<8 {
          let answer = try await ask(
            port, "POST", "/objects/order-\(number % 7)/commands/\(number % 3 == 0 ? "create" : "amend")",
            #"{"total":5}"#, ["Prefer": "wait=30"])
          tokens.append((try #require(answer["Sequitur-Token"]), answer.status))
        }
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let (other, otherPort) = try await fixture.start()
        defer { other.kill() }
        for (token, status) in tokens {
          #expect(try await ask(otherPort, "GET", "/outcomes/\(token)").status == status, "\(token)")
        }
      }
    }

    @Test func `the interface is described by the rules`() async throws {
      try await with(worker: false) { _, port in
        let answer = try await ask(port, "GET", "/openapi.json")
        #expect(answer.status == 200)
        let document = try #require(
          try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: Any])
        #expect(
          Set(paths.keys)
            == Set(
              ["create", "amend", "pay", "purge"].map { "/objects/{key}/commands/\($0)" } + [
                "/commands", "/outcomes/{token}", "/objects", "/objects/{key}", "/objects/{key}/events",
                "/feed/{partition}", "/feed/{partition}/{page}",
              ]))
      }
    }

    @Test func `pages of the feed are whole, immutable and in order, and the last one has no next`()
      async throws
    {
      try await with(partitions: 1) { application, port in
        var random = SplitMix64(seed: 3)
        try await application.decide(3000, &random)
        let events = try application.events()
        var read: [String] = []
        var path: String? = "/feed/0/0"
        while let next = path {
          let page = try await ask(port, "GET", next)
          #expect(page.status == 200)
          read += page.body.split(separator: "\n").map(String.init)
          let isLast = page["Link"]?.contains("rel=\"next\"") != true
          #expect(page["Cache-Control"] == (isLast ? "no-cache" : "public, max-age=31536000, immutable"))
          let tag = try #require(page["ETag"])
          #expect(try await ask(port, "GET", next, nil, ["If-None-Match": tag]).status == 304)
          path = isLast ? nil : page["Link"]?.firstMatch(of: /<([^>]+)>; rel="next"/).map { String($0.1) }
        }
        struct Line: Decodable { let id: String; let key: String; let version: Int }
        let lines = try read.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(lines.map(\.id) == events.map(\.id))
        #expect(lines.map(\.version) == events.map(\.version))
        let head = try await ask(port, "GET", "/feed/0")
        #expect(head["Link"]?.contains("rel=\"prev\"") == true)
        let cloud = try await ask(
          port, "GET", "/feed/0/0", nil, ["Accept": "application/cloudevents-batch+json"])
        let batch = try #require(
          try JSONSerialization.jsonObject(with: Data(cloud.body.utf8)) as? [[String: Any]])
        #expect(batch.first?["id"] as? String == events.first?.id)
        #expect(batch.allSatisfy { $0["specversion"] as? String == "1.0" })
        #expect(try await ask(port, "GET", "/feed/0/999").status == 404)
        #expect(try await ask(port, "GET", "/feed/7/0").status == 404)
      }
    }

    @Test
    func
      `events are streamed as they are committed, and a client that comes back goes on behind its last one`()
      async throws
    {
      let source = """
        import sys, urllib.request
        request = urllib.request.Request(sys.argv[1], headers={"Last-Event-ID": sys.argv[3]} if sys.argv[3] else {})
        with urllib.request.urlopen(request, timeout=90) as stream:
            print(stream.headers["Content-Type"], flush=True)
            left = int(sys.argv[2])
            for line in stream:
                text = line.decode().strip()
                if text.startswith(("id:", "data:", "event:")):
                    print(text, flush=True)
                    left -= text.startswith("data:")
                    if left == 0:
                        break
        """
      func listen(_ port: Int, _ query: String, _ count: Int, after id: String = "") throws -> RunningProgram
      {
        try RunningProgram.start(
          "python3",
          arguments: ["-B", "-c", source, "http://127.0.0.1:\(port)/feed/live\(query)", "\(count)", id])
      }
      try await with(partitions: 1) { application, port in
        let (whole, thin) = (try listen(port, "", 2), try listen(port, "?thin=1", 3))
        for client in [whole, thin] {
          try await client.waitForOutput(containing: "text/event-stream", timeout: .seconds(30))
        }
        for (number, type) in ["create", "amend", "pay"].enumerated() {
          _ = try await ask(
            port, "POST", "/objects/o/commands/\(type)", #"{"total":\#(number)}"#, ["Prefer": "wait=30"])
        }
        let (first, second) = (
          try await whole.waitForExit(timeout: .seconds(60)),
          try await thin.waitForExit(timeout: .seconds(60))
        )
        let lines = first.standardOutput.split(separator: "\n").map(String.init)
        #expect(lines.filter { $0.hasPrefix("data:") }.count == 2)
        #expect(
          lines.contains {
            $0.contains(#""version":2,"type":"amended""#) && $0.contains(#""value":{"total":1}"#)
          })
        #expect(second.standardOutput.contains(#""version":3,"type":"paid""#))
        #expect(!second.standardOutput.contains("value"))
        let id = try #require(lines.last { $0.hasPrefix("id:") }).dropFirst(4)
        let third = try await listen(port, "", 1, after: String(id)).waitForExit(timeout: .seconds(60))
        #expect(third.standardOutput.contains(#""version":3,"type":"paid""#))
        let lost = try await listen(port, "", 1, after: "0:999999").waitForExit(timeout: .seconds(60))
        #expect(lost.standardOutput.contains("event: reset"))
      }
    }

    @Test func `an address that others reach is refused unless it is asked for`() async throws {
      let topics = try TopicFixture(creates: false)
      let refused = try await sequitur(["gateway", "--http", "0.0.0.0:0"] + topics.arguments)
      #expect(refused.exit == .code(2))
      #expect(refused.standardError.contains("--insecure"), "\(refused.standardError)")
      let bad = try await sequitur(["gateway", "--http", "nowhere"] + topics.arguments)
      #expect(bad.exit == .code(2))
      #expect(bad.standardError.contains("HOST:PORT"), "\(bad.standardError)")
      let missing = try await sequitur(["gateway", "--http", "127.0.0.1:0"] + topics.arguments)
      #expect(missing.exit == .code(2))
      #expect(missing.standardError.contains("topics create"), "\(missing.standardError)")
    }

    /// The number of commands and rounds is a parameter: `SEQUITUR_GATEWAY_COMMANDS`, `SEQUITUR_GATEWAY_ROUNDS`.
    @Test(.enabled(if: PackageRoot.python != nil))
    func `answers and topics are a bijection while workers and gateways are killed`() async throws {
      let environment = ProcessInfo.processInfo.environment
      let commands = environment["SEQUITUR_GATEWAY_COMMANDS"].flatMap { Int($0) } ?? 1500
      let rounds = environment["SEQUITUR_GATEWAY_ROUNDS"].flatMap { Int($0) } ?? 3
      let python = try #require(PackageRoot.python).path
      let script = PackageRoot.url.appending(path: "Tests/SequiturCommandTests/Gateway/gateway_clients.py")
        .path
      try await FollowedApplication.with(partitions: 3) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let ports = try (0..<2).map { _ in try FreePort.find() }
        var gateways = try ports.map { try fixture.start(at: $0) }
        var worker = try application.startWorker()
        defer {
          worker.kill()
          for gateway in gateways { gateway.kill() }
        }
        let clients = 10
        let senders = try RunningProgram.start(
          python,
          arguments: [
            "-B", script, "send", ports.map(String.init).joined(separator: ","), "\(clients)",
            "\(commands / clients)", "7", "50",
          ])
        defer { senders.kill() }
        for round in 0..<rounds {
          let before = try application.topics.read(application.topics.commands).count
          try await eventually("commands to come", within: .seconds(180)) {
            try application.topics.read(application.topics.commands).count > before + 50
              || senders.exit != nil
          }
          switch round % 3 {
          case 0:
            gateways[round % 2].kill()
            try await gateways[round % 2].waitForExit(timeout: .seconds(10))
            gateways[round % 2] = try fixture.start(at: ports[round % 2])
          case 1:
            application.interrupt(worker)
            try await worker.waitForExit(timeout: .seconds(60))
            worker = try application.startWorker()
          default:
            // Not longer than until all clients wait: a frozen worker's session runs on.
            worker.suspend()
            try await eventually("all clients to wait", within: .seconds(180)) {
              let topics = application.topics
              let undecided = try [topics.valid, topics.invalid].reduce(topics.read(topics.commands).count) {
                try $0 - topics.read($1).count
              }
              return undecided >= clients || senders.exit != nil
            }
            worker.resume()
          }
        }
        let sent = try await senders.waitForExit(timeout: .seconds(3000))
        #expect(sent.exit == .code(0), "\(sent.standardError)")
        worker.terminate()
        try await worker.waitForExit(timeout: .seconds(60))
        try await application.work()
        let topics = application.topics
        let checked = try await RunningProgram.run(
          python,
          arguments: [
            "-B", script, "check", topics.bootstrap, topics.commands, topics.valid, topics.invalid,
          ],
          standardInput: .data(Data(sent.standardOutput.utf8)), timeout: .seconds(600))
        #expect(checked.exit == .code(0), "\(checked.standardError)")
        #expect(checked.standardOutput.contains("\"faults\": 0"), "\(checked.standardOutput)")
        #expect(
          checked.standardOutput.contains("\"answers\": \(commands / clients * clients)"),
          "\(checked.standardOutput)")
      }
    }
  }
}
