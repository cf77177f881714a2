import KafkaClient
import Sequitur

/// The valid topic of a ``KillBench``, read further after each round, and what its events make of the objects.
///
/// It knows the rules of the bench and nothing of the engine. Each event carries its command's offset, so that it
/// can say what a store has to hold that stands for any earlier command position.
struct EventFold {
  /// An object as it stands in a store.
  struct Object: Hashable {
    var version: UInt64
    var state: String
  }

  private struct Event {
    let command: Int64
    let key: String
    /// `nil`: the object was dropped.
    let text: String?
  }

  private struct Faulty: Error, CustomStringConvertible {
    let description: String
  }

  private let topic: String
  private let admin: KafkaAdmin
  private let consumer: KafkaConsumer
  private var events: [[Event]]
  private var next: [Int64]
  /// Up to where the partitions were read, and the last command of which an event was.
  var positions: [String] { zip(next, events).map { "\($0) (command \($1.last?.command ?? -1))" } }
  /// Of all partitions.
  var count: Int { events.reduce(0) { $0 + $1.count } }

  private let rereads: Bool

  /// - Parameter rereads: reads the topic from its start each time, since the test broker hides what a producer
  ///   committed from a reader that begins behind one of its aborted transactions.
  init(of bench: StateBench, rereads: Bool) throws {
    self.rereads = rereads
    topic = bench.topics.valid
    admin = try bench.admin()
    consumer = try KafkaConsumer(
      configuration: bench.kafka.merging([
        "isolation.level": "read_committed", "enable.partition.eof": "true", "auto.offset.reset": "earliest",
      ]), logger: bench.log.logger)
    events = Array(repeating: [], count: bench.partitions)
    next = Array(repeating: 0, count: bench.partitions)
  }

  /// Reads what has come since the last call. No transaction may be open.
  mutating func readOn() throws {
    if rereads {
      events = events.map { _ in [] }
      next = next.map { _ in 0 }
    }
    for partition in events.indices {
      let bounds = try admin.watermarks(topic: topic, partition: Int32(partition), timeout: .seconds(10))
      guard next[partition] < bounds.high else { continue }
      try consumer.assign([
        TopicPartitionOffset(topic: topic, partition: Int32(partition), offset: next[partition])
      ])
      try read(partition, to: bounds.high)
    }
  }

  private mutating func read(_ partition: Int, to end: Int64) throws {
    var batch = MessageBatch(capacity: 1000)
    let deadline = ContinuousClock.now + .seconds(60)
    while next[partition] < end {
      guard ContinuousClock.now < deadline else {
        throw Faulty(description: "\(topic)/\(partition) cannot be read beyond \(next[partition]) of \(end)")
      }
      consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(50))
      for index in 0..<batch.count where batch[index].partition == partition {
        let message = batch[index]
        if message.isEndOfPartition { next[partition] = max(next[partition], message.offset) }
        guard message.isRecord else { continue }
        next[partition] = message.offset + 1
        events[partition].append(try Self.event(message))
      }
    }
  }

  private static func event(_ message: borrowing Message) throws -> Event {
    let key = String(decoding: message.key ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self)
    var command: Int64?
    var isDropped = false
    _ = message.forEachHeader { name, value in
      guard let value, name.count >= 5 else { return }
      // ce_id: <topic>/<partition>/<command>/<index>. ce_type: dropped, or another.
      if name.elementsEqual("ce_id".utf8) {
        let parts = value.split(separator: UInt8(ascii: "/"))
        if parts.count == 4 { command = Int64(String(decoding: parts[2], as: UTF8.self)) }
      } else if name.elementsEqual("ce_type".utf8) {
        isDropped = value.elementsEqual("dropped".utf8)
      }
    }
    guard let command else { throw Faulty(description: "an event without position: \(key)") }
    if isDropped { return Event(command: command, key: key, text: nil) }
    // {"type":"…","text":"…"}: the bench escapes nothing.
    let parts = message.value?.split(separator: UInt8(ascii: "\"")) ?? []
    guard parts.count == 9 else { throw Faulty(description: "an event that nobody asked for: \(key)") }
    return Event(command: command, key: key, text: String(decoding: parts[7], as: UTF8.self))
  }

  /// What a partition's store holds that stands for a command position: of all commands below it.
  func objects(of partition: Int32, below position: Int64) -> [String: Object] {
    var objects: [String: Object] = [:]
    for event in events[Int(partition)] where event.command < position {
      objects[event.key] = event.text.map { text in
        Object(
          version: (objects[event.key]?.version ?? 0) + 1, state: #"{"status":"open","text":"\#(text)"}"#)
      }
    }
    return objects
  }
}
