import Foundation
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// The incidents of a real log through real processes: the result is exactly what an independent program says.
  @Suite(.enabled(if: Incidents.areAvailable)) struct RealDataTests {
    @Test(arguments: [1, 4, 12])
    func `incidents come out right with any number of partitions, in bounded memory`(partitions: Int)
      async throws
    {
      let application = try await Application(partitions: partitions)
      try await application.submit(Incidents.commands())
      let worker = try WorkerProgram.start(application, "one", rules: Incidents.rules)
      defer { worker.kill() }
      try await application.caughtUp()
      #expect(try worker.peakResidentBytes() < 300 << 20)
      try await worker.stopGracefully()
      try await expectIncidents(application)
    }

    @Test func `incidents come out right over three stops by SIGTERM`() async throws {
      let application = try await Application(partitions: 4)
      for portion in try await Incidents.commands().portions(4).dropLast() {
        let worker = try await startAndInterrupt(application, portion, startsFirst: true)
        defer { worker.kill() }
        try await worker.stopGracefully()
      }
      try await finish(application, Incidents.commands().portions(4)[3])
    }

    @Test func `incidents come out right over five kills`() async throws {
      let application = try await Application(partitions: 4)
      let portions = try await Incidents.commands().portions(6)
      for (round, portion) in portions.dropLast().enumerated() {
        let worker = try await startAndInterrupt(application, portion, startsFirst: round % 2 == 0)
        try await worker.killAndWait()
      }
      try await finish(application, portions[5])
    }

    /// Starts a worker and gives it a portion; returns when it is somewhere in the middle of it.
    private func startAndInterrupt(
      _ application: Application, _ portion: [Command], startsFirst: Bool
    ) async throws -> RunningProgram {
      let before = try await application.progress()
      if !startsFirst { try await application.submit(portion) }
      let worker = try WorkerProgram.start(application, "one", rules: Incidents.rules)
      do {
        async let submitted: Void = startsFirst ? application.submit(portion) : ()
        try await eventually("the worker to be in the middle of a portion") {
          try await application.progress() > before + Int64(portion.count / 4)
        }
        if startsFirst { try await submitted }
      } catch {
        worker.kill()
        throw ProgramError.timedOut("\(error)", worker.output)
      }
      return worker
    }

    private func finish(_ application: Application, _ portion: [Command]) async throws {
      try await application.submit(portion)
      try await WorkerProgram.runUntilCaughtUp(application, "one", rules: Incidents.rules)
      try await expectIncidents(application)
    }
  }
}

/// The topics hold what the incidents make, and nothing contradicts the guarantees.
func expectIncidents(_ application: Application) async throws {
  let audit = try await Audit(of: application)
  #expect(audit.faults.prefix(5).isEmpty)
  #expect(try await Summary(audit) == Incidents.expected())
}
