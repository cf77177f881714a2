import Foundation
import KafkaClient
import SeededRandom
import TestBroker
import Testing

extension SequiturCommandTests {
  /// `sequitur view --print`.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct ViewTests {
    /// One printed line.
    private struct Line: Decodable {
      struct State: Decodable {
        let status: String
        let total: Int?
      }
      let key: String?
      let keyHex: String?
      let state: State?
      let base64: String?
      let version: Int?
      let position: String?
    }

    private func view(
      _ topics: TopicFixture, _ more: [String] = [], expecting code: Int32 = 0
    ) async throws -> ProgramResult {
      let result = try await sequitur(
        ["view", "--print", "--until-caught-up"] + topics.arguments + more, timeout: .seconds(120))
      #expect(result.exit == .code(code), "\(result.standardError)")
      return result
    }

    private func lines(_ text: String) throws -> [Line] {
      try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// What lines leave of a partition's objects, and the position that they name last.
    private func tables(
      _ lines: [Line]
    ) throws -> [Int32: (orders: [String: FollowedApplication.Order], command: Int64)] {
      var tables: [Int32: (orders: [String: FollowedApplication.Order], command: Int64)] = [:]
      for line in lines {
        let parts = try #require(line.position).split(separator: "-")
        let partition = try #require(Int32(parts[0]))
        var table = tables[partition] ?? ([:], -1)
        let command = try #require(Int64(parts[1]))
        #expect(command >= table.command, "positions do not go back")
        table.command = command
        table.orders[try #require(line.key)] = line.state.map {
          .init(status: $0.status, total: $0.total ?? 0, version: line.version ?? 0)
        }
        tables[partition] = table
      }
      return tables
    }

    @Test func `at any moment a view is the fold of the valid topic at the position that it names`()
      async throws
    {
      try await FollowedApplication.with(partitions: 3) { application in
        var random = SplitMix64(seed: 21)
        var outputs: [String] = []
        for round in 0..<6 {
          try application.send(300, &random)
          // The worker is in the middle of its work, and then is no more.
          let worker = try await application.startWorkerAndWaitForChanges()
          outputs.append(try await view(application.topics).standardOutput)
          if round.isMultiple(of: 2) { worker.kill() } else { worker.terminate() }
          try await worker.waitForExit(timeout: .seconds(60))
          outputs.append(try await view(application.topics).standardOutput)
        }
        try await application.work()
        let last = try await view(application.topics).standardOutput
        let events = try application.events()
        #expect(events.contains { $0.type == "purged" } && events.contains { $0.version > 3 })
        var compared = 0
        for output in outputs + [last] {
          for (partition, table) in try tables(try lines(output)) {
            let expected = FollowedApplication.fold(
              events.filter { $0.partition == partition && $0.command <= table.command })
            #expect(table.orders == expected, "partition \(partition) at \(table.command)")
            compared += 1
          }
        }
        #expect(compared > 20, "\(compared) partitions were compared")
        let whole = try tables(try lines(last)).values.reduce(into: [:]) { all, table in
          all.merge(table.orders) { $1 }
        }
        #expect(whole == FollowedApplication.fold(events))
      }
    }

    @Test func `aborted transactions are not printed, and markers at the end do not keep it from ending`()
      async throws
    {
      let log = try AuditLog()
      try log.write([log.state(key: "a", version: 1, #"{"status":"open","total":5}"#), log.checkpoint(4)])
      for _ in 0..<3 {
        try log.write(
          [log.state(key: "a", version: 2, #"{"status":"no"}"#), log.checkpoint(5)], commits: false)
      }
      let output = try await view(log.topics).standardOutput
      #expect(
        output == #"{"key":"a","state":{"status":"open","total":5},"version":1,"position":"0-3"}"# + "\n")
    }

    @Test func `an empty changelog prints nothing and is caught up with`() async throws {
      #expect(try await view(TopicFixture(partitions: 3)).standardOutput == "")
    }

    @Test func `deleted objects have the state null, with a version where one is known`() async throws {
      let log = try AuditLog()
      var grave = log.state(key: "b", version: 0, nil)
      grave.headers = [("v", "3"), ("t", "\(AuditLog.time)")]
      try log.write([log.state(key: "a", version: 0, nil), grave, log.checkpoint(2)])
      let output = try await view(log.topics).standardOutput
      #expect(
        output == """
          {"key":"a","state":null,"version":null,"position":"0-1"}
          {"key":"b","state":null,"version":3,"position":"0-1"}

          """)
    }

    @Test func `states that are no JSON and keys that are no text are printed all the same`() async throws {
      let log = try AuditLog()
      let values: [(String, [UInt8])] = [
        ("text", Array("plain".utf8)), ("bytes", [0xFF, 0x00]), ("empty", []), ("wide", Array("{\0}\0".utf8)),
        ("mark", [0xEF, 0xBB, 0xBF] + Array("{}".utf8)), ("cut", Array(#"{"a":"#.utf8)),
      ]
      var outputs = values.map { name, value in
        var output = log.state(key: name, version: 1, "")
        output.value = value
        return output
      }
      var odd = log.state(key: "", version: 1, "12.50")
      odd.key = [0xC3, 0x28]
      outputs.append(odd)
      outputs.append(log.state(key: "lines", version: 1, "{\n\"status\": \"a\",\r\n\"total\": 1}"))
      try log.write(outputs + [log.checkpoint(9)])
      let output = try await view(log.topics).standardOutput
      let printed = output.split(separator: "\n")
      #expect(printed.count == values.count + 2)
      for (index, (name, value)) in values.enumerated() {
        #expect(
          printed[index]
            == "{\"key\":\"\(name)\",\"base64\":\"\(Data(value).base64EncodedString())\",\"version\":1,\"position\":\"0-8\"}"
        )
      }
      #expect(printed[values.count] == #"{"keyHex":"c328","state":12.50,"version":1,"position":"0-8"}"#)
      #expect(try lines(String(printed[values.count + 1])).first?.state?.status == "a")
    }

    @Test func `a view that goes on prints what comes, and ends with 0 at a signal`() async throws {
      let log = try AuditLog()
      try await RunningProgram.with(
        BuiltProgram.find("sequitur"), arguments: ["view", "--print"] + log.topics.arguments
      ) { program in
        for number in 1...3 {
          try log.write([
            log.state(key: "a", version: number, #"{"status":"open"}"#), log.checkpoint(number),
          ])
          try await program.waitForOutput(containing: "\"0-\(number - 1)\"", timeout: .seconds(60))
        }
        program.terminate()
        #expect(try await program.waitForExit(timeout: .seconds(30)).exit == .code(0))
      }
    }

    @Test func `a reader that has gone ends a view with 141`() async throws {
      let log = try AuditLog()
      try log.write([log.state(key: "a", version: 1, "{}"), log.checkpoint(1)])
      let arguments = (["view", "--print"] + log.topics.arguments).joined(separator: " ")
      let result = try await RunningProgram.run(
        "bash",
        arguments: ["-c", "\(BuiltProgram.find("sequitur")) \(arguments) | true; echo ${PIPESTATUS[0]}"])
      #expect(result.standardOutput == "141\n")
    }

    @Test func `faults are told with the cure, the exit code 1, and nothing that is not whole is printed`()
      async throws
    {
      let log = try AuditLog()
      var foreign = log.checkpoint(1)
      foreign.set("application", "prices")
      try log.write([log.state(key: "a", version: 1, "{}"), foreign])
      let other = try await view(log.topics, expecting: 1)
      #expect(other.standardOutput == "")
      #expect(other.standardError.contains("\(log.topics.changelog)/0: Expected records of the application"))
      #expect(other.standardError.contains("says prices"))
      #expect(other.standardError.contains("--application-id"))

      let unreadable = try AuditLog()
      var state = unreadable.state(key: "a", version: 1, "{}")
      state.headers = []
      try unreadable.write([state, unreadable.checkpoint(1)])
      let told = try await view(unreadable.topics, expecting: 1)
      #expect(told.standardError.contains("Expected to decode the record at offset 0, but its header v"))
      #expect(told.standardOutput == "")
    }

    @Test func `wrong usage, a topic that is not there and a broker that is not there are told with 2`()
      async throws
    {
      let log = try AuditLog()
      let nothing = try await sequitur(["view"] + log.topics.arguments)
      #expect(nothing.exit == .code(2) && nothing.standardError.contains("Expected --print"))
      let missing = try await view(try TopicFixture(creates: false), expecting: 2)
      #expect(missing.standardError.contains("but it does not exist"))
      let nobody = try await sequitur([
        "view", "--print", "--until-caught-up", "--bootstrap-servers", "127.0.0.1:1",
      ])
      #expect(nobody.exit == .code(2) && nobody.standardError.contains("127.0.0.1:1"))
    }
  }
}
