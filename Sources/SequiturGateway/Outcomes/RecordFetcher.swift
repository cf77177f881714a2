import BlockingThreads
import KafkaClient
import Logging
import Synchronization

/// Reads short ranges of committed records, one after the other.
///
/// One consumer without a group. Thread rule: one thread at a time; blocks.
final class RecordFetcher: Sendable {
  private let consumer: KafkaConsumer
  private let admin: KafkaAdmin
  private let assigned = Mutex<TopicPartition?>(nil)

  init(kafka: KafkaConfiguration, logger: Logger) throws(KafkaError) {
    let own: KafkaConfiguration = [
      "isolation.level": "read_committed", "enable.partition.eof": "true", "auto.offset.reset": "error",
      "fetch.wait.max.ms": "10", "queued.min.messages": "1", "queued.max.messages.kbytes": "4096",
    ]
    consumer = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
    admin = try KafkaAdmin(configuration: kafka, logger: logger)
  }

  /// The partition's first offset, and the end of what is committed.
  func bounds(of topic: String, _ partition: Int32) throws(KafkaError) -> (low: Int64, high: Int64) {
    let stable = try consumer.watermarks(topic: topic, partition: partition, timeout: GatewayLimits.fetchTime)
    return (stable.low, stable.high)
  }

  /// Lends the committed records of a range in order, until there are no more or `body` says that it has enough.
  ///
  /// - Parameters:
  ///   - end: at most the end of what is committed.
  ///   - body: returns whether to go on.
  /// - Throws: `timedOut` when nothing came for too long; what the consumer reports that does not pass.
  func read(
    _ topic: String, _ partition: Int32, from start: Int64, below end: Int64,
    _ body: (borrowing Message) -> Bool
  ) throws(KafkaError) {
    guard start < end else { return }
    try begin(TopicPartition(topic: topic, partition: partition), at: start)
    var batch = MessageBatch(capacity: 100)
    var deadline = ContinuousClock.now + GatewayLimits.fetchTime
    while ContinuousClock.now < deadline {
      guard consumer.mainQueue.consumeBatch(into: &batch, timeout: GatewayLimits.readWait) > 0 else {
        continue
      }
      deadline = ContinuousClock.now + GatewayLimits.fetchTime
      for index in 0..<batch.count {
        let message = batch[index]
        guard message.partition == partition, message.topic == topic, message.offset >= start else {
          continue
        }
        if message.isEndOfPartition { return }
        if let error = message.error {
          guard error.isRetriable else { throw error }
          continue
        }
        guard message.offset < end, body(message) else { return }
        if message.offset == end - 1 { return }
      }
    }
    throw KafkaError(
      code: .timedOut, operation: "read records", detail: "nothing came within \(GatewayLimits.fetchTime)",
      topic: topic, partition: partition, isRetriable: true)
  }
}

extension RecordFetcher {
  /// Goes to an offset. A seek is at once where the start of a partition may take a second, since it wakes the broker's thread
  /// (2.0.2).
  private func begin(_ place: TopicPartition, at offset: Int64) throws(KafkaError) {
    if assigned.withLock({ $0 }) != place {
      try consumer.assign([
        TopicPartitionOffset(topic: place.topic, partition: place.partition, offset: offset)
      ])
      assigned.withLock { $0 = place }
    }
    try consumer.begin(
      topic: place.topic, partition: place.partition, offset: offset, timeout: GatewayLimits.fetchTime)
  }
}

/// A few fetchers for many requests: who finds none free waits for one.
final class FetcherPool: Sendable {
  private struct State {
    var free: [RecordFetcher] = []
    var made = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let kafka: KafkaConfiguration
  private let logger: Logger
  private let state = Mutex(State())

  init(kafka: KafkaConfiguration, logger: Logger) {
    self.kafka = kafka
    self.logger = logger
  }

  /// Runs blocking work with a fetcher, on a thread of its own.
  func run<Result: Sendable>(
    _ body: @escaping @Sendable (RecordFetcher) throws -> Result
  ) async throws -> Result {
    await enter()
    defer { leave() }
    return try await withBlockingThread(
      "fetch",
      throwing: { [self] in
        let fetcher = try take()
        defer { state.withLock { $0.free.append(fetcher) } }
        return try body(fetcher)
      })
  }

  private func take() throws(KafkaError) -> RecordFetcher {
    if let fetcher = state.withLock({ $0.free.popLast() }) { return fetcher }
    return try RecordFetcher(kafka: kafka, logger: logger)
  }

  /// Waits until one of the places is free.
  private func enter() async {
    await withCheckedContinuation { continuation in
      let hasPlace = state.withLock { state in
        guard state.made < GatewayLimits.fetchers else {
          state.waiting.append(continuation)
          return false
        }
        state.made += 1
        return true
      }
      if hasPlace { continuation.resume() }
    }
  }

  private func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard !state.waiting.isEmpty else {
        state.made -= 1
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
