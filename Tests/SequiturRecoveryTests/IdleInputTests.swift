import Foundation
import KafkaClient
import NoteDecider
import PartitionEngine
import Sequitur
import TestBroker
import Testing

@testable import SequiturWorker

/// Commands of transactional producers: their commits leave control records behind the last command, where nobody
/// processes anything.
extension StateTests {
  @Test func `retention may take the control record that ends an idle topic`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendTransaction(5, text: "one")
    try await bench.work()
    // The damage that would be: the position is the last command's, and the topic goes on for one offset.
    #expect(try bench.lastCheckpoint()?.header("last-command")?.hasPrefix("4/") == true)
    #expect(try bench.groupPosition() == 5 && bench.commandsEnd() == 6)
    // Also a worker that was started later, and has processed nothing, passes it.
    try await bench.workUntil("the control record is passed") { try bench.groupPosition() == 6 }
    #expect(try bench.lastCheckpoint()?.header("last-command")?.hasPrefix("4/") == true)
    try bench.deleteCommands(before: 6)
    try await bench.work()
    try bench.sendTransaction(2, text: "two")
    try await bench.workUntil("the next one is passed") { try bench.groupPosition() == 9 }
    #expect(try bench.records(of: bench.topics.valid).count == 7)
    #expect(try bench.stored() == bench.fold())
    try bench.expectGaplessVersions()
    let report = try await bench.verify()
    #expect(report.exit == .code(0), "\(report.output.standardOutput)")
  }

  @Test func `only control records are passed, and only behind a position that stands still`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    let admin = try bench.admin()
    let watch = InputWatch(
      topic: bench.topics.commands, admin: admin,
      reader: CommandReader(
        topic: bench.topics.commands, configuration: bench.configuration.readerProperties(readers: 1),
        logger: bench.log.logger), call: .seconds(10), logger: bench.log.logger)
    func looks(_ position: Int64) -> [InputWatch.Finding] {
      watch.begin(0, InputCheck(position: position, last: nil))
      return (0..<3).map { _ in watch.look(at: 0) }
    }
    try bench.sendTransaction(3, text: "one")
    // Commands at 0 to 2, a control record at 3.
    #expect(looks(3) == [.nothing, .controlRecords(from: 3, to: 4), .controlRecords(from: 3, to: 4)])
    #expect(looks(2) == [.nothing, .nothing, .nothing], "a command that is not processed")
    #expect(looks(4) == [.nothing, .nothing, .nothing], "nothing")
    try bench.sendTransaction(1, text: "aborted", isCommit: false)
    #expect(looks(3) == [.nothing, .nothing, .nothing], "an aborted command")
    #expect(looks(5) == [.nothing, .controlRecords(from: 5, to: 6), .controlRecords(from: 5, to: 6)])
    let open = try bench.openTransaction(1, text: "open")
    #expect(looks(5) == [.nothing, .nothing, .nothing], "a command that may be committed")
    try open.abort(timeout: .seconds(10))
    #expect(bench.log.lines.allSatisfy { !$0.contains("cannot be looked at") })
  }

  @Test func `a position that moves is no idle one`() {
    var idle = IdleInput()
    func isDue(_ position: Int64, _ end: Int64, of partition: Int32 = 0) -> Bool {
      idle.isDue(partition, position: position, end: end)
    }
    #expect([isDue(5, 6), isDue(5, 6)] == [false, true])
    #expect([isDue(6, 7), isDue(6, 8)] == [false, true])
    #expect(!isDue(6, 7, of: 1), "another partition")
    #expect(!isDue(6, 6), "nothing stands behind it")
    #expect(isDue(6, 7))
    idle.begin(0)
    #expect([isDue(6, 7), isDue(6, 7)] == [false, true], "served anew")
  }

  /// A fetch that is on its way when a worker stands still brings what comes first. What comes behind that must be fetched
  /// anew, and is gone by then.
  @Test func `commands that are deleted while a worker stands still are refused by it`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    let worker = try bench.startWorker()
    defer { worker.kill() }
    try await eventually("the worker to be at work", within: .seconds(60)) { try bench.groupPosition() == 20 }
    worker.suspend()
    try bench.sendNotes(1, text: "two")
    try bench.sendNotes(19, text: "three")
    try bench.deleteCommands(before: 35)
    worker.resume()
    let result = try await worker.waitForExit(timeout: .seconds(60))
    #expect(result.exit == .code(2), "\(result.output.standardError)")
    let text = result.output.standardError
    #expect(
      text.contains("the commands topic begins at 35") && text.contains("never have an outcome"), "\(text)")
    // Nothing behind the gap is processed: all that was is in front of it.
    let outcomes = try bench.records(of: bench.topics.valid).count
    #expect(text.contains("go on at command offset \(outcomes)") && outcomes <= 35, "\(text)")
    #expect(try bench.groupPosition() == Int64(outcomes))
    let report = try await bench.verify()
    #expect(report.exit == .code(1) && report.output.standardOutput.contains("(lost-commands)"))
  }
}

extension StateBench {
  /// Sends notes to as many keys in one transaction.
  func sendTransaction(_ count: Int, text: String, isCommit: Bool = true) throws {
    let producer = try openTransaction(count, text: text)
    if isCommit {
      try producer.commit(timeout: .seconds(30))
    } else {
      try producer.abort(timeout: .seconds(30))
    }
  }

  /// The same in a transaction that is still open when its records have arrived.
  func openTransaction(_ count: Int, text: String) throws -> TransactionalProducer {
    let producer = try TransactionalProducer(
      configuration: kafka.merging(["transactional.id": "\(name)-sender"]), logger: log.logger)
    try producer.initTransactions(timeout: .seconds(30))
    try producer.begin()
    let topic = try producer.topic(topics.commands)
    for index in 0..<count {
      try Array("key-\(index)".utf8).withUnsafeBytes { key in
        try Array(text.utf8).withUnsafeBytes { payload in
          try producer.produce(topic: topic, partition: 0, key: key, value: payload)
        }
      }
    }
    try producer.flush(timeout: .seconds(30))
    return producer
  }

  /// Runs a worker that looks at its commands often until something is so.
  func workUntil(_ what: String, _ isSo: () async throws -> Bool) async throws {
    var configuration = configuration
    configuration.stopsWhenCaughtUp = false
    configuration.timeouts.inputInterval = .milliseconds(100)
    let worker = Worker(configuration, logger: log.logger) { NoteDecider() }
    let running = Task { try await worker.run() }
    let result: Result<Void, any Error>
    do {
      result = .success(try await eventually(what, within: .seconds(60), isSo))
    } catch {
      result = .failure(error)
    }
    running.cancel()
    try await running.value
    try result.get()
  }

  /// The commands topic's high watermark.
  func commandsEnd() throws -> Int64 {
    try admin().watermarks(topic: topics.commands, partition: 0, timeout: .seconds(10)).high
  }
}
