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

    /// What a view held of a partition at one moment, as the program that checks it reads it.
    private struct Moment: Encodable {
      struct Order: Encodable {
        let status: String
        let total: Int?
        let version: UInt64?
      }

      let partition: Int32
      /// The last command that it covers; -1 for none.
      let command: Int64
      let orders: [String: Order]
    }

    private func moment(_ view: ObjectView<State>, _ partition: Int32) throws -> Moment {
      let cut = try view.cut(of: partition)
      let orders = cut.objects.map { object in
        (
          object.key.description,
          Moment.Order(status: object.value.status, total: object.value.total, version: object.version)
        )
      }
      return Moment(
        partition: partition, command: cut.position?.offset ?? -1,
        orders: Dictionary(uniqueKeysWithValues: orders))
    }

    @Test(.enabled(if: PackageRoot.python != nil))
    func `at any moment a view is the fold of the valid topic at the position that it names`() async throws {
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
        #expect(Set(moments.map { "\($0.partition)-\($0.command)" }).count > 20)
        try await check(moments, application.topics)
      }
    }

    /// Has a program that knows nothing of the engine fold the valid topic.
    private func check(_ moments: [Moment], _ topics: TopicFixture) async throws {
      let encoder = JSONEncoder()
      var lines = Data()
      for moment in moments { lines += try encoder.encode(moment) + [10] }
      let script = PackageRoot.url.appending(path: "Tests/SequiturCommandTests/Follow/moments.py").path
      let python = try #require(PackageRoot.python).path
      let checked = try await RunningProgram.run(
        python, arguments: ["-B", script, topics.bootstrap, topics.valid], standardInput: .data(lines),
        timeout: .seconds(600))
      #expect(checked.exit == .code(0), "\(checked.standardOutput)\(checked.standardError)")
      #expect(checked.standardOutput.hasSuffix("\(moments.count) moments, 0 wrong\n"))
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
          let submitting = try OutcomeFile(submitting: path, topics)
          defer { submitting.program.kill() }
          for _ in lines {
            let outcome = try await submitting.next()
            let token = try #require(CommandToken(outcome.token))
            try await view.wait(for: token, timeout: .seconds(30))
            let found = try view.object(ViewKey(outcome.key))
            let written = try #require(outcome.events.last.flatMap { UInt64($0.version) })
            guard found?.version ?? 0 >= written else {
              Issue.record(
                "\(outcome.key) is \(String(describing: found)) at \(token), and \(written) was written")
              return
            }
          }
        }
        view.stop()
        try await running.value
      }
    }
  }
}

/// The outcomes that a `submit` prints into a file, while it does.
private final class OutcomeFile {
  struct Outcome: Decodable {
    struct Event: Decodable { let version: String }
    let key: String
    let token: String
    let events: [Event]
  }

  let program: RunningProgram
  private let file: FileHandle
  private var read = Data()

  init(submitting path: String, _ topics: TopicFixture) throws {
    let output = path + ".outcomes"
    try Data().write(to: URL(filePath: output))
    file = try FileHandle(forReadingFrom: URL(filePath: output))
    program = try RunningProgram.start(
      "sh",
      arguments: [
        "-c", #"exec "$@" > "$0""#, output, BuiltProgram.find("sequitur"), "submit", path, "--wait", "--json",
      ]
        + topics.arguments)
  }

  /// The next outcome; waits for it.
  func next() async throws -> Outcome {
    if let outcome = try takeLine() { return outcome }
    try await eventually("an outcome") {
      read += try file.readToEnd() ?? Data()
      return read.contains(10)
    }
    let line = try takeLine()
    return try #require(line)
  }

  private func takeLine() throws -> Outcome? {
    guard let end = read.firstIndex(of: 10) else { return nil }
    defer { read = read[(end + 1)...] }
    return try JSONDecoder().decode(Outcome.self, from: read[..<end])
  }
}
