import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// The gateway against its own OpenAPI document, by a program that makes requests of it: schemathesis.
  @Suite(.enabled(if: TestBroker.isAvailable && Schemathesis.program != nil)) struct InterfaceTests {
    private static let checks = [
      "status_code_conformance", "content_type_conformance", "response_headers_conformance",
      "response_schema_conformance", "unsupported_method", "allow_header_conformance",
    ]

    /// A 5xx that is not in the document fails, and of 500 the document has `decider-error` alone.
    ///
    /// How many requests are made is a parameter: `SEQUITUR_INTERFACE_EXAMPLES`, for each operation.
    @Test func `no answer is outside of the document, whatever is asked`() async throws {
      let program = try #require(Schemathesis.program)
      let examples = ProcessInfo.processInfo.environment["SEQUITUR_INTERFACE_EXAMPLES"] ?? "8"
      try await FollowedApplication.with(partitions: 2) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let worker = try application.startWorker()
        defer { worker.kill() }
        let (gateway, port) = try await fixture.start(["--view"])
        defer { gateway.kill() }
        let ready = try await GatewayFixture.ask(
          port, "POST", "/objects/order-1/commands/create", #"{"total":5}"#, ["Prefer": "wait=30"])
        #expect(ready.status == 201)
        let configuration = application.directory.appending(path: "schemathesis.toml").path
        // What is waited for comes seldom.
        try Data("[parameters]\n\"query.timeout\" = 0.1\n\"query.wait\" = 0\n".utf8)
          .write(to: URL(filePath: configuration))
        let result = try await RunningProgram.run(
          program,
          arguments: [
            "--config-file", configuration, "run", "http://127.0.0.1:\(port)/openapi.json", "--checks",
            Self.checks.joined(separator: ","), "--phases", "coverage,fuzzing", "--max-examples", examples,
            "--continue-on-failure", "--seed", "7", "--generation-database", "none", "--no-color",
            // It has no way to write lines of JSON.
            "--exclude-path", "/commands",
          ], timeout: .seconds(500))
        #expect(result.exit == .code(0), "\(result.output.standardOutput.suffix(6000))")
        #expect(result.output.standardOutput.contains("passed"))
      }
    }
  }
}

/// The program that makes requests of a document.
private enum Schemathesis {
  /// Installed by `scripts/setup --with-broker`.
  static var program: String? {
    guard let python = PackageRoot.python else { return nil }
    let path = python.deletingLastPathComponent().appending(path: "st").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }
}
