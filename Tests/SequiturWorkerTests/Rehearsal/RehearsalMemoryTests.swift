import Foundation
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// What a rehearsal holds at its peak, in a process of its own: four times the commands need no more.
  @Suite(.enabled(if: TestBroker.isOutside, "the test broker answers a fetch with the whole log"))
  struct RehearsalMemoryTests {
    private static let objects = 500
    private static let commands = 30_000
    /// A command, its event and its state are 200 bytes each: were one of them held, it would be 18 MB more.
    private static let growthMax = 12 << 20

    @Test func `memory is constant in the number of commands`() async throws {
      let application = try await Application()
      let rules = try application.writeOrderRules()
      let note = String(repeating: "n", count: 200)
      var peaks: [Int] = []
      for times in [1, 3] {
        for _ in 0..<times {
          try await application.submit(
            (0..<Self.commands).map { number in
              let key = "key-\(number % Self.objects)"
              return number < Self.objects
                ? Command(key, "create", "{\"customer\":\"\(note)\",\"total\":1}")
                : Command(key, "amend", "{\"total\":\(number % 7),\"note\":\"\(note)\"}")
            })
        }
        try await WorkerProgram.runUntilCaughtUp(application, "one", rules: rules)
        peaks.append(try await peak(of: application, rules))
      }
      #expect(peaks[1] - peaks[0] < Self.growthMax, "\(peaks)")
    }

    /// The most bytes that a rehearsal of all there is had resident.
    private func peak(of application: Application, _ rules: String) async throws -> Int {
      let topics = application.topics
      let program = """
        import resource, subprocess, sys
        code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
        print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        """
      let result = try await RunningProgram.run(
        "python3",
        arguments: [
          "-c", program, try WorkerProgram.path(), "rehearse", "--json", "--memory", "32MB", "--rules", rules,
          "--bootstrap-servers", application.bootstrap, "--application-id", application.name,
          "--commands-topic", topics.commands, "--valid-topic", topics.valid, "--invalid-topic",
          topics.invalid, "--changelog-topic", topics.changelog,
        ], timeout: .seconds(120))
      let figures = result.standardOutput.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
      try #require(figures.count == 2 && figures[0] == 0, "\(result)")
      return figures[1] << 10
    }
  }
}
