import Foundation
import SequiturMetrics
import TestBroker
import Testing

extension SequiturCommandTests {
  /// The worker's operations door, on the built program.
  struct WorkerDoorTests {
    private let worker = [
      "worker", "--rules", "Examples/Orders/orders.yaml", "--bootstrap-servers", "127.0.0.1:1",
    ]

    @Test(arguments: [
      (["--http", "9464"], "it names no port. It is --http. Or say off."),
      (["--http", "localhost:"], "its port is not 0 to 65535"),
      (["--http", "::1:80"], "an IPv6 address stands in brackets"),
      (["--http", "on"], "it names no port"),
      (["--http", "192.0.2.1:80"], "this machine does not have that address"),
      (["--http-certificate", "/nowhere"], "Expected --http-certificate and --http-key together"),
      (["--http-key", "/nowhere"], "Expected --http-certificate and --http-key together"),
      (
        ["--http", "127.0.0.1:0", "--http-certificate", "/nowhere.crt", "--http-key", "/nowhere.key"],
        "Expected to read a certificate in PEM form from /nowhere.crt, but No such file or directory."
      ),
    ])
    func `a door that cannot be opened ends the start with the reason`(
      arguments: [String], told: String
    ) async throws {
      let result = try await sequitur(worker + arguments)
      #expect(result.exit == .code(2))
      #expect(result.output.standardError.contains(told), "\(result.output.standardError)")
    }

    @Test func `a named port that is taken ends the start, by flag, variable or file`() async throws {
      let topics = try TopicFixture()
      try await OperatedWorker.with(topics) { first in
        let address = String(first.url.dropFirst(7).dropLast())
        let told = "Expected to listen at \(address), but the port is taken."
        let flag = try await sequitur(worker + ["--http", address])
        #expect(flag.exit == .code(2) && flag.output.standardError.contains(told))
        let variable = try await sequitur(worker, environment: ["SEQUITUR_HTTP": address])
        #expect(variable.exit == .code(2) && variable.output.standardError.contains(told))
        try await withFile("settings.yaml", Data("http: \"\(address)\"\n".utf8)) { path in
          let file = try await sequitur(worker + ["--config", path])
          #expect(file.exit == .code(2) && file.output.standardError.contains(told))
        }
      }
    }

    @Test func `several workers on one host have a door each without being told`() async throws {
      let topics = try TopicFixture(partitions: 2)
      try await OperatedWorker.with(topics, http: []) { first in
        try await OperatedWorker.with(topics, http: []) { second in
          #expect(first.url != second.url)
          #expect(second.url != "http://127.0.0.1:9464/")
          try await second.program.waitForOutput(containing: "the usual port is taken", timeout: .seconds(30))
          for worker in [first, second] {
            let live = try await worker.get("live")
            #expect(live.status == 200)
          }
        }
      }
    }

    @Test func `without a door nothing listens`() async throws {
      let result = try await sequitur(worker + ["--http", "off"])
      #expect(!result.output.standardError.contains("for people"))
    }

    @Test func `a worker is ready once it serves, and its metrics are Prometheus's`() async throws {
      let topics = try TopicFixture(partitions: 2)
      try await OperatedWorker.with(
        topics, ["--kafka", "client.id=door"], environment: ["SEQUITUR_KAFKA_SASL_PASSWORD": "quite secret"]
      ) { worker in
        try await worker.waitUntil(nil)
        let ready = try await worker.get("ready")
        #expect(ready.status == 200 && ready.body == "{\"ready\":true,\"troubles\":[]}")

        let submitted = try await sequitur(
          ["submit", "Examples/Orders/orders.jsonl", "--wait"] + topics.arguments)
        #expect(submitted.exit == .code(0), "\(submitted.output.standardError)")
        try await eventually("the partitions to be caught up") {
          let status = try await worker.get("status").body
          return status.contains("\"lag\":0") && !status.contains("\"accepted\":0")
        }

        let metrics = try await worker.get("metrics").body
        for name in ["sequitur_commands_accepted_total", "sequitur_lag_records", "sequitur_ready"] {
          #expect(metrics.contains("\n\(name)"), "\(name)")
        }
        let shown = Set(metrics.matches(of: /# TYPE (\w+)/).map { String($0.1) })
        let known = Set(WorkerMetric.allCases.map(\.rawValue))
        #expect(shown.subtracting(known) == [])
        #expect(shown.count >= 60, "\(known.subtracting(shown).sorted())")
        let checked = try await RunningProgram.run(
          "promtool", arguments: ["check", "metrics"], standardInput: .data(Data(metrics.utf8)))
        #expect(checked.exit == .code(0) && checked.output.standardError.isEmpty, "\(checked.output)")

        let status = try await worker.get("status").body
        #expect(status.contains("{\"name\":\"kafka.client.id\",\"source\":\"flag\",\"value\":\"door\"}"))
        #expect(
          status.contains(
            "{\"name\":\"kafka.sasl.password\",\"source\":\"environment\",\"value\":\"[redacted]\"}"))
        #expect(!status.contains("quite secret"))
        #expect(status.contains("\"rules\":\"order@1/"))

        worker.program.terminate()
        #expect(try await worker.program.waitForExit(timeout: .seconds(60)).exit == .code(0))
      }
    }
  }
}
