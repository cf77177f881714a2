import BlockingThreads
import KafkaClient
import Logging
import Sequitur
import Synchronization

/// Appends commands to the commands topic, each once and in order of their calls.
///
/// An idempotent producer. When an error ends it, the next command makes another one. A thread of its own serves the
/// acknowledgements.
final class CommandProducer: Sendable {
  /// Why a command was not acknowledged.
  struct Failure: Error, Sendable {
    /// True: no broker has it. False: one may have it, and repeating it with the same id is safe.
    let isNotAppended: Bool
    let error: KafkaError
  }

  /// One producer and those who wait for its acknowledgements.
  private final class Generation: Sendable {
    let producer: KafkaProducer
    let topic: ProducerTopic
    let waiting: Waiting

    init(_ name: String, kafka: KafkaConfiguration, logger: Logger) throws(KafkaError) {
      let waiting = Waiting()
      self.waiting = waiting
      producer = try KafkaProducer(
        configuration: kafka, logger: logger, deliveryObserver: { waiting.report($0) })
      topic = try producer.topic(name)
    }
  }

  /// What a broker says of one command, once it does.
  final class Acknowledgement: Sendable {
    typealias Value = Result<CommandPosition, Failure>

    private enum State {
      case open
      case awaited(CheckedContinuation<Value, Never>)
      case known(Value)
    }

    private let state = Mutex(State.open)

    /// Waits for it; to be asked for once.
    var value: Value {
      get async {
        await withCheckedContinuation { continuation in
          let known = state.withLock { state -> Value? in
            if case .known(let value) = state { return value }
            state = .awaited(continuation)
            return nil
          }
          if let known { continuation.resume(returning: known) }
        }
      }
    }

    fileprivate func come(_ value: Value) {
      let continuation = state.withLock { state -> CheckedContinuation<Value, Never>? in
        defer { state = .known(value) }
        if case .awaited(let continuation) = state { return continuation }
        return nil
      }
      continuation?.resume(returning: value)
    }
  }

  private final class Waiting: Sendable {
    private let state = Mutex((next: UInt(1), waiting: [UInt: Acknowledgement]()))

    func add(_ acknowledgement: Acknowledgement) -> UInt {
      state.withLock { state in
        defer { state.next += 1 }
        state.waiting[state.next] = acknowledgement
        return state.next
      }
    }

    func take(_ tag: UInt) -> Acknowledgement? { state.withLock { $0.waiting.removeValue(forKey: tag) } }

    func report(_ report: DeliveryReport) {
      guard let acknowledgement = take(report.tag) else { return }
      guard let error = report.error else {
        return acknowledgement.come(
          .success(CommandPosition(partition: report.partition, offset: report.offset)))
      }
      acknowledgement.come(
        .failure(Failure(isNotAppended: report.persistence == .notPersisted, error: error)))
    }
  }

  private let name: String
  private let kafka: KafkaConfiguration
  private let logger: Logger
  /// The living producer is the last one; those before it have reports to give.
  private let generations: Mutex<[Generation]>
  private let isStopped = Atomic(false)

  init(to topic: String, kafka: KafkaConfiguration, logger: Logger) throws(KafkaError) {
    let own: KafkaConfiguration = [
      "enable.idempotence": "true", "acks": "all", "linger.ms": "1",
      "message.timeout.ms": "\(GatewayLimits.deliveryTime.components.seconds * 1000)",
      "message.max.bytes": "\(GatewayLimits.payloadBytesMax + (1 << 20))",
    ]
    name = topic
    self.kafka = own.merging(kafka)
    self.logger = logger
    generations = Mutex([try Generation(topic, kafka: self.kafka, logger: logger)])
  }

  /// Serves acknowledgements until ``stop()``; blocks its thread.
  func run() {
    while !isStopped.load(ordering: .relaxed) { serve(waitingAtMost: GatewayLimits.readWait) }
    let deadline = ContinuousClock.now + GatewayLimits.deliveryTime
    while generations.withLock({ $0.contains { $0.producer.pendingCount > 0 } }), .now < deadline {
      serve(waitingAtMost: .milliseconds(10))
    }
  }

  private func serve(waitingAtMost time: Duration) {
    let all = generations.withLock { generations in
      generations = generations.dropLast().filter { $0.producer.pendingCount > 0 } + generations.suffix(1)
      return generations
    }
    for generation in all.dropLast() { generation.producer.poll() }
    all.last?.producer.poll(timeout: time)
  }

  /// Ends ``run()`` once what was sent is acknowledged, or has failed.
  func stop() { isStopped.store(true, ordering: .relaxed) }

  /// Appends a command behind those that were appended before, and does not wait.
  /// - Parameter partition: the key's.
  func append(_ request: CommandRequest, to partition: Int32) -> Acknowledgement {
    let acknowledgement = Acknowledgement()
    do throws(KafkaError) {
      let generation = try living()
      let tag = generation.waiting.add(acknowledgement)
      do throws(KafkaError) {
        try Self.produce(request, partition, tag, generation)
      } catch {
        _ = generation.waiting.take(tag)
        throw error
      }
    } catch {
      acknowledgement.come(.failure(Failure(isNotAppended: true, error: error)))
    }
    return acknowledgement
  }

  private func living() throws(KafkaError) -> Generation {
    let result = generations.withLock { generations -> Result<Generation, KafkaError> in
      let last = generations[generations.count - 1]
      guard let fatal = last.producer.fatalError else { return .success(last) }
      logger.warning("the producer of commands has ended; another is made", metadata: ["error": "\(fatal)"])
      do throws(KafkaError) {
        let next = try Generation(name, kafka: kafka, logger: logger)
        generations.append(next)
        return .success(next)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private static func produce(
    _ request: CommandRequest, _ partition: Int32, _ tag: UInt, _ generation: Generation
  ) throws(KafkaError) {
    var headers = HeaderList(capacity: 4 + request.carried.count)
    headers.add(name: "ce_id", value: request.id)
    headers.add(name: "ce_type", value: request.type)
    if let actor = request.actor { headers.add(name: "ce_actor", value: actor) }
    if let expected = request.expectedVersion { headers.add(name: "expected-version", value: expected) }
    for header in request.carried { headers.add(name: header.name, value: header.value) }
    try request.key.withUnsafeBufferPointer { key throws(KafkaError) in
      try request.payload.withUnsafeBufferPointer { payload throws(KafkaError) in
        try generation.producer.produce(
          topic: generation.topic, partition: partition, key: UnsafeRawBufferPointer(key),
          value: UnsafeRawBufferPointer(payload), headers: headers.copy(), tag: tag)
      }
    }
  }
}
