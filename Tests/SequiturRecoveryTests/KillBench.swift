import BlockingThreads
import Foundation
import KafkaClient
import RocksDB
import SeededRandom
import SequiturInspection
import TestBroker
import Testing

@testable import SequiturWorker

/// An application that is killed again and again: the released program, its rules, and somebody who feeds it.
final class KillBench: Sendable {
  static let rules = """
    object: NoteDecider
    fields: {text: string}
    states: [open]
    commands:
      open:  {from: none, to: open, event: opened, require: {text: string}, set: [text]}
      write: {from: open, to: open, event: written, require: {text: string}, set: [text]}
      drop:  {from: open, to: none, event: dropped}

    """
  /// Keys that the feed writes to, besides those that were there from the start.
  static let hotKeys = 4000

  let bench: StateBench
  private let program: String
  private let rulesFile: String
  private let producer: KafkaProducer
  private let topic: ProducerTopic

  init(partitions: Int, program: String) async throws {
    bench = try StateBench(partitions: partitions)
    self.program = program
    rulesFile = bench.directory.path + "/notes.yaml"
    try Data(Self.rules.utf8).write(to: URL(filePath: rulesFile))
    try await bench.createTopics()
    producer = try KafkaProducer(
      configuration: bench.kafka.merging(["partitioner": "murmur2_random"]), logger: bench.log.logger)
    topic = try producer.topic(bench.topics.commands)
  }

  // MARK: Programs

  private func shared(_ subcommand: String) -> [String] {
    [
      subcommand, "--bootstrap-servers", bench.kafka["bootstrap.servers"]!, "--application-id", bench.name,
      "--rules", rulesFile,
    ]
  }

  /// A worker with so little memory that it drains and flushes all the time.
  func startWorker(_ flags: String...) throws -> RunningProgram {
    try RunningProgram.start(
      program,
      arguments: shared("worker") + [
        "--state-dir", bench.stateDirectory, "--instance-id", "one", "--lanes", "2", "--memory", "32MB",
        "--log-level", "info",
      ] + flags)
  }

  /// The audit; its report when it found a fault.
  func verify() async throws -> String? {
    let result = try await RunningProgram.run(program, arguments: shared("verify"), timeout: .seconds(120))
    return result.exit == .code(0)
      ? nil : result.output.standardOutput + result.output.standardError
  }

  // MARK: Commands

  /// Makes objects that stay, so that a restore from nothing takes its time.
  func preload(_ count: Int) throws {
    for first in stride(from: 0, to: count, by: 10_000) {
      for index in first..<min(first + 10_000, count) {
        try send("kept-\(index)", "open", "kept \(index) " + String(repeating: "-", count: 100))
      }
      try producer.flush(timeout: .seconds(60))
    }
  }

  /// Sends commands until the body is over, a few thousand a second: not more than a worker can catch up with,
  /// or a partition's backlog grows beyond what the test broker can deliver.
  func feeding<Result>(seed: UInt64, _ body: () async throws -> Result) async throws -> Result {
    let stopping = Cancellation()
    let ended = OneTimeEvent()
    Thread.detachNewThread { [self] in
      var random = SplitMix64(seed: seed)
      while !stopping.isCancelled {
        for _ in 0..<100 { try? sendRandom(&random) }
        try? producer.flush(timeout: .seconds(30))
        stopping.wait(.milliseconds(10))
      }
      ended.signal()
    }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    stopping.cancel()
    await ended.wait()
    return try result.get()
  }

  private func sendRandom(_ random: inout SplitMix64) throws {
    let key = "hot-\(random.next() % UInt64(Self.hotKeys))"
    switch random.next() % 10 {
    case 0: try send(key, "drop", nil)
    case 1, 2, 3: try send(key, "open", "opened \(random.next())")
    default:
      let filling = String(repeating: "+", count: Int(random.next() % 800))
      try send(key, "write", "written \(random.next()) \(filling)")
    }
  }

  private func send(_ key: String, _ type: String, _ text: String?) throws {
    let payload = text.map { #"{"type":"\#(type)","text":"\#($0)"}"# } ?? #"{"type":"\#(type)"}"#
    try Array(key.utf8).withUnsafeBytes { key in
      try Array(payload.utf8).withUnsafeBytes { payload in
        try producer.produce(topic: topic, key: key, value: payload)
      }
    }
  }

  // MARK: What is there

  /// A partition's store as it lies on the disk.
  struct Stored {
    var changelogOffset: Int64
    var commandPosition: Int64
    var objects: [String: EventFold.Object]
  }

  /// The store, when one was begun.
  func inspection() throws -> StoreInspection? {
    do {
      return try StoreInspection(stateDirectory: bench.stateDirectory)
    } catch StoreInspectionFault.noStore {
      return nil
    }
  }

  /// All partitions of the store; none when there is none yet.
  func stored() throws -> [Int32: Stored] {
    guard let inspection = try inspection() else { return [:] }
    var stored: [Int32: Stored] = [:]
    for partition in inspection.partitions {
      let figures = try inspection.figures(of: partition, isExact: false)
      var objects: [String: EventFold.Object] = [:]
      try inspection.forEachObject(in: partition) { object in
        objects[String(decoding: object.key, as: UTF8.self)] = EventFold.Object(
          version: object.version, state: String(decoding: object.state, as: UTF8.self))
      }
      stored[partition] = Stored(
        changelogOffset: figures.changelogOffset ?? 0, commandPosition: figures.commandPosition ?? 0,
        objects: objects)
    }
    return stored
  }
}
