import KafkaClient
import Logging

/// The log's side of Kafka: transactions that grow while a transaction of the database is read, by ``TurnProducers``. One
/// thread's.
///
/// Whatever fails ends the session: the next one takes over anew and goes on behind the last record.
final class LogProducer {
  private let producers: TurnProducers
  /// The one of the open transaction, or of the last one.
  private var current: TurnProducers.Connection
  private let refusals: Refusals
  private(set) var isOpen = false

  /// Takes over: fences those before. Blocks.
  init(_ configuration: OutboxConfiguration, outboxTopic: String, recordBytesMax: Int) throws(KafkaError) {
    refusals = Refusals()
    // A transaction of the database may be large: it is one on Kafka too.
    producers = try TurnProducers(
      configuration, transactionalID: "\(configuration.transactionalID)-0", outboxTopic: outboxTopic,
      recordBytesMax: recordBytesMax, transaction: OutboxLimits.logTransaction, refusals)
    try producers.takeOver()
    current = producers.next()
  }

  /// Rows of the transaction that brokers refused, by the number that ``send(_:number:)`` was given.
  var refused: [Int: PoisonReason] { refusals.rows }

  func begin() throws(KafkaError) {
    current = producers.next()
    try current.producer.begin()
    isOpen = true
  }

  /// Queues one command; waits for room.
  func send(_ command: LogCommand, number: Int) throws(KafkaError) {
    var headers = HeaderList(capacity: 4)
    command.type?.withUnsafeBytes { headers.add(name: "ce_type" as StaticString, value: $0) }
    if let id = command.commandID { headers.add(name: "ce_id", value: id) }
    if let json = command.headers, case .success(let own) = json.withUnsafeBytes({ RowHeaders.read($0) }) {
      for (name, value) in own { headers.add(name, value) }
    }
    var list = Optional(headers)
    try (command.key ?? []).withUnsafeBufferPointer { key throws(KafkaError) in
      try (command.payload ?? []).withUnsafeBufferPointer { payload throws(KafkaError) in
        try current.producer.produce(
          topic: current.commands, partition: TopicPartition.unassigned, key: UnsafeRawBufferPointer(key),
          value: command.payload == nil ? nil : UnsafeRawBufferPointer(payload), headers: list.take(),
          tag: UInt(number) + 1)
      }
    }
  }

  /// Waits until what is queued is written: then a refusal is of the last command alone.
  func flush() throws(KafkaError) { try current.producer.flush(timeout: OutboxLimits.call) }

  /// Commits, with the record; a commit whose answer does not come is asked again until it comes, or it is time to end.
  func commit(
    _ record: BatchRecord, key: String, stop: StopSignal, whileTrying told: (KafkaError) -> Void
  ) throws(KafkaError) {
    try current.producer.produce(key: key, record, to: current.outbox)
    let producer = current.producer
    try stop.untilAnswered(told) { () throws(KafkaError) in try producer.commit(timeout: OutboxLimits.call) }
    isOpen = false
  }

  /// Gives an open transaction up, so that readers need not wait for its end.
  func abandon() {
    guard isOpen else { return }
    try? current.producer.abort(timeout: OutboxLimits.call)
  }
}

extension HeaderList {
  /// Adds a header whose value may be null.
  mutating func add(_ name: String, _ value: String?) {
    if let value { return add(name: name, value: value) }
    var name = name
    name.withUTF8 { add(name: UnsafeRawBufferPointer($0), value: nil) }
  }
}
