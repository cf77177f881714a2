import Foundation
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  /// Brokers that are away while writers go on: told on the log and at the door, and nothing is to be done when they are back.
  struct AbsenceTests {
    @Test(
      .enabled(if: PackageRoot.python != nil), .enabled(if: BrokerProcess.isInstalled),
      arguments: OutboxConfiguration.Mode.allCases)
    func `brokers that stand still under writers and relay leave one command for each row`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let broker = try BrokerProcess.start()
      defer { broker.kill() }
      let run = try await RelayRun.start(
        try OutboxFixture(bootstrap: broker.bootstrap), mode, RelayDoor.arguments)
      defer {
        run.relay.kill()
        run.outbox.dropSlot()
      }
      try await miss(run, away: { broker.suspend() }, longEnough: {}, back: { broker.resume() })
    }

    /// Commands that kill the broker of `SEQUITUR_TEST_BOOTSTRAP`, and that start it again with its data; how many seconds it is
    /// away.
    private static let environment = ProcessInfo.processInfo.environment
    private static let kill = environment["SEQUITUR_TEST_BROKER_KILL"]
    private static let start = environment["SEQUITUR_TEST_BROKER_START"]
    private static let seconds = environment["SEQUITUR_TEST_BROKER_AWAY"].flatMap { Int($0) } ?? 180

    @Test(
      .enabled(if: kill != nil && start != nil, "it takes a broker that may be killed"),
      .enabled(if: PackageRoot.python != nil), arguments: OutboxConfiguration.Mode.allCases)
    func `brokers that are dead for minutes are told again each minute, and leave one command for each row`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let run = try await RelayRun.start(try OutboxFixture(), mode, RelayDoor.arguments)
      defer {
        run.relay.kill()
        run.outbox.dropSlot()
      }
      try await miss(
        run, away: { try await Self.shell(Self.kill) },
        longEnough: {
          try await eventually("it is told for \(Self.seconds) s", within: .seconds(Self.seconds + 120)) {
            Self.secondsTold(run.relay).contains { $0 >= Self.seconds }
          }
          let told = Self.secondsTold(run.relay)
          #expect((Self.seconds / 60 - 1...Self.seconds / 60 + 1).contains(told.count), "\(told)")
        }, back: { try await Self.shell(Self.start) })
    }

    private static func shell(_ command: String?) async throws {
      let result = try await RunningProgram.run(
        "/bin/bash", arguments: ["-c", try #require(command)], timeout: .seconds(180))
      #expect(result.exit == .code(0), "\(result.standardError)")
    }

    /// For how long trouble lasts, as the reminders of one place say it.
    private static func secondsTold(_ relay: RunningProgram) -> [Int] {
      let reminders = relay.output.standardError.split(separator: "\n").filter {
        $0.contains("the outbox waits") && ($0.contains("outbox=outbox/0") || $0.contains("outbox=outbox "))
      }
      return reminders.compactMap { $0.firstMatch(of: /seconds=(\d+)/).flatMap { Int($0.1) } }
    }

    /// Takes the brokers away and brings them back, under writers.
    private func miss(
      _ run: RelayRun, away: () async throws -> Void, longEnough: () async throws -> Void,
      back: () async throws -> Void
    ) async throws {
      let door = try RelayDoor(of: run.relay)
      try await door.wait()
      try await run.waitForRows(0)
      try await away()
      try await run.relay.waitForOutput(containing: "the brokers do not answer", timeout: .seconds(120))
      try await door.wait(untilReadyOr: "brokers-do-not-answer")
      try await longEnough()
      try await run.waitForRows(1)
      try await door.wait(untilReadyOr: "brokers-do-not-answer")
      try await back()
      try await run.relay.waitForOutput(containing: "the outbox goes on", timeout: .seconds(120))
      try await door.wait()
      try await run.waitForRows(2)
      try await run.settle(run.relay)
    }
  }
}
