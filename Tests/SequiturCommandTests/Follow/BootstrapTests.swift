import Foundation
import KafkaClient
import SeededRandom
import TestBroker
import Testing

extension SequiturCommandTests {
  /// `sequitur bootstrap`.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct BootstrapTests {
    private func bootstrap(
      _ topics: TopicFixture, _ more: [String] = [], expecting code: Int32 = 0
    ) async throws -> ProgramResult {
      let result = try await sequitur(
        ["bootstrap"] + topics.arguments + more, timeout: .seconds(120))
      #expect(result.exit == .code(code), "\(result.standardError)")
      return result
    }

    // MARK: Under load

    @Test func `begun at any moment, states and events come exactly once`() async throws {
      try await FollowedApplication.with(partitions: 3) { application in
        var random = SplitMix64(seed: 210)
        var outputs: [String] = []
        for round in 0..<6 {
          try application.send(300, &random)
          let worker = try await application.startWorkerAndWaitForChanges()
          outputs.append(try await bootstrap(application.topics).standardOutput)
          if round.isMultiple(of: 2) { worker.kill() } else { worker.terminate() }
          try await worker.waitForExit(timeout: .seconds(60))
          outputs.append(try await bootstrap(application.topics).standardOutput)
        }
        try await application.work()
        let events = try application.events()
        #expect(events.contains { $0.type == "purged" } && events.contains { $0.version > 3 })
        for output in outputs {
          try PrintedBootstrap(output).expectBeginning(of: events)
          // Continued to the end, nothing is missing.
          let rest = try await withFile("printed", Data(output.utf8)) { path in
            try await bootstrap(application.topics, ["--from", path]).standardOutput
          }
          try PrintedBootstrap(output + rest).expectAll(of: events)
        }
      }
    }

    @Test func `killed with -9 and continued with --from, states and events come exactly once`() async throws
    {
      try await FollowedApplication.with(partitions: 2) { application in
        var random = SplitMix64(seed: 2_100)
        try application.send(200, &random)
        try await application.work()
        let worker = try application.startWorker()
        defer { worker.kill() }
        let printed = application.directory.appending(path: "printed")
        let piece = application.directory.appending(path: "piece")
        try Data().write(to: printed)
        for round in 0..<8 {
          let from = round == 0 ? [] : ["--from", printed.path]
          let command =
            try [BuiltProgram.find("sequitur"), "bootstrap", "--follow"] + application.topics.arguments + from
          try? FileManager.default.removeItem(at: piece)
          let program = try RunningProgram.start(
            "bash", arguments: ["-c", "exec \(command.joined(separator: " ")) > \(piece.path)"])
          try await eventually("the states to be printed") {
            guard FileManager.default.fileExists(atPath: piece.path) else { return false }
            return try round > 0 || String(contentsOf: piece, encoding: .utf8).contains("\"caughtUp\"")
          }
          let size = try Data(contentsOf: piece).count
          try application.send(150, &random)
          try await eventually("events to be printed") { try Data(contentsOf: piece).count > size }
          program.kill()
          try await program.waitForExit(timeout: .seconds(30))
          // As a reader would: what has no line end was not printed.
          var text = try Data(contentsOf: piece)
          text.removeSubrange((text.lastIndex(of: 10).map { $0 + 1 } ?? text.startIndex)...)
          try (Data(contentsOf: printed) + text).write(to: printed)
        }
        worker.terminate()
        try await worker.waitForExit(timeout: .seconds(60))
        try await application.work()
        let rest = try await bootstrap(application.topics, ["--from", printed.path]).standardOutput
        let whole = try String(contentsOf: printed, encoding: .utf8) + rest
        try PrintedBootstrap(whole).expectAll(of: try application.events())
      }
    }

    // MARK: What is printed

    /// Two states that cover the commands below 3, and three events behind them, two of one command.
    private func log() throws -> AuditLog {
      let log = try AuditLog()
      try log.write([
        log.event(key: "a", version: 1, type: "created", command: 0),
        log.event(key: "b", version: 1, type: "created", command: 2),
        log.state(key: "a", version: 1, #"{"n":1.50}"#), log.state(key: "b", version: 1, "plain"),
        log.checkpoint(3),
      ])
      return log
    }

    private func writeMore(_ log: AuditLog) throws {
      try log.write([
        log.event(key: "a", version: 2, type: "x", command: 3, index: 0, value: #"{"m":2}"#),
        log.event(key: "a", version: 3, type: "y", command: 3, index: 1, value: "odd"),
        log.state(key: "a", version: 3, "{}"), log.checkpoint(4),
      ])
      try log.write([log.event(key: "a", version: 9, type: "no", command: 4)], commits: false)
      try log.write([
        log.event(key: "b", version: 2, type: "z", command: 5), log.state(key: "b", version: 0, nil),
        log.checkpoint(6),
      ])
    }

    @Test func `the lines are as the help says`() async throws {
      let log = try log()
      let states = try await bootstrap(log.topics, ["--state-only"]).standardOutput
      let lines = states.split(separator: "\n").map(String.init)
      #expect(
        lines.dropLast().sorted() == [
          #"{"state":{"key":"a","version":1,"value":{"n":1.50}}}"#,
          #"{"state":{"key":"b","version":1,"base64":"cGxhaW4="}}"#,
        ])
      let end = try #require(lines.last)
      #expect(end.hasPrefix(#"{"caughtUp":{"0":3},"events":{"0":"#))
      #expect(end.hasSuffix(#"},"application":"\#(log.topics.applicationID)"}"#))
      try writeMore(log)
      let rest = try await withFile("printed", Data(states.utf8)) { path in
        try await bootstrap(log.topics, ["--from", path]).standardOutput
      }
      let offsets = try log.topics.read(log.topics.valid).map(\.offset)
      let id = "\(log.topics.commands)/0"
      func event(
        _ key: String, _ version: Int, _ type: String, _ command: String, _ value: String, _ offset: Int64
      )
        -> String
      {
        "{\"event\":{\"key\":\"\(key)\",\"version\":\(version),\"type\":\"\(type)\",\"id\":\"\(id)/\(command)\","
          + "\"time\":\"\(AuditLog.timeText)\",\(value),\"offset\":\(offset)}}\n"
      }
      #expect(
        rest == event("a", 2, "x", "3/0", #""value":{"m":2}"#, offsets[2])
          + event("a", 3, "y", "3/1", #""base64":"b2Rk""#, offsets[3])
          + event("b", 2, "z", "5/0", #""value":{}"#, offsets[4]))
    }

    @Test func `a run that was cut off anywhere behind the states is gone on with`() async throws {
      let log = try log()
      let states = try await bootstrap(log.topics).standardOutput
      try writeMore(log)
      let events = try await withFile("printed", Data(states.utf8)) { path in
        try await bootstrap(log.topics, ["--from", path]).standardOutput
      }
      // In the middle of each event, behind each line, and before its end.
      let ends = events.utf8.enumerated().filter { $0.element == 10 }.map(\.offset)
      for cut in ends.flatMap({ [$0 - 40, $0, $0 + 1] }) {
        let piece = Data(states.utf8) + Data(events.utf8.prefix(cut))
        let rest = try await withFile("printed", piece) { path in
          try await bootstrap(log.topics, ["--from", path]).standardOutput
        }
        let whole = events.utf8.prefix(cut).lastIndex(of: 10).map { events.utf8[...$0].count } ?? 0
        #expect(rest == String(decoding: events.utf8.dropFirst(whole), as: UTF8.self), "cut at \(cut)")
      }
    }

    @Test func `an application without commands has no states and no events`() async throws {
      let topics = try TopicFixture(partitions: 2)
      #expect(
        try await bootstrap(topics).standardOutput
          == "{\"caughtUp\":{\"0\":0,\"1\":0},\"events\":{\"0\":0,\"1\":0},\"application\":\"\(topics.applicationID)\"}\n"
      )
    }

    @Test func `with --follow it goes on, and ends with 0 at a signal`() async throws {
      let log = try log()
      try await RunningProgram.with(
        BuiltProgram.find("sequitur"), arguments: ["bootstrap", "--follow"] + log.topics.arguments
      ) { program in
        try await program.waitForOutput(containing: "caughtUp", timeout: .seconds(60))
        try writeMore(log)
        try await program.waitForOutput(containing: "/0/5/0", timeout: .seconds(60))
        program.terminate()
        #expect(try await program.waitForExit(timeout: .seconds(30)).exit == .code(0))
      }
    }

    // MARK: Bad input and trouble

    @Test func `a file that is no whole earlier run is told with its line and the cure`() async throws {
      let log = try log()
      let states = try await bootstrap(log.topics).standardOutput
      let lines = states.split(separator: "\n").map(String.init)
      let event =
        #"{"event":{"key":"a","version":2,"type":"x","id":"\#(log.topics.commands)/0/3/0","offset":9}}"#
      let other = lines[2].replacing(log.topics.applicationID, with: "prices")
      for (content, told) in [
        ("", "but it ends before"), (lines[0] + "\n", "but it ends before"),
        (String(states.dropLast()), "but it ends before"),
        ("nonsense\n", "printed:1 is not one"), (states + "{}\n", "printed:4 is not one"),
        (states + states, "printed:4 is not one"), (event + "\n" + states, "printed:1 is not one"),
        (states + event + "\n" + event + "\n", "printed:5 is not one"),
        (states + event.replacing("/0/3/0", with: "/7/3/0") + "\n", "printed:4 is not one"),
        (lines[0] + "\n" + other + "\n", "it is of prices"),
        (states + event.replacing(log.topics.commands, with: "others") + "\n", "its events are of others"),
      ] {
        let error = try await withFile("printed", Data(content.utf8)) { path in
          try await bootstrap(log.topics, ["--from", path], expecting: 2).standardError
        }
        #expect(error.contains(told), "\(content): \(error)")
      }
      let missing = try await bootstrap(log.topics, ["--from", "/nowhere/printed"], expecting: 2)
      #expect(missing.standardError.contains("Expected to read /nowhere/printed"))
      for more in [["--follow"], ["--from", "x"]] {
        let usage = try await bootstrap(log.topics, ["--state-only"] + more, expecting: 2)
        #expect(usage.standardError.contains("Expected --state-only alone"))
      }
    }

    @Test func `a last line that was cut off in the file that is printed to is refused`() async throws {
      let log = try log()
      let states = try await bootstrap(log.topics).standardOutput
      try await withFile("printed", Data((states + "{\"event\":{\"ke").utf8)) { path in
        let command = try [BuiltProgram.find("sequitur"), "bootstrap", "--from", path] + log.topics.arguments
        let result = try await RunningProgram.run(
          "bash", arguments: ["-c", "exec \(command.joined(separator: " ")) >> \(path)"])
        #expect(result.exit == .code(2))
        #expect(result.standardError.contains("line 4 was cut off"), "\(result.standardError)")
      }
    }

    @Test func `events that are gone, and a valid topic made anew, are told with 1`() async throws {
      let log = try log()
      let states = try await bootstrap(log.topics).standardOutput
      try writeMore(log)
      let admin = try KafkaAdmin(configuration: log.topics.client, logger: quiet)
      let last = try #require(try log.topics.read(log.topics.valid).last).offset
      try admin.deleteRecords(
        before: [TopicPartitionOffset(topic: log.topics.valid, partition: 0, offset: last)],
        timeout: .seconds(20))
      try await withFile("printed", Data(states.utf8)) { path in
        let gone = try await bootstrap(log.topics, ["--from", path], expecting: 1)
        #expect(gone.standardError.contains("were deleted before they were read"), "\(gone.standardError)")
        #expect(gone.standardOutput == "")
      }
      // As if the file were of a longer topic of this name.
      let far = states.replacing(/"events":{"0":\d+}/, with: #""events":{"0":5000}"#)
      try await withFile("printed", Data(far.utf8)) { path in
        let beyond = try await bootstrap(log.topics, ["--from", path], expecting: 1)
        #expect(beyond.standardError.contains("Expected to go on at offset 5000"), "\(beyond.standardError)")
      }
    }

    @Test func `topics with other partition counts, and another application's, are told`() async throws {
      let topics = try TopicFixture(creates: false)
      try topics.create(topics.valid, partitions: 2)
      try topics.create(topics.changelog, partitions: 3)
      let counts = try await bootstrap(topics, expecting: 2)
      #expect(
        counts.standardError.contains("\(topics.valid) has 2, \(topics.changelog) has 3"),
        "\(counts.standardError)")
      let log = try AuditLog()
      var foreign = log.checkpoint(1)
      foreign.set("application", "prices")
      try log.write([log.state(key: "a", version: 1, "{}"), foreign])
      let other = try await bootstrap(log.topics, expecting: 1)
      #expect(other.standardOutput == "" && other.standardError.contains("says prices"))
    }
  }
}
