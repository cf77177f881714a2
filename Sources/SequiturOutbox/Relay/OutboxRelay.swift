import BlockingThreads
import Dispatch
import KafkaClient
import Logging
import PostgreSQL
import SequiturTopics
import Synchronization

/// Sends the rows of a database's outbox as commands, each once, and deletes them.
///
/// A row that its transaction committed becomes one command, visible to `read_committed` consumers, once; a row that was
/// rolled back none; rows of one key in the order of their ids. Whatever is killed, and whenever: relay, broker,
/// database. What is trusted: ids are not used again, and the relay alone deletes rows.
///
/// Database and broker may be away at any time: they are waited for, and that is told once. Rows that cannot be sent are
/// parked with their reason, and with them what comes behind them with the same key.
public final class OutboxRelay: Sendable {
  private let configuration: OutboxConfiguration
  private let topic: OutboxTopic
  private let ownership: RelayOwnership
  private let keys: RecordKeys
  private let stopSignal = StopSignal()
  private let counted = Mutex(OutboxFigures())
  private let board = HealthBoard()
  /// By shard, what was told of it and is not over.
  private let shardIncidents = Mutex<[Int: IncidentLog]>([:])
  /// Whether the new slot that was ordered is made.
  private let hasNewSlot = Atomic(false)
  /// Whether it has had the name once.
  private let hasServed = Atomic(false)
  /// Ends the shards that run now.
  private let shardsStop = Mutex<StopSignal?>(nil)

  /// - Throws: ``OutboxFault`` for a name or a number that is not possible.
  public init(_ configuration: OutboxConfiguration) throws(OutboxFault) {
    if let reason = TopicName.fault(configuration.name) { throw .name(configuration.name, reason) }
    if Self.isNameOfShard(configuration.name) { throw .nameOfShard(configuration.name) }
    guard (1...OutboxLimits.shardsMax).contains(configuration.shards) else {
      throw OutboxFault(
        .configuration,
        "Expected 1 to \(OutboxLimits.shardsMax) shards, but they are \(configuration.shards). Correct --shards."
      )
    }
    self.configuration = configuration
    topic = OutboxTopic(
      applicationID: configuration.applicationID, kafka: configuration.kafka, logger: configuration.logger)
    ownership = RelayOwnership(configuration, topic: topic.name)
    keys = RecordKeys(name: configuration.name)
  }

  /// Whether the name ends as the transactional ids of another outbox's shards do.
  private static func isNameOfShard(_ name: String) -> Bool {
    let digits = name.utf8.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
    return digits > 0 && name.utf8.dropLast(digits).last == UInt8(ascii: "-")
  }

  /// What it has done so far.
  public var figures: OutboxFigures { counted.withLock { $0 } }

  /// How it is at this moment. Any thread.
  public var health: OutboxHealth { board.current }

  /// Relays until it is stopped, or there is nothing left and it is to end then. Call it once.
  ///
  /// A database and brokers that do not answer are waited for, from the start on.
  /// - Throws: ``OutboxFault``: a table or topic that cannot serve, found at the start; another relay of this name, at any
  ///   time. At the start also `PostgreSQLError`, `KafkaError` and `TopicFault` for what database or brokers refuse, such as
  ///   the password; later that is told and waited for.
  public func run() async throws {
    try await withTaskCancellationHandler {
      try await withBlockingThread("outbox", throwing: { [self] in try runBlocking() })
    } onCancel: {
      stop()
    }
  }

  /// Ends ``run()`` after the batch under way, without an error. From any thread.
  public func stop() {
    stopSignal.stop()
    shardsStop.withLock { $0 }?.stop()
  }

  private func runBlocking() throws {
    let suspects = LogSuspects()
    var incidents = IncidentLog(configuration.logger, place: configuration.name, board)
    /// To take the name over, in a row.
    var failures = 0
    /// The relays that there were when this one came, and this one.
    var known: Set = [ownership.relay]
    while !stopSignal.isStopped {
      do {
        let recordBytesMax = try prepare()
        if configuration.mode == .tail {
          try tail(recordBytesMax, suspects, &known, &incidents)
          return
        }
        let shards = try takeOver(recordBytesMax, &known)
        served()
        incidents.succeeded()
        guard try run(shards) else { return }
        try settleOwner([ownership.relay])
      } catch let lost as RelayOwnership.Lost {
        configuration.logger.info("the outbox's name may be another's", metadata: ["error": "\(lost.error)"])
        // Nobody has fenced it: what ended the producer is trouble of its own.
        if lost.error.severity != .fenced { incidents.failed("claim", lost.error) }
        try settleOwner(known)
      } catch {
        // Once it has worked, a refusal may be taken back.
        guard let trouble = Trouble(error), trouble.passes || hasServed.load(ordering: .relaxed) else {
          throw Self.told(error)
        }
        failures = incidents.isOpen ? failures + 1 : 1
        incidents.failed("take over", error)
        stopSignal.wait(OutboxLimits.backoff.pause(after: failures))
      }
    }
  }

  /// The name is this relay's; whether it was before.
  @discardableResult
  private func served() -> Bool {
    board.served()
    return hasServed.exchange(true, ordering: .relaxed)
  }

  /// An error of the start, with what to do.
  private static func told(_ error: any Error) -> any Error {
    guard let cure = Trouble(error)?.cure else { return error }
    switch error {
    case let error as PostgreSQLError: return OutboxFault(.database, "\(error). \(cure)")
    case let error as KafkaError: return OutboxFault(.configuration, "\(error). \(cure)")
    default: return error
    }
  }

  /// Looks at topics, tables and rights, before it does another relay any harm. What one record of the topic may have.
  private func prepare() throws -> Int {
    if let reason = TopicName.fault(configuration.topic) {
      throw OutboxFault(
        .configuration,
        "Expected a topic's name, but in `\(configuration.topic)` \(reason). Correct --commands-topic.")
    }
    let admin = try KafkaAdmin(configuration: configuration.kafka, logger: configuration.logger)
    guard try admin.metadata(timeout: KafkaLimits.call).topic(configuration.topic) != nil else {
      throw TopicFault.missing(configuration.topic)
    }
    try topic.ensure()
    let recordBytesMax = recordBytesMax(admin)
    switch configuration.mode {
    case .poll: try ShardDatabase(configuration, shard: 0, of: 1, recordBytesMax: recordBytesMax).check()
    case .tail: try LogSlot(configuration).check()
    }
    return recordBytesMax
  }

  /// What one record of the topic may have.
  private func recordBytesMax(_ admin: KafkaAdmin) -> Int {
    let told = try? admin.describeTopicConfiguration(configuration.topic, timeout: KafkaLimits.call)
    return told?["max.message.bytes"].flatMap { Int($0) } ?? TopicLimits.messageBytesDefault
  }

  // MARK: The beginning

  /// Takes the name over, and deletes what predecessors have left in doubt. In this order: see ``RelayOwnership``.
  private func takeOver(_ recordBytesMax: Int, _ known: inout Set<String>) throws -> [ShardProducer] {
    try ownership.takeOver()
    let survey = try survey(&known)
    let all = max(configuration.shards, survey.shards)
    var producers: [ShardProducer] = []
    for shard in 0..<all {
      let producer = ShardProducer(
        configuration, transactionalID: "\(configuration.transactionalID)-\(shard)", outboxTopic: topic.name,
        recordBytesMax: recordBytesMax, stop: stopSignal)
      try producer.takeOver()
      producers.append(producer)
    }
    // Now that each predecessor's last transaction is settled.
    let records = try topic.lastRecords(of: keys)
    let database = ShardDatabase(configuration, shard: 0, of: 1, recordBytesMax: recordBytesMax)
    for (key, record) in records where keys.shard(of: key) != nil {
      let deleted = try database.delete(record.rows)
      counted.withLock { $0.recovered += deleted }
      if deleted > 0 {
        configuration.logger.notice(
          "rows that were sent before are deleted", metadata: ["outbox": "\(key)", "rows": "\(deleted)"])
      }
    }
    let obsolete = records.keys.filter { keys.shard(of: $0).map { $0 >= configuration.shards } ?? false }
    try ownership.claim(
      mode: configuration.mode.rawValue, shards: configuration.shards, obsolete: obsolete.sorted())
    configuration.logger.notice(
      "the outbox is served",
      metadata: [
        "outbox": "\(configuration.name)", "shards": "\(configuration.shards)", "relay": "\(ownership.relay)",
        "topic": "\(configuration.topic)",
      ])
    return Array(producers.prefix(configuration.shards))
  }

  /// What there was before, once the former master is fenced.
  /// - Throws: ``OutboxFault`` when it worked in another way, which this one would repeat.
  private func survey(_ known: inout Set<String>) throws -> RelaySurvey {
    let survey = try topic.survey(keys)
    known.formUnion(survey.relays)
    if let mode = survey.claim?.mode, mode != configuration.mode.rawValue {
      throw OutboxFault.mode(configuration.name, was: mode, now: configuration.mode.rawValue)
    }
    return survey
  }

  // MARK: The log

  /// One session of the mode `tail`: takes over, and relays until it is stopped or something fails.
  private func tail(
    _ recordBytesMax: Int, _ suspects: LogSuspects, _ known: inout Set<String>,
    _ incidents: inout IncidentLog
  ) throws {
    // A newer relay ends the session of the one before: then the name is its own, and not to be taken back.
    try ownership.confirm()
    try ownership.takeOver()
    _ = try survey(&known)
    let producer = try LogProducer(configuration, outboxTopic: topic.name, recordBytesMax: recordBytesMax)
    var record = try topic.lastRecords(of: keys)[keys.log]
    try ownership.claim(mode: configuration.mode.rawValue, shards: 1, obsolete: [])
    if configuration.makesNewSlot, !hasNewSlot.exchange(true, ordering: .relaxed) {
      try LogSlot(configuration).drop(PostgreSQLConnection(configuration.database))
      record = nil
    }
    let notes = Mutex(incidents)
    let relay = try LogRelay(
      configuration, record: record, relay: ownership.relay, producer: producer,
      recordBytesMax: recordBytesMax,
      suspects: suspects, stop: stopSignal, count: { [self] change in counted.withLock { change(&$0) } },
      told: { error in
        notes.withLock { notes in
          if let error { notes.failed("commit", error) } else { notes.succeeded() }
        }
      })
    // Else it is over once something is sent, or nothing is left: what was refused may be so again.
    if !served() { notes.withLock { $0.succeeded() } }
    if !notes.withLock({ $0.isOpen }) {
      configuration.logger.notice(
        "the outbox is served",
        metadata: [
          "outbox": "\(configuration.name)", "mode": "tail", "relay": "\(ownership.relay)",
          "topic": "\(configuration.topic)",
        ])
    }
    defer { incidents = notes.withLock { $0 } }
    do {
      try relay.run()
    } catch let error as KafkaError where error.severity == .fenced {
      // By another relay, or by the broker because it was slow.
      throw RelayOwnership.Lost(error: error)
    }
  }

  // MARK: The shards

  /// Runs all shards to their end; whether one lost the name.
  private func run(_ producers: [ShardProducer]) throws -> Bool {
    let ended = DispatchSemaphore(value: 0)
    let endings = Mutex<[ShardRelay.Ending]>([])
    // One shard that cannot go on ends the others too.
    let stop = StopSignal()
    shardsStop.withLock { $0 = stop }
    if stopSignal.isStopped { stop.stop() }
    let boxes = producers.map { Handover($0) }
    for (shard, box) in boxes.enumerated() {
      _ = BlockingThread(name: "outbox-\(shard)") { [self] in
        let ending = runShard(shard, box.take(), stop)
        endings.withLock { $0.append(ending) }
        if case .finished = ending {} else { stop.stop() }
        ended.signal()
      }
    }
    let isOwner = confirmUntilEnded(producers.count, ended, stop)
    let all = endings.withLock { $0 }
    for case .failed(let error) in all { throw error }
    return !isOwner || all.contains { if case .ownerLost = $0 { true } else { false } }
  }

  /// Waits for the ends of so many shards, and asks meanwhile whether the name is still this relay's: one without rows
  /// would not notice by itself. Whether it was.
  private func confirmUntilEnded(_ count: Int, _ ended: DispatchSemaphore, _ stop: StopSignal) -> Bool {
    var isOwner = true
    var rest = count
    while rest > 0 {
      if ended.wait(timeout: .now() + OutboxLimits.confirmation.seconds) == .success {
        rest -= 1
      } else if isOwner, !stop.isStopped {
        do {
          try ownership.confirm()
        } catch is RelayOwnership.Lost {
          isOwner = false
          stop.stop()
        } catch {
          configuration.logger.info("the outbox's name is not confirmed", metadata: ["error": "\(error)"])
        }
      }
    }
    return isOwner
  }

  private func runShard(_ shard: Int, _ producer: ShardProducer, _ stop: StopSignal) -> ShardRelay.Ending {
    let database = ShardDatabase(
      configuration, shard: shard, of: configuration.shards, recordBytesMax: producer.recordBytesMax)
    let relay = ShardRelay(
      configuration, topic: topic, shard: shard, database: database, producer: producer, ownership: ownership,
      stop: stop, health: board, incidents: shardIncidents.withLock { $0[shard] },
      count: { [self] change in counted.withLock { change(&$0) } })
    defer { shardIncidents.withLock { $0[shard] = relay.incidents } }
    return relay.run()
  }

  // MARK: Two relays

  /// Looks whether another relay has claimed the name; returns when none has in time.
  ///
  /// A broker fences a producer also when it was slow, and a relay that started and died has fenced everybody and claimed
  /// nothing: then the name is taken back.
  private func settleOwner(_ known: Set<String>) throws {
    board.stoppedServing()
    let deadline = ContinuousClock.now + OutboxLimits.claimPatience
    while !stopSignal.isStopped, ContinuousClock.now < deadline {
      if let claim = try? topic.lastRecords(of: keys)[keys.claim], !known.contains(claim.relay) {
        throw OutboxFault.superseded(configuration.name, by: claim.relay)
      }
      stopSignal.wait(OutboxLimits.claimInterval)
    }
    ownership.forget()
  }
}

/// Hands what is not Sendable to the one thread that uses it from then on.
///
/// Unchecked: the value is taken once, by the thread that it is for, and the giver keeps no reference.
private final class Handover<Value>: @unchecked Sendable {
  private var value: Value?

  init(_ value: Value) { self.value = value }

  func take() -> Value {
    guard let value else { preconditionFailure("it was handed over already") }
    self.value = nil
    return value
  }
}
