import Foundation
import KafkaClient
import Logging
import Synchronization
import TerminalView

/// Sends a generator's commands to the commands topic. Blocks its thread.
final class DemoFeeder: Sendable {
  /// What was sent, and where each partition ends by that. Any thread may read.
  struct Progress: Sendable {
    var sent = 0
    var acknowledged = 0
    /// The offset behind the last command, by partition.
    var ends: [Int32: Int64] = [:]
    var failure: KafkaError?
    /// Whether all commands were sent and acknowledged.
    var isComplete = false
    /// Set some time later.
    var prediction: DemoPrediction?
  }

  /// How long the broker may acknowledge nothing while records wait.
  private static let silenceMax = Duration.seconds(30)

  private let topic: String
  private let kafka: KafkaConfiguration
  private let logger: Logger
  private let pace: DemoPace
  private let state = Mutex(Progress())
  private let stopped = Atomic(false)

  init(topic: String, kafka: KafkaConfiguration, pace: DemoPace, logger: Logger) {
    self.topic = topic
    self.kafka = kafka
    self.pace = pace
    self.logger = logger
  }

  var progress: Progress { state.withLock { $0 } }

  /// Ends ``run(_:)`` soon.
  func stop() { stopped.store(true, ordering: .relaxed) }

  /// Sends all, and returns when all is acknowledged.
  func run(_ generator: consuming DemoGenerator) throws {
    var generator = generator
    let own: KafkaConfiguration = ["partitioner": "murmur2_random", "linger.ms": "2"]
    let producer = try KafkaProducer(
      configuration: own.merging(kafka), logger: logger, deliveryObserver: { [self] in record($0) })
    let handle = try producer.topic(topic)
    let start = ContinuousClock.now
    var sent = 0
    while !isStopped, let command = generator.next() {
      keepPace(sent, since: start, producer)
      try send(command, to: handle, producer)
      sent += 1
      if sent % 64 == 0 {
        producer.poll()
        state.withLock { $0.sent = sent }
      }
    }
    state.withLock { $0.sent = sent }
    try flush(producer)
    guard !isStopped else { return }
    state.withLock { $0.isComplete = true }
    let prediction = DemoPrediction(generator.oracle)
    state.withLock { $0.prediction = prediction }
  }

  var isStopped: Bool { stopped.load(ordering: .relaxed) }

  private func record(_ report: DeliveryReport) {
    state.withLock { state in
      if let error = report.error {
        state.failure = state.failure ?? error
        return
      }
      state.acknowledged += 1
      state.ends[report.partition] = max(state.ends[report.partition] ?? 0, report.offset + 1)
    }
  }

  private func send(_ command: DemoIntent, to topic: ProducerTopic, _ producer: KafkaProducer) throws {
    var headers = HeaderList(capacity: 5)
    if let type = command.type, command.isTypeInHeader { headers.add(name: "ce_type", value: type) }
    if let id = command.id { headers.add(name: "ce_id", value: id) }
    headers.add(name: "content-type", value: "application/json")
    if let expected = command.expected { headers.add(name: "expected-version", value: expected.text) }
    if let traceparent = command.traceparent { headers.add(name: "traceparent", value: traceparent) }
    try Self.withBytes(command.key) { key in
      try Self.withBytes(command.payload) { payload in
        try producer.produce(topic: topic, key: key, value: payload, headers: headers.copy(), tag: 1)
      }
    }
  }

  private static func withBytes(
    _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws -> Void
  ) rethrows {
    guard let bytes else { return try body(nil) }
    try bytes.withUnsafeBytes { try body($0) }
  }

  /// Waits, serving acknowledgements, until the next command is due.
  private func keepPace(_ sent: Int, since start: ContinuousClock.Instant, _ producer: KafkaProducer) {
    guard let due = pace.due(sent).map({ start + $0 }) else { return }
    while !isStopped {
      let left = due - ContinuousClock.now
      guard left > .milliseconds(1) else { return }
      producer.poll(timeout: min(left, .milliseconds(100)))
    }
  }

  private func flush(_ producer: KafkaProducer) throws {
    var acknowledged = -1
    var deadline = ContinuousClock.now + Self.silenceMax
    while producer.pendingCount > 0, !isStopped {
      let progress = progress
      if let failure = progress.failure { throw failure }
      if progress.acknowledged > acknowledged {
        acknowledged = progress.acknowledged
        deadline = ContinuousClock.now + Self.silenceMax
      }
      guard ContinuousClock.now < deadline else {
        throw CommandFailure(
          "Expected the broker to acknowledge the commands, but it acknowledged none for \(Self.silenceMax).")
      }
      producer.poll(timeout: .milliseconds(50))
    }
    if let failure = progress.failure { throw failure }
  }
}
