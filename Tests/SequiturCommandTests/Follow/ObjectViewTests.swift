import Foundation
import SeededRandom
import SequiturFollower
import SequiturTopics
import SequiturViews
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Views of a real worker's changelog, under load and while the worker is killed.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct ObjectViewTests {
    private struct State: Codable, Sendable {
      let status: String
      let total: Int?
    }

    /// How much is done; docs/views.md has a large run.
    private static func number(_ variable: String, _ byDefault: Int) -> Int {
      ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? byDefault
    }

    private func view(_ topics: TopicFixture, _ storage: ViewStorage) throws -> ObjectView<State> {
      var names = TopicNames(applicationID: topics.applicationID)
      (names.commands, names.valid) = (topics.commands, topics.valid)
      (names.invalid, names.changelog) = (topics.invalid, topics.changelog)
      return try ObjectView(
        ViewConfiguration(
          of: .changelog(names, of: topics.applicationID), storage: storage, kafka: topics.client,
          logger: quiet))
    }

    /// What a view held of a partition at one moment.
    private struct Moment {
      let partition: Int32
      let command: Int64
      let orders: [String: FollowedApplication.Order]
    }

    private func moment(_ view: ObjectView<State>, _ partition: Int32) throws -> Moment {
      let cut = try view.cut(of: partition)
      let orders = cut.objects.map { object in
        (
          object.key.description,
          FollowedApplication.Order(
            status: object.value.status, total: object.value.total ?? 0, version: Int(object.version))
        )
      }
      return Moment(
        partition: partition, command: cut.position?.offset ?? -1,
        orders: Dictionary(uniqueKeysWithValues: orders))
    }

    @Test func `at any moment a view is the fold of the valid topic at the position that it names`()
      async throws
    {
      let count = Self.number("SEQUITUR_VIEW_MOMENTS", 240)
      try await FollowedApplication.with(partitions: 3) { application in
        var random = SplitMix64(seed: 22)
        let directory = application.directory.appending(path: "view").path
        let inMemory = try view(application.topics, .memory)
        let running = Task { try await inMemory.run() }
        try await inMemory.caughtUp()
        var moments: [Moment] = []
        var round = 0
        while moments.count < count {
          round += 1
          try application.send(300, &random)
          let worker = try await application.startWorkerAndWaitForChanges()
          // A directory's view is begun anew each time, in the middle of the worker's work.
          let onDisk = try view(application.topics, .directory(directory))
          let visit = Task { try await onDisk.run() }
          try await onDisk.caughtUp()
          for _ in 0..<8 {
            try application.send(20, &random)
            for partition: Int32 in 0..<3 {
              moments.append(try moment(inMemory, partition))
              moments.append(try moment(onDisk, partition))
            }
            // Until something was committed, or not: the moment is as random as the worker's work.
            let next = CommandToken(
              partition: 0, offset: (moments.last { $0.partition == 0 }?.command ?? 0) + 1)
            try? await inMemory.wait(for: next, timeout: .milliseconds(200))
          }
          if round.isMultiple(of: 2) { application.interrupt(worker) } else { worker.terminate() }
          try await worker.waitForExit(timeout: .seconds(60))
          onDisk.stop()
          try await visit.value
        }
        try await application.work()
        let events = try application.events()
        let last = events.reduce(into: [Int32: Int64]()) {
          $0[$1.partition] = max($0[$1.partition] ?? 0, $1.command)
        }
        for (partition, command) in last {
          try await inMemory.wait(
            for: CommandToken(partition: partition, offset: command), timeout: .seconds(60))
          moments.append(try moment(inMemory, partition))
        }
        inMemory.stop()
        try await running.value
        #expect(events.contains { $0.type == "purged" } && events.contains { $0.version > 3 })
        for (partition, moments) in Dictionary(grouping: moments, by: \.partition) {
          let own = events.filter { $0.partition == partition }
          var folded: [String: FollowedApplication.Order] = [:]
          var next = 0
          for moment in moments.sorted(by: { $0.command < $1.command }) {
            let covered = own[next...].prefix { $0.command <= moment.command }
            folded = FollowedApplication.fold(covered, onto: folded)
            next += covered.count
            #expect(moment.orders == folded, "partition \(partition) at \(moment.command)")
          }
        }
        #expect(Set(moments.map { "\($0.partition)-\($0.command)" }).count > 20)
      }
    }

    /// One outcome that `submit` printed.
    private struct Outcome: Decodable {
      struct Event: Decodable { let version: String }
      let key: String
      let token: String
      let events: [Event]
    }

    @Test func `what another process wrote is there once its token was waited for, never older`() async throws
    {
      let count = Self.number("SEQUITUR_TOKEN_ROUNDS", 300)
      try await FollowedApplication.with(partitions: 3) { application in
        let worker = try application.startWorker()
        defer { worker.kill() }
        let topics = application.topics
        let view = try view(topics, .memory)
        let running = Task { try await view.run() }
        try await view.caughtUp()
        let keys = (0..<7).map { "order-\($0)" }
        let lines =
          keys.map { #"{"key":"\#($0)","type":"create","payload":{"total":1}}"# }
          + (0..<count).map { #"{"key":"\#(keys[$0 % 7])","type":"amend","payload":{"total":\#($0 + 2)}}"# }
        try await withFile("commands.jsonl", Data((lines.joined(separator: "\n") + "\n").utf8)) { path in
          try await RunningProgram.with(
            BuiltProgram.find("sequitur"), arguments: ["submit", path, "--wait", "--json"] + topics.arguments
          ) { program in
            var read = 0
            while read < lines.count {
              try await eventually("an outcome") {
                program.output.standardOutput.utf8.count { $0 == 10 } > read
              }
              let printed = program.output.standardOutput.split(separator: "\n")
              for text in printed[read...] where read < lines.count {
                read += 1
                let outcome = try JSONDecoder().decode(Outcome.self, from: Data(text.utf8))
                let token = try #require(CommandToken(outcome.token))
                try await view.wait(for: token, timeout: .seconds(30))
                let found = try view.object(ViewKey(outcome.key))
                let written = try #require(outcome.events.last.flatMap { UInt64($0.version) })
                #expect(found?.version ?? 0 >= written, "\(outcome.key) at \(token)")
              }
            }
          }
        }
        view.stop()
        try await running.value
      }
    }
  }
}
