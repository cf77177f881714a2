import Foundation
import KafkaClient
import Logging
import Synchronization
import Testing

/// The parent of all suites: the tests block threads, so they run one after the other.
@Suite(.serialized, .timeLimit(.minutes(2))) struct KafkaClientTests {}

/// The broker of the tests that need more than the embedded one.
let externalBroker = ProcessInfo.processInfo.environment["SEQUITUR_TEST_BOOTSTRAP"]

/// A name no other test uses.
func uniqueName(_ prefix: String) -> String { "\(prefix)-\(UInt64.random(in: 0 ... .max))" }

let quiet = Logger(label: "kafka-client-tests") { _ in SwiftLogNoOpLogHandler() }

/// Log lines, kept.
final class LogStore: Sendable {
  private let lines = Mutex<[(level: Logger.Level, text: String)]>([])
  var all: [(level: Logger.Level, text: String)] { lines.withLock { $0 } }
  var logger: Logger { Logger(label: "kept") { _ in Handler(store: self) } }

  private struct Handler: LogHandler {
    let store: LogStore
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
      let text = "\(event.message) \(event.metadata ?? [:])"
      store.lines.withLock { $0.append((event.level, text)) }
    }
  }
}

/// A copy of a consumed message.
struct Received: Sendable {
  var topic: String
  var partition: Int32
  var offset: Int64
  var timestamp: Int64
  var key: String?
  var value: String?
  var headers: [String]
  var isEnd: Bool
  var error: KafkaError?

  init(_ message: borrowing Message) {
    topic = message.topic
    partition = message.partition
    offset = message.offset
    timestamp = message.timestamp
    key = message.key.map { String(decoding: $0, as: UTF8.self) }
    value = message.value.map { String(decoding: $0, as: UTF8.self) }
    isEnd = message.isEndOfPartition
    error = message.error
    var headers: [String] = []
    _ = message.forEachHeader { name, value in
      let text = value.map { String(decoding: $0, as: UTF8.self) } ?? "<null>"
      headers.append("\(String(decoding: name, as: UTF8.self))=\(text)")
    }
    self.headers = headers
  }
}

extension KafkaQueue {
  /// Takes messages until the condition holds or the time is over.
  func take(for time: Duration = .seconds(20), until isEnough: ([Received]) -> Bool) -> [Received] {
    let deadline = ContinuousClock.now + time
    var received: [Received] = []
    var batch = MessageBatch(capacity: 64)
    while !isEnough(received), ContinuousClock.now < deadline {
      for index in 0..<consumeBatch(into: &batch, timeout: .milliseconds(50)) {
        received.append(Received(batch[index]))
      }
    }
    return received
  }

  /// Takes messages until each of so many partitions has ended.
  func takeToEnd(partitions: Int = 1) -> [Received] {
    take { received in received.filter(\.isEnd).count >= partitions }
  }
}

/// Both producers, for the tests.
protocol Producing {
  func topic(_ name: String) throws(KafkaError) -> ProducerTopic
  func produce(
    topic: ProducerTopic, partition: Int32, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
    headers: consuming HeaderList?, timestamp: Int64, tag: UInt) throws(KafkaError)
}
extension KafkaProducer: Producing {}
extension TransactionalProducer: Producing {}

extension Producing {
  func send(
    _ topic: String, partition: Int32 = 0, key: String? = nil, value: String? = nil,
    headers: consuming HeaderList? = nil, timestamp: Int64 = 0, tag: UInt = 0
  ) throws {
    let key = key.map { Array($0.utf8) }
    let value = value.map { Array($0.utf8) }
    func withBytes(
      _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws(KafkaError) -> Void
    ) throws(KafkaError) {
      guard let bytes else { return try body(nil) }
      // An empty array lends a buffer that may have no address: the wrapper has to send it as empty, not null.
      guard !bytes.isEmpty else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      defer { copy.deallocate() }
      copy.copyBytes(from: bytes)
      try body(UnsafeRawBufferPointer(copy))
      copy.initializeMemory(as: UInt8.self, repeating: 0xEE)
    }
    let topic = try self.topic(topic)
    // Optional noncopyable captures cannot be consumed inside a closure: hand it over through a box.
    let box = HeaderBox(headers)
    try withBytes(key) { key throws(KafkaError) in
      try withBytes(value) { value throws(KafkaError) in
        try produce(
          topic: topic, partition: partition, key: key, value: value, headers: box.take(),
          timestamp: timestamp, tag: tag)
      }
    }
  }
}

private final class HeaderBox {
  private var headers: HeaderList?
  init(_ headers: consuming HeaderList?) { self.headers = headers }
  func take() -> HeaderList? { headers.take() }
}

/// Keeps values that callbacks give.
final class Recorder<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  var all: [Value] { values.withLock { $0 } }
  func add(_ value: Value) { values.withLock { $0.append(value) } }
}

/// Runs blocking work on a thread of its own.
func onThread<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: body()) }
  }
}

/// Repeats until the condition holds; false when the time is over.
func poll(for time: Duration = .seconds(30), _ step: () -> Void, until isDone: () -> Bool) -> Bool {
  let deadline = ContinuousClock.now + time
  while !isDone() {
    guard ContinuousClock.now < deadline else { return false }
    step()
  }
  return true
}

/// The error a body throws, or nil.
func thrown(_ body: () throws(KafkaError) -> Void) -> KafkaError? {
  do throws(KafkaError) {
    try body()
    return nil
  } catch {
    return error
  }
}

extension KafkaConsumer {
  /// The generation in fresh group metadata, nil for none: macros take no ~Copyable values.
  func generation() throws(KafkaError) -> Int32? {
    guard let metadata = try groupMetadata() else { return nil }
    #expect(metadata.memberID == memberID)
    return metadata.generation
  }
}
