import CZlib
import Foundation
import KafkaClient
import TestBroker
import Testing

@testable import sequitur

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct SubmitTests {
    private struct Summary: Decodable {
      let submitted, acknowledged, badLines: Int
    }

    private let lines = #"""
      {"key":"o-1","type":"create","id":"c-1","expectedVersion":"none","payload":{"a":  1.0, "b":"\u00e4"}}
      {"payload" : [1, {"x":"}]\""} ] , "key":"ö\n2","expectedVersion":7}

      {"type":"pay","headers":{"traceparent":"00-ab","none":null,"quo\"te":"\u00fc"},"payload":null}
      {"key":"","id":"c-4"}
      """#

    @Test func `each line becomes a record with its own bytes and headers`() async throws {
      let topics = try TopicFixture(partitions: 1)
      let result = try await sequitur(
        ["submit", "-", "--json"] + topics.arguments, input: Data(lines.utf8))
      #expect(result.exit == .code(0), "\(result)")
      let summary = try result.document(Summary.self)
      #expect(summary.acknowledged == 4 && summary.submitted == 4 && summary.badLines == 0)
      let records = try topics.read(topics.commands).sorted { $0.offset < $1.offset }
      try #require(records.count == 4)
      #expect(records.map { $0.key.map { String(decoding: $0, as: UTF8.self) } } == ["o-1", "ö\n2", nil, ""])
      let values = records.map { $0.value.map { String(decoding: $0, as: UTF8.self) } }
      #expect(
        values == [#"{"a":  1.0, "b":"\u00e4"}"#, #"[1, {"x":"}]\""} ]"#, "null", nil])
      #expect(records[0].headers == ["ce_type=create", "ce_id=c-1", "expected-version=none"])
      #expect(records[1].headers == ["expected-version=7"])
      #expect(records[2].headers == ["ce_type=pay", "traceparent=00-ab", "none=<null>", "quo\"te=ü"])
      #expect(records[3].headers == ["ce_id=c-4"])
    }

    @Test func `records go where a Java client would send them, in order, from gzip as from plain`()
      async throws
    {
      let topics = try TopicFixture(partitions: 5)
      let keys = (0..<500).map { "key-\($0 % 50)" }
      let text = keys.enumerated().map { #"{"key":"\#($1)","payload":{"n":\#($0)}}"# }.joined(separator: "\n")
      try await withFile("commands.jsonl.gz", Data()) { path in
        let file = try #require(gzopen(path, "wb"))
        text.withCString { _ = gzwrite(file, $0, UInt32(text.utf8.count)) }
        gzclose(file)
        let result = try await sequitur(["submit", path] + topics.arguments)
        #expect(result.exit == .code(0))
        #expect(result.standardOutput.contains("500 commands acknowledged"))
      }
      let records = try topics.read(topics.commands)
      #expect(records.count == 500)
      #expect(records.allSatisfy { $0.partition == javaPartition($0.key ?? [], of: 5) })
      for (key, group) in Dictionary(grouping: records, by: \.key) {
        let text = String(decoding: key ?? [], as: UTF8.self)
        let expected = keys.indices.filter { keys[$0] == text }.map { #"{"n":\#($0)}"# }
        let found = group.sorted { $0.offset < $1.offset }
        #expect(found.map { String(decoding: $0.value ?? [], as: UTF8.self) } == expected)
      }
    }

    @Test func `murmur2 is the Java client's`() {
      // From Kafka's UtilsTest.testMurmur2, made positive: 21 is -973932308, "foobar" is -790332482.
      #expect(
        javaPartition(Array("21".utf8), of: 1_000_000_000) == (Int32.max & -973_932_308) % 1_000_000_000)
      #expect(
        javaPartition(Array("foobar".utf8), of: 1_000_000_000) == (Int32.max & -790_332_482) % 1_000_000_000)
    }

    @Test(arguments: [
      (#"{"kye":"a"}"#, "Did you mean `key`?"), (#"{"key":1}"#, "Expected key to be a text"),
      ("[1]", "Expected a JSON object"), (#"{"key":"a""#, "Expected a JSON object"),
      (#"{"key":"a","expectedVersion":-1}"#, "Expected expectedVersion to be"),
      (#"{"key":"a","headers":{"h":1}}"#, "Expected the header h to be a text or null"),
    ])
    func `a bad line stops with file, line and how many were acknowledged`(
      line: String, message: String
    ) async throws {
      let topics = try TopicFixture()
      let text = "{\"key\":\"first\"}\n\(line)\n{\"key\":\"third\"}\n"
      try await withFile("commands.jsonl", Data(text.utf8)) { path in
        let stopped = try await sequitur(["submit", path] + topics.arguments)
        #expect(stopped.exit == .code(2))
        #expect(stopped.output.standardError.contains("\(path):2: "))
        #expect(stopped.output.standardError.contains(message))
        #expect(stopped.output.standardError.contains("1 of 1 command sent was acknowledged"))
        let skipped = try await sequitur(["submit", path, "--skip-bad-lines", "--json"] + topics.arguments)
        #expect(skipped.exit == .code(1), "the bad line was told and counted")
        let summary = try skipped.document(Summary.self)
        #expect(summary.acknowledged == 2 && summary.badLines == 1)
      }
      #expect(try topics.read(topics.commands).count == 3)
    }

    @Test func `a gzip file cut off in the middle is a fault and not a shorter file`() async throws {
      let topics = try TopicFixture()
      try await withFile("cut.gz", Data()) { path in
        let file = try #require(gzopen(path, "wb"))
        let text = (0..<1000).map { #"{"key":"k\#($0)","id":"\#(UInt64.random(in: 0 ... .max))"}"# + "\n" }
          .joined()
        text.withCString { _ = gzwrite(file, $0, UInt32(text.utf8.count)) }
        gzclose(file)
        let whole = try Data(contentsOf: URL(filePath: path))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: path))
        let result = try await sequitur(["submit", path] + topics.arguments)
        #expect(result.exit == .code(2))
        #expect(result.output.standardError.contains("it is cut off"))
      }
    }

    @Test func `a file or a topic that is not there is wrong usage`() async throws {
      let topics = try TopicFixture(creates: false)
      let noTopic = try await sequitur(["submit", "/dev/null"] + topics.arguments)
      #expect(noTopic.exit == .code(2))
      #expect(noTopic.output.standardError.contains("Expected the topic \(topics.commands)"))
      let noFile = try await sequitur(["submit", "/no/such/file"] + (try TopicFixture()).arguments)
      #expect(noFile.exit == .code(2))
      #expect(noFile.output.standardError.contains("/no/such/file"))
    }

    @Test func `waiting prints the outcome of each command and counts those without`() async throws {
      let log = try AuditLog()
      // Outcomes of positions 0 and 1, which the two commands will have.
      let input = Data("{\"key\":\"a\"}\n{\"key\":\"b\"}\n{\"key\":\"c\"}\n".utf8)
      try await RunningProgram.with(
        BuiltProgram.find("sequitur"),
        arguments: ["submit", "-", "--wait", "--wait-timeout", "10"] + log.topics.arguments,
        standardInput: .data(input)
      ) { program in
        try await eventually("the three commands to be sent", within: .seconds(20)) {
          try log.topics.read(log.topics.commands).count == 3
        }
        try log.write([
          log.event(key: "a", version: 1, type: "created", command: 0),
          log.rejection(key: "b", code: "not-found", command: 1),
        ])
        let result = try await program.waitForExit(timeout: .seconds(30))
        #expect(result.exit == .code(1))
        #expect(result.standardOutput.contains("line 1 a: created (version 1)"))
        #expect(result.standardOutput.contains("line 2 b: rejected: not-found: "))
        #expect(result.standardOutput.contains("1 valid, 1 invalid, 1 without outcome"))
      }
    }

    @Test func `outcomes are printed while the input is still open`() async throws {
      let log = try AuditLog()
      try await RunningProgram.with(
        BuiltProgram.find("sequitur"), arguments: ["submit", "-", "--wait"] + log.topics.arguments,
        standardInput: .pipe
      ) { program in
        program.write("{\"key\":\"a\"}\n")
        try await eventually("the first command is there") {
          try log.topics.read(log.topics.commands).count == 1
        }
        try log.write([log.event(key: "a", version: 1, type: "created", command: 0)])
        try await program.waitForOutput(containing: "line 1 a: created (version 1)", timeout: .seconds(30))
        program.write("{\"key\":\"b\"}\n")
        try await eventually("the second command is there") {
          try log.topics.read(log.topics.commands).count == 2
        }
        try log.write([log.rejection(key: "b", code: "not-found", command: 1)])
        try await program.waitForOutput(containing: "line 2 b: rejected: not-found", timeout: .seconds(30))
        program.closeStandardInput()
        let result = try await program.waitForExit(timeout: .seconds(30))
        #expect(result.exit == .code(0), "\(result)")
        #expect(result.standardOutput.contains("2 commands acknowledged"))
        #expect(result.standardOutput.contains("1 valid, 1 invalid"))
      }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal ends it with what was sent and acknowledged`(signal: Int32) async throws {
      let topics = try TopicFixture()
      try await RunningProgram.with(
        BuiltProgram.find("sequitur"), arguments: ["submit", "-"] + topics.arguments, standardInput: .pipe
      ) { program in
        program.write("{\"key\":\"a\"}\n{\"key\":\"b\"}\n")
        try await eventually("both commands are there") { try topics.read(topics.commands).count == 2 }
        program.send(signal)
        let result = try await program.waitForExit(timeout: .seconds(30))
        #expect(result.exit == .signal(signal))
        #expect(
          result.output.standardError
            == "Interrupted. 2 of 2 commands sent were acknowledged. No line after <stdin>:2 was sent.\n")
      }
    }

    @Test func `keys and reasons with controls are shown as what they are`() async throws {
      let log = try AuditLog()
      try await RunningProgram.with(
        BuiltProgram.find("sequitur"),
        arguments: ["submit", "-", "--wait", "--wait-timeout", "20"] + log.topics.arguments,
        standardInput: .data(
          Data("{\"key\":\"two\\nline 1 a: shipped (version 9)\\u001b[2J\\u009b\"}\n{\"key\":\"b\"}\n".utf8))
      ) { program in
        try await eventually("both commands are there") {
          try log.topics.read(log.topics.commands).count == 2
        }
        try log.write([
          log.event(key: "a", version: 1, type: "made\n\u{202E}", command: 0),
          log.rejection(key: "b", code: "x-\u{1B}[31m", command: 1),
        ])
        let result = try await program.waitForExit(timeout: .seconds(40))
        #expect(OutputTests.isSafe(result.standardOutput), "\(result)")
        #expect(
          result.standardOutput.contains(
            #"line 1 two\nline 1 a: shipped (version 9)\u{1B}[2J\u{9B}: made\n\u{202E}"#))
        #expect(result.standardOutput.split(separator: "\n").count == 3)
      }
    }

    @Test func `progress follows the lines, not what was read ahead, and fits the terminal`() async throws {
      let lines = (0..<1000).map { "{\"key\":\"\($0)\"}\n" }.joined()
      for content in [Array(lines.utf8), GzipTests.member(lines)] {
        try await withFile("lines", Data(content)) { path in
          let reader = try LineReader(path: path)
          #expect(reader.fraction == 0)
          for number in 1...1000 {
            _ = try reader.next()
            let fraction = try #require(reader.fraction)
            #expect(abs(fraction - Double(number) / 1000) < 0.02, "line \(number): \(fraction)")
          }
          if try reader.next() != nil { Issue.record("a line follows the last one") }
          #expect(reader.fraction == 1)
        }
      }
      let progress = SubmitProgress(fraction: 0.5, sent: 1_234_567, acknowledged: 1_234_000, seconds: 10)
      #expect(progress.text(columns: 120).contains("[###############...............] 50 % · 1,234,567 sent"))
      for columns in 45...120 { #expect(progress.text(columns: columns).count <= columns) }
      #expect(progress.text(columns: 10) == "1,234,567 sent, 1,234,000 acknowledged")
    }
  }
}
