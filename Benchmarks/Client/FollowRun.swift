import Foundation
import KafkaClient
import Logging
import SequiturFollower
import SequiturTopics
import SequiturViews
import Synchronization

/// A follower that counts what it is given, from a topic's first record to its end. Beside it runs the C program's
/// `read`, which does nothing but consume the same topic.
struct FollowRun {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let start = Usage.now
    let sink = CountingSink()
    let topics = TopicNames(options)
    let application = options.text("application")
    var configuration = FollowerConfiguration(
      kafka: .init(options),
      topic: options["source"] == "events"
        ? .events(topics, of: application) : .changelog(topics, of: application),
      logger: quiet)
    configuration.stopsWhenCaughtUp = true
    try await Follower(configuration: configuration, sink: sink).run()
    let end = Usage.now
    let seconds = end.seconds - start.seconds
    print(
      #"{"records": \#(sink.count), "seconds": \#(seconds), "rate": \#(Double(sink.count) / seconds), "#
        + #""cpuSeconds": \#(end.processorSeconds), "peakMemory": \#(Usage.peakMemoryBytes)}"#)
  }
}

/// A view of all objects: how long from its start until it can be read, and what an object takes.
struct ViewRun {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let before = Usage.peakMemoryBytes
    let start = Usage.now
    let view = try ObjectView<Int>(.init(options)) { $0.count }
    let task = Task { try await view.run() }
    try await view.caughtUp()
    let end = Usage.now
    let (objects, partitions) = (options.number("objects", 1_000_000), options.number("partitions", 4))
    for partition in 0..<partitions {
      let last = ViewKey("object-\(partition)-\(objects / partitions - 1)")
      guard try view.object(last) != nil else { fatalError("the view has no \(last)") }
    }
    print(
      #"{"objects": \#(objects), "seconds": \#(end.seconds - start.seconds), "#
        + #""cpuSeconds": \#(end.processorSeconds - start.processorSeconds), "#
        + #""memory": \#(Usage.peakMemoryBytes - before)}"#)
    view.stop()
    try await task.value
  }
}

/// Creates an object with each command, at an even rate, and tells how much later than a plain consumer reads the event a
/// view's listener is told of the object. Both read from the same broker in this process.
struct ViewLatencyRun {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let (rate, seconds) = (options.real("rate", 1_000), options.real("seconds", 10))
    // The first seconds are the worker's own beginning.
    let warm = Int(rate * options.real("warm", 3))
    let count = warm + Int(rate * seconds)
    let view = try ObjectView<Int>(.init(options)) { $0.count }
    let running = Task { try await view.run() }
    try await view.caughtUp()
    let readable = Moments(count)
    let told = Moments(count)
    let listening = Task {
      for try await change in view.changes() {
        told.note(change.key.bytes)
        if told.isFull { return }
      }
    }
    let reading = Thread { readEvents(into: readable) }
    reading.start()
    let producer = try KafkaProducer(configuration: .init(options), logger: quiet)
    let topic = try producer.topic(options.text("topic"))
    let sent = Moments(count)
    let start = Usage.now.seconds
    for index in 0..<count {
      while Double(index) > (Usage.now.seconds - start) * rate { producer.poll(timeout: .milliseconds(1)) }
      try send(index, by: producer, to: topic)
      sent.note(index)
    }
    try producer.flush(timeout: .seconds(60))
    try await listening.value
    while !readable.isFull { try await Task.sleep(for: .milliseconds(10)) }
    view.stop()
    try await running.value
    func differences(_ later: Moments, _ earlier: Moments) -> [Double] {
      zip(later.times, earlier.times).dropFirst(warm).map { $0 - $1 }.sorted()
    }
    let late = differences(told, readable)
    let whole = differences(told, sent)
    let commit = differences(readable, sent)
    print(
      #"{"objects": \#(count), "behindEvent": \#(Self.quantiles(late)), "sendToEvent": \#(Self.quantiles(commit)), "#
        + #""sendToCallback": \#(Self.quantiles(whole))}"#)
  }

  private func send(_ index: Int, by producer: KafkaProducer, to topic: ProducerTopic) throws {
    let key = Array(Moments.key(index).utf8)
    let value = Array(#"{"type":"deposit","amount":1,"note":"n"}"#.utf8)
    try key.withUnsafeBytes { key in
      try value.withUnsafeBytes { value in
        while true {
          do {
            return try producer.produce(
              topic: topic, partition: Int32(index % options.number("partitions", 4)), key: key, value: value)
          } catch let error as KafkaError where error.code == .queueFull {
            producer.poll(timeout: .milliseconds(1))
          }
        }
      }
    }
  }

  private func readEvents(into moments: Moments) {
    do {
      let own: KafkaConfiguration = [
        "isolation.level": "read_committed", "auto.offset.reset": "earliest", "fetch.wait.max.ms": "5",
      ]
      let consumer = try KafkaConsumer(configuration: KafkaConfiguration(options).merging(own), logger: quiet)
      let valid = TopicNames(options).valid
      try consumer.assign(
        (0..<options.number("partitions", 4)).map {
          TopicPartitionOffset(topic: valid, partition: Int32($0), offset: 0)
        })
      var batch = MessageBatch(capacity: 1000)
      while !moments.isFull {
        consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(5))
        for index in 0..<batch.count where batch[index].isRecord {
          if let key = batch[index].key { moments.note(Array(key)) }
        }
      }
    } catch {
      fatalError("the events cannot be read: \(error)")
    }
  }

  private static func quantiles(_ sorted: [Double]) -> String {
    func at(_ share: Double) -> Double {
      sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1000
    }
    return #"{"p50": \#(at(0.5)), "p99": \#(at(0.99))}"#
  }
}

/// When each object was met first, in seconds of CLOCK_MONOTONIC.
private final class Moments: Sendable {
  private let state: Mutex<(times: [Double], left: Int)>

  init(_ count: Int) { state = Mutex((Array(repeating: 0, count: count), count)) }

  static func key(_ index: Int) -> String { "object-\(index)" }

  var isFull: Bool { state.withLock { $0.left == 0 } }
  var times: [Double] { state.withLock { $0.times } }

  func note(_ key: [UInt8]) {
    guard let index = Int(String(decoding: key.dropFirst(7), as: UTF8.self)) else { return }
    note(index)
  }

  func note(_ index: Int) {
    let now = Usage.now.seconds
    state.withLock { state in
      guard state.times[index] == 0 else { return }
      state.times[index] = now
      state.left -= 1
    }
  }
}

private final class CountingSink: FollowSink {
  private let state = Mutex(0)

  var count: Int { state.withLock { $0 } }

  func position(of partition: Int32) -> FollowPosition? { nil }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) -> FollowVerdict {
    state.withLock { $0 += batch.count }
    return .applied
  }
}

private let quiet = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }

extension KafkaConfiguration {
  fileprivate init(_ options: Options) { self = ["bootstrap.servers": options.text("bootstrap")] }
}

extension TopicNames {
  fileprivate init(_ options: Options) {
    self.init(applicationID: options.text("application"))
    commands = options.text("topic")
    let outputs = options.text("outputs")
    valid = outputs + "-valid"
    invalid = outputs + "-invalid"
    changelog = outputs + "-changelog"
  }
}

extension ViewConfiguration {
  fileprivate init(_ options: Options) {
    self.init(
      of: .changelog(TopicNames(options), of: options.text("application")),
      storage: options["directory"].map { .directory($0) } ?? .memory, kafka: .init(options), logger: quiet)
    placement = .search
    listenerChangesMax = 1_000_000
    if options["directory"] == nil { memoryBytesMax = 8 << 30 }
  }
}
