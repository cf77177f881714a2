import Foundation
import SeededRandom
import TestBroker
import Testing

private let proxyProgram = "/usr/sbin/nginx"
private let hasProxy = FileManager.default.fileExists(atPath: proxyProgram)

extension SequiturCommandTests {
  /// The feed behind an nginx that caches, and that is restarted.
  @Suite(.enabled(if: TestBroker.isAvailable && PackageRoot.python != nil && hasProxy))
  struct FeedProxyTests {
    private static let script = PackageRoot.url.appending(
      path: "Tests/SequiturCommandTests/Gateway/proxied_feed.py"
    ).path

    /// An nginx of this user's own, in a directory of its own.
    private func start(_ directory: URL, at port: UInt16, before gateway: UInt16) throws -> RunningProgram {
      let path = directory.path
      let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
        "\($0)_temp_path \(path)/\($0);"
      }
      let configuration = """
        \(getuid() == 0 ? "user root;" : "")
        daemon off; worker_processes 1; pid \(path)/nginx.pid; error_log stderr warn;
        events { worker_connections 256; }
        http {
          access_log off; \(temporary.joined(separator: " "))
          proxy_cache_path \(path)/cache keys_zone=feed:1m;
          proxy_http_version 1.1;
          server {
            listen 127.0.0.1:\(port);
            location / { proxy_pass http://127.0.0.1:\(gateway); }
            location /feed/ {
              proxy_pass http://127.0.0.1:\(gateway); proxy_cache feed; add_header X-Cache $upstream_cache_status;
            }
            location /feed/live { proxy_pass http://127.0.0.1:\(gateway); proxy_cache off; }
          }
        }
        """
      let file = directory.appending(path: "nginx.conf")
      try Data(configuration.utf8).write(to: file)
      return try RunningProgram.start(proxyProgram, arguments: ["-p", path, "-c", file.path, "-e", "stderr"])
    }

    private func python(_ arguments: String...) throws -> RunningProgram {
      try RunningProgram.start(
        try #require(PackageRoot.python).path, arguments: ["-B", Self.script] + arguments)
    }

    private func waitUntilServed(_ port: UInt16) async throws {
      try await eventually("the proxy and the gateway to answer", within: .seconds(60)) {
        (try? await GatewayFixture.ask(Int(port), "GET", "/feed/0").status) == 200
      }
    }

    /// The number of commands is a parameter: `SEQUITUR_FEED_COMMANDS`.
    @Test func `pages through a cache equal the topic, whatever was restarted`() async throws {
      let count = ProcessInfo.processInfo.environment["SEQUITUR_FEED_COMMANDS"].flatMap { Int($0) } ?? 24_000
      try await FollowedApplication.with(partitions: 2) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let (port, own) = (try FreePort.find(), try FreePort.find())
        var gateway = try fixture.start(at: own)
        var proxy = try start(application.directory, at: port, before: own)
        defer {
          gateway.kill()
          proxy.terminate()
        }
        var random = SplitMix64(seed: 11)
        for part in 0..<2 {
          try application.send(count / 2, &random)
          try await application.work()
          try await waitUntilServed(port)
          let topics = application.topics
          let checked = try await python(
            "pages", "http://127.0.0.1:\(port)", topics.bootstrap, topics.valid, "2"
          ).waitForExit(timeout: .seconds(1800))
          #expect(checked.exit == .code(0), "\(checked.standardError)")
          #expect(checked.standardOutput.contains("\"faults\": 0"), "\(checked.standardOutput)")
          #expect(!checked.standardOutput.contains("\"hits\": 0,"), "\(checked.standardOutput)")
          guard part == 0 else { break }
          gateway.kill()
          proxy.terminate()
          try await gateway.waitForExit(timeout: .seconds(30))
          try await proxy.waitForExit(timeout: .seconds(30))
          gateway = try fixture.start(at: own)
          proxy = try start(application.directory, at: port, before: own)
        }
      }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/chromium")))
    func `a browser behind a proxy that restarts gets each event once, in order`() async throws {
      let count = 60
      try await FollowedApplication.with(partitions: 1) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let worker = try application.startWorker()
        defer { worker.kill() }
        let (gateway, own) = try await fixture.start()
        defer { gateway.kill() }
        let port = try FreePort.find()
        var proxy = try start(application.directory, at: port, before: UInt16(own))
        defer { proxy.terminate() }
        try await waitUntilServed(port)
        let browser = try python("listen", "http://127.0.0.1:\(port)", "\(count)")
        defer { browser.kill() }
        try await browser.waitForOutput(containing: "open", timeout: .seconds(100))
        for number in 0..<count {
          if number % 20 == 10 {
            proxy.terminate()
            try await proxy.waitForExit(timeout: .seconds(30))
          }
          let answer = try await GatewayFixture.ask(
            own, "POST", "/objects/o-\(number)/commands/create", #"{"total":5}"#, ["Prefer": "wait=30"])
          #expect(answer.status == 201)
          if number % 20 == 15 { proxy = try start(application.directory, at: port, before: UInt16(own)) }
        }
        let told = try await browser.waitForExit(timeout: .seconds(300))
        let lines = told.standardOutput.split(separator: "\n").map(String.init)
        #expect(lines.dropFirst().dropLast() == (0..<count).map { "o-\($0)" }[...], "\(told)")
        #expect(lines.last?.contains("\"resets\": 0") == true, "\(told)")
      }
    }
  }
}
