import Foundation
import TestBroker
import Testing

/// A pricing service and a checkout that keeps a view of its prices, as programs of their own.
@Suite(.enabled(if: BrokerProcess.isInstalled)) struct CheckoutTests {
  private static let fixed = ["--application-id", "prices"]

  private func sequitur(_ arguments: [String], _ broker: BrokerProcess, input: String? = nil) async throws {
    let result = try await RunningProgram.run(
      BuiltProgram.find("sequitur"),
      arguments: arguments + Self.fixed + ["--bootstrap-servers", broker.bootstrap],
      standardInput: input.map { .data(Data($0.utf8)) } ?? .none, timeout: .seconds(60))
    #expect(result.exit == .code(0), "\(result.standardOutput)\(result.standardError)")
  }

  private func submit(_ lines: String, _ broker: BrokerProcess) async throws {
    try await sequitur(["submit", "-", "--wait"], broker, input: lines)
  }

  /// Runs the pricing service with its topics while `body` runs.
  private func withPricing(_ body: (BrokerProcess) async throws -> Void) async throws {
    let broker = try BrokerProcess.start()
    defer { broker.kill() }
    let folder = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("prices"))
    defer { try? FileManager.default.removeItem(at: folder) }
    try await sequitur(["topics", "create", "--partitions", "2"], broker)
    let arguments = [
      "worker", "--rules", "Examples/Prices/prices.yaml", "--state-dir", folder.path, "--instance-id", "p-1",
      "--bootstrap-servers", broker.bootstrap,
    ]
    try await RunningProgram.with(
      BuiltProgram.find("sequitur"), arguments: arguments + Self.fixed
    ) { _ in try await body(broker) }
  }

  @Test func `the rules of prices do what their examples say`() async throws {
    let result = try await RunningProgram.run(
      BuiltProgram.find("sequitur"), arguments: ["rules", "test", "Examples/Prices/prices.yaml"])
    #expect(result.exit == .code(0), "\(result.standardOutput)\(result.standardError)")
  }

  @Test func `checkout prints each price that changes, with the old one`() async throws {
    try await withPricing { broker in
      try await expectChanges(
        by: BuiltProgram.find("Checkout"), [broker.bootstrap], broker)
    }
  }

  @Test func `a checkout in Python prints the same, through view --serve`() async throws {
    try await withPricing { broker in
      let arguments = ["view", "--serve", "127.0.0.1:0", "--bootstrap-servers", broker.bootstrap]
      try await RunningProgram.with(
        BuiltProgram.find("sequitur"), arguments: arguments + Self.fixed
      ) { server in
        try await server.waitForOutput(containing: "/objects", timeout: .seconds(60))
        let line = server.output.standardError
        let url = try #require(line.firstMatch(of: /(http:\/\/\S+)\/objects/).map { String($0.1) })
        try await eventually("the view to be current") {
          let status = try await RunningProgram.run("curl", arguments: ["-s", "\(url)/status"])
          return status.standardOutput.contains("current")
        }
        try await expectChanges(by: "python3", ["Examples/Checkout/checkout.py", url], broker)
      }
    }
  }

  /// What a checkout prints while prices change.
  private func expectChanges(
    by program: String, _ arguments: [String], _ broker: BrokerProcess
  ) async throws {
    try await submit(
      """
      {"key":"sku-1","type":"list","payload":{"cents":250}}
      {"key":"sku-2","type":"list","payload":{"cents":1000}}

      """, broker)
    try await RunningProgram.with(program, arguments: arguments) { checkout in
      try await checkout.waitForOutput(containing: "caught up", timeout: .seconds(60))
      #expect(checkout.output.standardOutput.contains("sku-1: 250 cents\n"))
      #expect(checkout.output.standardOutput.contains("sku-2: 1000 cents\n"))
      try await submit(
        """
        {"key":"sku-1","type":"change","payload":{"cents":300}}
        {"key":"sku-3","type":"list","payload":{"cents":5}}

        """, broker)
      try await checkout.waitForOutput(containing: "sku-1: 300 cents, was 250\n", timeout: .seconds(60))
      try await checkout.waitForOutput(containing: "sku-3: 5 cents, new\n", timeout: .seconds(60))
      try await submit(#"{"key":"sku-2","type":"withdraw","payload":{}}"#, broker)
      try await checkout.waitForOutput(containing: "sku-2: withdrawn, was 1000\n", timeout: .seconds(60))
    }
  }
}
