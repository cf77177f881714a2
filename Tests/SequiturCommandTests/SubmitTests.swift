import CZlib
import Foundation
import KafkaClient
import TestBroker
import Testing

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
      (#"{"kye":"a"}"#, "Did you mean key?"), (#"{"key":1}"#, "Expected key to be a text"),
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
        #expect(stopped.output.standardError.contains("1 of 1 commands sent were acknowledged"))
        let skipped = try await sequitur(["submit", path, "--skip-bad-lines", "--json"] + topics.arguments)
        #expect(skipped.exit == .code(0))
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
        #expect(result.output.standardError.contains("damaged or cut off"))
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
  }
}
