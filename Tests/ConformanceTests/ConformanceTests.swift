import Foundation
import KafkaClient
import TestBroker
import Testing

/// The same scenarios on the simulated Kafka and on brokers: what each does, against what Kafka documents.
///
///     SEQUITUR_CONFORMANCE_TABLE=table.md swift test --filter ConformanceTests
@Suite(.serialized, .timeLimit(.minutes(15))) struct ConformanceTests {
  @Test(arguments: Scenario.all.map(\.name))
  func `the simulated Kafka does what Kafka documents`(name: String) throws {
    let scenario = try #require(Scenario.all.first { $0.name == name })
    for seed in UInt64(1)...20 {
      #expect(
        scenario.observe(on: SimulatedCluster(seed: seed)) == scenario.documented,
        "seed \(seed); \(scenario.source)")
    }
  }

  @Test(.enabled(if: TestBroker.isAvailable))
  func `the broker does what Kafka documents, but for what is known of the test broker`() async throws {
    let bootstrap = try TestBroker.bootstrap()
    let known = TestBroker.isOutside ? KnownDeviations.none : .testBroker
    try await compare(known) { try KafkaCluster(bootstrap: bootstrap) }
  }

  @Test func `the embedded broker does what Kafka documents, but for what is known of it`() async throws {
    try await compare(.embeddedBroker) {
      let broker = try EmbeddedBroker(logger: KafkaCluster.logger)
      return try KafkaCluster(bootstrap: broker.bootstrapServers, embedded: broker)
    }
  }

  /// Goes through all scenarios on clusters of this kind, and prints the table.
  private func compare(
    _ known: KnownDeviations, _ cluster: @escaping @Sendable () throws -> KafkaCluster
  ) async throws {
    #expect(known.strayNames == [])
    let run = Scenario.all.filter { known.deviation(in: $0)?.isRun ?? true }
    let seen = try await observe(run, cluster)
    var table = ComparisonTable(broker: known.broker)
    for scenario in Scenario.all {
      let deviation = known.deviation(in: scenario)
      guard let seen = seen[scenario.name], seen != [Scenario.notShown] else {
        table.add(scenario, .notRun(deviation?.reason ?? "not seen in time"))
        continue
      }
      let expected = deviation?.instead ?? scenario.documented
      #expect(seen == expected, "\(scenario.name); \(deviation?.reason ?? scenario.source)")
      let reason = seen == expected ? deviation?.reason ?? "" : "a fault"
      table.add(scenario, seen == scenario.documented ? .conforms : .deviates(seen, reason))
    }
    try table.publish()
  }

  /// What is seen in each scenario, several at a time: mostly they wait.
  private func observe(
    _ scenarios: [Scenario], _ cluster: @escaping @Sendable () throws -> KafkaCluster
  ) async throws -> [String: [String]] {
    try await withThrowingTaskGroup(of: (String, [String]).self) { group in
      var seen: [String: [String]] = [:]
      for (index, scenario) in scenarios.enumerated() {
        if index >= Self.scenariosAtATime, let (name, found) = try await group.next() { seen[name] = found }
        group.addTask { (scenario.name, try await onThread { scenario.observe(on: try cluster()) }) }
      }
      for try await (name, found) in group { seen[name] = found }
      return seen
    }
  }

  private static let scenariosAtATime = 8
}

/// Runs blocking work on a thread of its own, not in Swift's pool.
private func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
