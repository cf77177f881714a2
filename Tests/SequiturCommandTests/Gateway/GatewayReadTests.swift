import Foundation
import SeededRandom
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Objects, their events and many commands at once, through `sequitur gateway`.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct GatewayReadTests {
    private func with(
      partitions: Int = 2, _ more: [String] = ["--view"],
      _ body: (FollowedApplication, Int, RunningProgram) async throws -> Void
    ) async throws {
      try await FollowedApplication.with(partitions: partitions) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let worker = try application.startWorker()
        defer { worker.kill() }
        let (gateway, port) = try await fixture.start(more)
        defer { gateway.kill() }
        try await body(application, port, worker)
        gateway.terminate()
        #expect(try await gateway.waitForExit(timeout: .seconds(30)).exit == .code(0))
      }
    }

    private func send(
      _ port: Int, _ key: String, _ type: String, _ total: Int = 5
    ) async throws -> GatewayFixture.Answer {
      try await GatewayFixture.ask(
        port, "POST", "/objects/\(key)/commands/\(type)", #"{"total":\#(total)}"#,
        ["Content-Type": "application/json", "Prefer": "wait=30"])
    }

    private func get(
      _ port: Int, _ path: String, _ fields: [String: String] = [:]
    ) async throws -> GatewayFixture.Answer {
      // URLSession would answer from a cache of its own what is 304.
      try await GatewayFixture.ask(
        port, "GET", path, nil, fields.merging(["Cache-Control": "no-store"]) { own, _ in own })
    }

    @Test func `who waits for the token of a command reads what it made, by version and with 304`()
      async throws
    {
      try await with { _, port, _ in
        let made = try await send(port, "order-1", "create")
        let token = try #require(made["Sequitur-Token"])
        let read = try await get(port, "/objects/order-1?token=\(token)&timeout=60")
        #expect(read.status == 200, "\(read)")
        #expect(read.body == #"{"status":"open","total":5}"#)
        #expect(read["Content-Type"] == "application/json" && read["ETag"] == "\"1\"")
        #expect(read["Cache-Control"] == "no-cache")
        let covered = try #require(read["Sequitur-As-Of"])
        #expect(covered.hasPrefix(token.prefix { $0 != "-" } + "-"))
        for known in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
          let same = try await get(port, "/objects/order-1", ["If-None-Match": known])
          #expect(same.status == 304 && same.body.isEmpty && same["ETag"] == "\"1\"", "\(known)")
        }
        #expect(try await get(port, "/objects/order-1", ["If-None-Match": "\"2\""]).status == 200)
        _ = try await send(port, "order-1", "amend", 6)
        let amended = try await get(port, "/objects/order-1?version=2&timeout=60")
        #expect(amended.status == 200 && amended.body.contains("6") && amended["ETag"] == "\"2\"")
        // The version can be asked for before its command is sent.
        async let later = get(port, "/objects/order-1?version=3&timeout=60")
        _ = try await send(port, "order-1", "pay")
        #expect(try await later.body.contains("paid"))
        let early = try await get(port, "/objects/order-1?version=9&timeout=0.1")
        #expect(early.status == 504 && early.body.contains(#""version":3"#), "\(early)")
        let far = try await get(port, "/objects/order-1?token=0-999999&timeout=0.1")
        #expect(far.status == 504 && far.body.contains("\"reached\":"), "\(far)")
        let fresh = try await get(port, "/objects/order-1?stale=60s")
        #expect(
          fresh.status == 200 && fresh["Sequitur-Lag"].flatMap { Double($0) }.map { 0...60 ~= $0 } ?? false)

        let purged = try #require(try await send(port, "order-1", "purge")["Sequitur-Token"])
        let gone = try await get(port, "/objects/order-1?token=\(purged)&timeout=60")
        #expect(gone.status == 404 && gone.body.contains("not-found") && gone["Sequitur-As-Of"] != nil)
        #expect(try await get(port, "/objects/never").status == 404)
      }
    }

    private static let odd = [
      "/objects/a?token=x", "/objects/a?token=1", "/objects/a?version=0", "/objects/a?version=-1",
      "/objects/a?version=x",
      "/objects/a?timeout=61", "/objects/a?timeout=nan", "/objects/a?stale=5", "/objects/a?stale=-1s",
      "/objects/a?stale=s",
      "/objects/a?other=1", "/objects/a?version=1&version=1", "/objects/a?key=%zz", "/objects?limit=0",
      "/objects?limit=1001",
      "/objects?partition=x", "/objects/a/events?from=-1", "/objects/a/events?limit=x",
      "/objects/a/events?token=0-1",
    ]

    @Test func `a query that is not understood is refused`() async throws {
      try await with { _, port, _ in
        for path in Self.odd {
          let answer = try await get(port, path)
          #expect(answer.status == 400, "\(path): \(answer)")
          let isTold =
            answer.body.contains(#""code":"malformed""#) || answer.body.contains(#""code":"invalid-key""#)
          #expect(isTold, "\(path): \(answer)")
        }
      }
    }

    @Test func `pages have every object once, and a partition's its own`() async throws {
      try await with(partitions: 3) { application, port, _ in
        var random = SplitMix64(seed: 11)
        try await application.decide(600, &random)
        let expected = FollowedApplication.fold(try application.events())
        struct Page: Decodable {
          struct Object: Decodable {
            struct State: Decodable { let status: String; let total: Int }
            let (key, version, state): (String, Int, State)
            private enum CodingKeys: CodingKey { case key, version, state }
            init(from decoder: any Decoder) throws {
              let container = try decoder.container(keyedBy: CodingKeys.self)
              key = try container.decode(String.self, forKey: .key)
              version = try container.decode(Int.self, forKey: .version)
              state = try container.decode(State.self, forKey: .state)
            }
          }
          let objects: [Object]
          let positions: [String: String]
          let next: String?
        }
        func all(_ first: String) async throws -> [String: FollowedApplication.Order] {
          var found: [String: FollowedApplication.Order] = [:]
          var path: String? = first
          while let now = path {
            let answer = try await get(port, now)
            guard answer.status == 200 else { throw FixtureFault.notVisible("a page: \(answer)") }
            let page = try JSONDecoder().decode(Page.self, from: Data(answer.body.utf8))
            for object in page.objects {
              let order = FollowedApplication.Order(
                status: object.state.status, total: object.state.total, version: object.version)
              #expect(found.updateValue(order, forKey: object.key) == nil)
            }
            #expect((answer["Link"] != nil) == (page.next != nil))
            path = page.next
          }
          return found
        }
        try await eventually("the view to have it all") { try await all("/objects?limit=7") == expected }
        var parts: [String: FollowedApplication.Order] = [:]
        for partition in 0..<3 {
          for (key, order) in try await all("/objects?partition=\(partition)&limit=5") {
            #expect(parts.updateValue(order, forKey: key) == nil)
          }
        }
        #expect(parts == expected)
        #expect(try await get(port, "/objects?partition=3").status == 404)
      }
    }

    @Test func `an object's events are told part by part, as the topic has them`() async throws {
      try await with(partitions: 1, []) { application, port, _ in
        var random = SplitMix64(seed: 5)
        try await application.decide(400, &random)
        let events = try application.events()
        let key = try #require(events.first?.key)
        var (ids, parts) = ([String](), 0)
        var path: String? = "/objects/\(key)/events?limit=2"
        while let now = path {
          let part = try await get(port, now)
          guard part.status == 200 else { throw FixtureFault.notVisible("a part: \(part)") }
          struct Line: Decodable { let id: String }
          ids += try part.body.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).id
          }
          parts += 1
          path = part["Link"]?.firstMatch(of: /<([^>]+)>; rel="next"/).map { String($0.1) }
        }
        #expect(ids == events.filter { $0.key == key }.map(\.id))
        #expect(parts > 1)
        #expect(try await get(port, "/objects/never/events").status == 404)
        // Behind the end there is nothing yet.
        let later = try await get(port, "/objects/\(key)/events?from=9000000")
        #expect(later.status == 200 && later.body.isEmpty && later["Link"] == nil, "\(later)")
        // Without --view the states are not here.
        for other in ["/objects/\(key)", "/objects"] {
          let answer = try await get(port, other)
          #expect(answer.status == 501 && answer.body.contains("--view"), "\(answer)")
        }
      }
    }

    @Test func `a key that is no text is read by its base64url`() async throws {
      try await with { _, port, _ in
        let made = try await GatewayFixture.ask(
          port, "POST", "/objects/-/commands/create?key=_wD-", #"{"total":5}"#, ["Prefer": "wait=30"])
        let token = try #require(made["Sequitur-Token"])
        #expect(try await get(port, "/objects/-?key=_wD-&token=\(token)&timeout=60").body.contains("open"))
        let events = try await get(port, "/objects/-/events?key=_wD-")
        #expect(events.status == 200 && events.body.contains(#""keyHex":"ff00fe""#))
        #expect(try await get(port, "/objects").body.contains(#""keyHex":"ff00fe""#))
      }
    }

    @Test func `many commands in one request are told each with its line, those of a key in their order`()
      async throws
    {
      try await with(partitions: 2, []) { application, port, _ in
        var lines = [
          #"{"key":"a","type":"create","id":"one","payload":{"total":1}}"#,
          #"{"key":"a","type":"create","id":"one","payload":{"total":1}}"#,
          "", "no JSON", #"{"key":"a","type":"dance","payload":{}}"#, #"{"type":"create","payload":{}}"#,
          #"{"key":"a","payload":{}}"#, #"{"key":"a","type":"create"}"#,
          #"{"key":"a","type":"pay","expectedVersion":7,"payload":{}}"#,
          #"{"key":"a","type":"pay","headers":{"ce_actor":"root"},"payload":{}}"#,
          #"{"key":"a","type":"pay","kind":1}"#,
          #"{"key":"a","type":"pay","expectedVersion":"new","payload":{}}"#,
        ]
        for number in 0..<300 {
          lines.append(
            #"{"key":"b","type":"\#(number == 0 ? "create" : "amend")","payload":{"total":\#(number)}}"#)
        }
        let answer = try await GatewayFixture.ask(
          port, "POST", "/commands", lines.joined(separator: "\n") + "\n", ["Prefer": "wait=60"])
        #expect(answer.status == 200 && answer["Content-Type"] == "application/x-ndjson", "\(answer)")
        var told: [Int: [String: Any]] = [:]
        for line in answer.body.split(separator: "\n") {
          let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
          #expect(told.updateValue(object, forKey: object["line"] as? Int ?? 0) == nil)
        }
        let statuses = (1...12).map { told[$0]?["status"] as? Int }
        #expect(statuses == [201, 200, nil, 400, 422, 400, 400, 400, 412, 400, 400, 400])
        #expect(told[2]?["replayed"] as? Bool == true && told[1]?["id"] as? String == "one")
        let versions = (13...312).map { told[$0]?["version"] as? Int }
        #expect(versions == (1...300).map { $0 })
        #expect(told.count == 311)
        #expect(told[13]?["token"] as? String != nil)
        let events = try application.events().filter { $0.key == "b" }
        #expect(events.map(\.total) == (0..<300).map { $0 })
        #expect(try await GatewayFixture.ask(port, "POST", "/commands", "").body.isEmpty)
      }
    }
  }
}
