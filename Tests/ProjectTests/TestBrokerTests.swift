import Foundation
import TestBroker
import Testing

struct TestBrokerTests {
  @Test(.enabled(if: TestBroker.isAvailable))
  func `every test gets the same broker, and a client that is not ours reaches it`() async throws {
    let bootstrap = try TestBroker.bootstrap()
    #expect(try TestBroker.bootstrap() == bootstrap)
    let result = try await RunningProgram.run(
      "kcat", arguments: ["-b", bootstrap, "-L"], timeout: .seconds(60))
    #expect(result.exit == .code(0))
    #expect(TestBroker.isOutside || result.standardOutput.contains("at \(bootstrap)"))
  }

  @Test(.enabled(if: TestBroker.isAvailable && !TestBroker.isOutside))
  func `a broker of one's own is another one, and is gone when it is killed`() throws {
    let own = try BrokerProcess.start()
    #expect(own.bootstrap != (try TestBroker.bootstrap()))
    #expect(FreePort.answers(own.port))
    own.kill()
    #expect(!FreePort.answers(own.port))
  }

  /// Why the tests keep a partition's backlog below librdkafka's `receive.message.max.bytes` (100 MB): beyond it, a
  /// consumer of the test broker gets nothing for ever. A Kafka broker answers no more than it was asked for.
  @Test(.enabled(if: TestBroker.isAvailable && PackageRoot.python != nil))
  func `the test broker answers a fetch with the whole log, whatever was asked for`() async throws {
    let bootstrap = try TestBroker.bootstrap()
    let topic = TestBroker.uniqueName("fetch")
    // Not every broker makes a topic when it is produced to.
    let script = """
      import sys
      from confluent_kafka.admin import AdminClient, NewTopic
      admin = AdminClient({"bootstrap.servers": sys.argv[1]})
      admin.create_topics([NewTopic(sys.argv[2], 1, 1)])[sys.argv[2]].result()
      """
    let created = try await RunningProgram.run(
      try #require(PackageRoot.python).path, arguments: ["-c", script, bootstrap, topic],
      timeout: .seconds(60))
    try #require(created.exit == .code(0), "\(created.standardError)")
    let line = String(repeating: "x", count: 999) + "\n"
    let produced = try await RunningProgram.run(
      "kcat", arguments: ["-b", bootstrap, "-P", "-t", topic, "-p", "0", "-X", "batch.num.messages=5"],
      standardInput: .data(Data(String(repeating: line, count: 500).utf8)), timeout: .seconds(60))
    try #require(produced.exit == .code(0), "\(produced.standardError)")
    let sizes = [
      "message.max.bytes=10000", "fetch.message.max.bytes=10000", "fetch.max.bytes=20000",
      "receive.message.max.bytes=100000",
    ]
    try await RunningProgram.with(
      "kcat",
      arguments: ["-b", bootstrap, "-C", "-t", topic, "-p", "0", "-o", "beginning", "-e"]
        + sizes.flatMap { ["-X", $0] }
    ) { consumer in
      try await eventually("the topic is read, or refused for its size") {
        consumer.exit != nil || consumer.output.standardError.contains("Invalid response size")
      }
      withKnownIssue(isIntermittent: false) {
        #expect(consumer.exit == .code(0))
      } when: {
        !TestBroker.isOutside
      }
    }
  }

  @Test(.enabled(if: PackageRoot.python != nil))
  func `the Python client is the pinned one`() async throws {
    let python = try #require(PackageRoot.python)
    let script = "import confluent_kafka; print(confluent_kafka.version())"
    let result = try await RunningProgram.run(python.path, arguments: ["-c", script], timeout: .seconds(60))
    #expect(result.exit == .code(0), "\(result.standardError)")
    let setup = try ProjectFile.read("scripts/setup").text
    let version = result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(setup.contains("client_version=\(version)"))
  }

  @Test func `unique names keep their prefix and do not repeat`() {
    let names = (0..<1000).map { _ in TestBroker.uniqueName("commands") }
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.firstMatch(of: /^commands-[a-z0-9]+$/) != nil })
  }
}
