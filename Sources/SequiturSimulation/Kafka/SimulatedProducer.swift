import PartitionEngine
import SequiturTesting

/// A transactional producer as librdkafka 2 is one: `produce` only queues, a commit waits for what is queued.
final class SimulatedProducer {
  /// A run of records for one partition on its way; sent again until it is acknowledged, appended once
  /// (idempotence).
  private final class Request {
    let log: CoordinatedProducer.LogID
    let records: [LogRecord]
    var answer: Result<Int64, BrokerError>?
    var isPurged = false

    init(log: CoordinatedProducer.LogID, records: [LogRecord]) {
      self.log = log
      self.records = records
    }
  }

  private let process: SimulatedProcess
  private let kafka: SimulatedKafka
  private let id: String
  private let epoch: Int
  private var requests: [Request] = []
  private var waiting: (() -> Void)?
  private var isDirty = false
  private var isInTransaction = false
  /// Where the last checkpoint of each partition stands, as acknowledged.
  private(set) var checkpointOffsets: [Int32: Int64] = [:]

  init(process: SimulatedProcess, id: String, epoch: Int) {
    self.process = process
    kafka = process.world.kafka
    self.id = id
    self.epoch = epoch
  }

  /// Fails while the transaction before has not ended, as librdkafka does: it may still be open.
  func begin() -> Result<Void, BrokerError> {
    guard !isInTransaction else { return .failure(.invalidTransactionState) }
    isInTransaction = true
    requests = []
    checkpointOffsets = [:]
    isDirty = false
    return .success(())
  }

  /// Queues records; they arrive in any order of partitions.
  func produce(_ records: [(log: CoordinatedProducer.LogID, record: LogRecord)]) {
    var byLog: [CoordinatedProducer.LogID: [LogRecord]] = [:]
    for (log, record) in records { byLog[log, default: []].append(record) }
    for log in byLog.keys.sorted() {
      let request = Request(log: log, records: byLog[log]!)
      requests.append(request)
      isDirty = true
      process.after(process.world.random.below(process.world.produceDelay)) { [self] in send(request) }
    }
  }

  private func send(_ request: Request) {
    guard !request.isPurged, request.answer == nil else { return }
    var appended: Result<Int64, BrokerError>?
    process.call(.produce) { [self] () -> Result<Int64, BrokerError> in
      if request.isPurged { return .failure(.invalidTransactionState) }
      if let appended { return appended }
      let answer = kafka.produce(request.records, to: request.log, by: id, epoch: epoch)
      if case .success = answer { appended = answer }
      return answer
    } _: { [self] answer in
      switch answer {
      case .failure(let error) where error.failure == .retriable:
        // Idempotence: the leader knows the sequence number of what it has appended.
        if let appended { finish(request, appended) } else { process.after(10) { [self] in send(request) } }
      case .success, .failure: finish(request, answer)
      }
    }
  }

  private func finish(_ request: Request, _ answer: Result<Int64, BrokerError>) {
    // An abort waits for all delivery reports: none comes later.
    guard !request.isPurged else { return }
    request.answer = answer
    if case .success(let offset) = answer, request.log.topic == .changelog {
      checkpointOffsets[request.log.partition] = offset
    }
    guard requests.allSatisfy({ $0.answer != nil }), let waiting else { return }
    self.waiting = nil
    waiting()
  }

  /// Why a record was not appended: the transaction can only be aborted.
  private var failure: BrokerError? {
    for request in requests { if case .failure(let error)? = request.answer { return error } }
    return nil
  }

  func sendOffsets(
    _ parts: [TransactionPart], member: GroupMetadata,
    _ reply: @escaping (Result<Void, BrokerError>) -> Void
  ) {
    if let failure { return reply(.failure(failure)) }
    isDirty = true
    process.call(.sendOffsets) { [self] in
      kafka.sendOffsets(parts, member: member, by: id, epoch: epoch)
    } _: {
      reply($0)
    }
  }

  /// Waits for what is queued; what failed shows at the next step.
  func flush(_ reply: @escaping () -> Void) {
    guard requests.allSatisfy({ $0.answer != nil }) else {
      waiting = { [self] in flush(reply) }
      return
    }
    reply()
  }

  /// Waits for what is queued, then ends the transaction.
  func commit(_ reply: @escaping (Result<Void, BrokerError>) -> Void) {
    guard requests.allSatisfy({ $0.answer != nil }) else {
      waiting = { [self] in commit(reply) }
      return
    }
    if let failure { return reply(.failure(failure)) }
    guard isDirty else { return end(.success(()), reply) }
    process.call(.commit) { [self] in
      kafka.endTransaction(id, epoch: epoch, isCommit: true)
    } _: { [self] in
      end($0, reply)
    }
  }

  /// Drops what is queued, and ends the transaction.
  func abort(_ reply: @escaping (Result<Void, BrokerError>) -> Void) {
    for request in requests { request.isPurged = true }
    waiting = nil
    guard isDirty else { return end(.success(()), reply) }
    process.call(.abort) { [self] in
      kafka.endTransaction(id, epoch: epoch, isCommit: false)
    } _: { [self] in
      end($0, reply)
    }
  }

  func dismantle() { waiting = nil }

  private func end(_ result: Result<Void, BrokerError>, _ reply: (Result<Void, BrokerError>) -> Void) {
    if case .success = result { isInTransaction = false }
    reply(result)
  }
}
