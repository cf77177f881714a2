import KafkaClient
import Logging
import PostgreSQL

/// Sends what a database's log says: rows that were inserted into the table, and messages. Lives on a thread of its own.
///
///     begin ─▶ commands … ─▶ commit of the database's transaction ─▶ (more transactions, while they come) ─▶ commit on
///     Kafka, with the position ─▶ feedback to the database, which may forget the log up to there
///
/// A transaction of the database is never split. Whatever fails ends the session: the next one goes on behind the position
/// that is on record, which the last commit on Kafka fixed together with its commands.
final class LogRelay {
  private let configuration: OutboxConfiguration
  private let keys: RecordKeys
  private let relay: String
  private let slot: LogSlot
  private let producer: LogProducer
  private let verdict: RowVerdict
  private let stop: StopSignal
  private let suspects: LogSuspects
  private let count: ((inout OutboxFigures) -> Void) -> Void
  /// Of a commit that has no answer yet; nil: it has, or nothing is left to send.
  private let told: (KafkaError?) -> Void

  /// For parking and looking, beside the stream's own.
  private let connection: PostgreSQLConnection
  private var assembly: LogAssembly
  private var parking: LogParking
  private let stream: CopyBoth
  private let system: String
  /// What is on Kafka.
  private var recorded: LogPosition
  /// What is complete in the open transaction on Kafka, or has nothing for it.
  private var complete: LogPosition
  /// The commands of the open transaction on Kafka, by the number that they were sent with.
  private var places: [String] = []
  private var bytes = 0
  private var began = ContinuousClock.now
  /// How long the last commit took: what is collected for twice as long leaves two thirds of the time for reading, and no
  /// command waits for more than it must.
  private var lastCommit = Duration.milliseconds(5)
  private var fedBack = ContinuousClock.now
  /// Where the log ended when the session began: what came before it has come once the relay is here.
  private let tip: LogPosition

  /// Begins a session: connects, looks at the slot, starts the stream.
  /// - Throws: ``OutboxFault``, `PostgreSQLError`.
  init(
    _ configuration: OutboxConfiguration, record: BatchRecord?, relay: String, producer: LogProducer,
    recordBytesMax: Int, suspects: LogSuspects, stop: StopSignal,
    count: @escaping ((inout OutboxFigures) -> Void) -> Void, told: @escaping (KafkaError?) -> Void
  ) throws {
    self.configuration = configuration
    self.relay = relay
    self.producer = producer
    self.stop = stop
    self.suspects = suspects
    self.count = count
    self.told = told
    keys = RecordKeys(name: configuration.name)
    slot = LogSlot(configuration)
    verdict = RowVerdict(recordBytesMax: recordBytesMax)
    let name = "sequitur outbox \(configuration.name)/log"
    let connection = try PostgreSQLConnection(configuration.database, applicationName: name)
    connection.responseTimeout = OutboxLimits.response
    let replication = try PostgreSQLConnection(
      configuration.database, applicationName: name, isReplication: true)
    replication.responseTimeout = OutboxLimits.response
    try slot.release(connection)
    let keys = keys
    let (start, system) = try slot.begin(after: record, connection, replication) { system in
      var first = BatchRecord(relay: relay)
      first.end = LogPosition(0).description
      first.system = system
      try producer.begin()
      try producer.commit(first, key: keys.log, stop: stop, whileTrying: told)
    }
    try slot.checkPublication(connection)
    self.connection = connection
    self.system = system
    assembly = LogAssembly(configuration.table, prefix: OutboxLimits.messagePrefix, from: start)
    parking = try LogParking(connection, configuration)
    recorded = record?.end == start.description ? start : LogPosition(0)
    complete = start
    tip =
      try connection.query("select pg_current_wal_flush_lsn()").rows[0][0].flatMap { LogPosition($0) }
      ?? start
    stream = try replication.startCopyBoth(try slot.start(at: start))
  }

  /// Relays until it is stopped, or has come as far as it is to.
  /// - Throws: what ended the session.
  func run() throws {
    defer { producer.abandon() }
    // From here on a slot stands before what is on record.
    if recorded < complete { try record() }
    while !stop.isStopped {
      let isIdle = !producer.isOpen || assembly.isInTransaction
      switch try stream.receive(within: isIdle ? .milliseconds(100) : .zero) {
      case .message(let message): try take(message)
      case .nothing: if producer.isOpen, !assembly.isInTransaction { try commit() }
      case .ended:
        throw PostgreSQLError(
          kind: .connectionLost, operation: "read the database's log", message: "the server ended the stream")
      }
      try feedBackWhenDue()
      if configuration.stopsWhenEmpty, !producer.isOpen, !assembly.isInTransaction, complete >= tip {
        if recorded < complete { try record() }
        try feedBack()
        return
      }
    }
  }

  private func take(_ message: [UInt8]) throws {
    switch try read(message) {
    case .keepAlive(let end, let wantsReply):
      // All of ours before it has come.
      if !producer.isOpen, !assembly.isInTransaction {
        complete = max(complete, end)
        if complete >= tip { told(nil) }
      }
      if wantsReply { try feedBack() }
    case .log(let bytes):
      switch try output(bytes) {
      case .command(let command, let commit, let number)?: try take(command, at: "\(commit)/\(number)")
      case .ended(let end)?:
        complete = end
        if producer.isOpen, isFull { try commit() }
      case nil: break
      }
    }
  }

  private func read(_ message: [UInt8]) throws(OutboxFault) -> ReplicationMessage {
    do throws(ByteCursor.TooShort) {
      return try ReplicationMessage(message)
    } catch {
      throw .unreadableLog("a message of \(message.count) bytes is none of the protocol")
    }
  }

  private func output(_ bytes: [UInt8]) throws(OutboxFault) -> LogAssembly.Output? {
    let message: LogMessage
    do throws(LogMessage.Unreadable) {
      message = try LogMessage(bytes)
    } catch {
      throw .unreadableLog("a message of the kind \(error.kind) cannot be read")
    }
    do throws(LogAssembly.Fault) {
      return try assembly.take(message)
    } catch {
      throw .unreadableLog(error.description)
    }
  }

  private var isFull: Bool {
    places.count >= OutboxLimits.rowsMax || bytes >= OutboxLimits.payloadBytesMax
      || ContinuousClock.now - began >= min(OutboxLimits.logBatch, lastCommit * 2)
  }

  private func take(_ command: LogCommand, at place: String) throws {
    if !producer.isOpen {
      try parking.refresh()
      try producer.begin()
      (places, bytes, began) = ([], 0, .now)
    }
    if let reason = fault(command, at: place) {
      try parking.park(command, at: place, reason)
      configuration.logger.warning(
        "a command of the log was parked", metadata: ["place": "\(place)", "reason": "\(reason)"])
      return count { $0.parked += 1 }
    }
    do throws(KafkaError) {
      try producer.send(command, number: places.count)
      places.append(place)
      bytes += command.payload?.count ?? 0
      if suspects.isCareful { try producer.flush() }
      if suspects.isCareful, !producer.refused.isEmpty { throw Self.refusal }
    } catch {
      if Refusals.isOfRecord(error) { suspects.add([place: .refused("\(error)")]) }
      suspects.add(refusedPlaces)
      throw error
    }
  }

  private static let refusal = KafkaError(
    code: .messageTooLarge, operation: "send a command", detail: "the topic refuses it")

  private var refusedPlaces: [String: PoisonReason] {
    Dictionary(
      producer.refused.compactMap { number, reason in
        places.indices.contains(number) ? (places[number], reason) : nil
      }
    ) { first, _ in first }
  }

  private func fault(_ command: LogCommand, at place: String) -> PoisonReason? {
    if let fault = command.fault ?? suspects[place] { return fault }
    var facts = RowVerdict.Facts()
    facts.keyBytes = command.key?.count
    facts.payloadBytes = command.payload?.count ?? 0
    facts.isKeyParked = parking.isParked(command)
    return (command.type ?? []).withUnsafeBytes { type in
      (command.headers ?? []).withUnsafeBytes { headers in
        facts.type = command.type == nil ? nil : type
        facts.headers = command.headers == nil ? nil : headers
        return verdict.fault(facts)
      }
    }
  }

  // MARK: The end of a transaction

  private func commit() throws {
    let asked = ContinuousClock.now
    do throws(KafkaError) {
      try producer.commit(position(complete), key: keys.log, stop: stop, whileTrying: told)
    } catch {
      suspects.add(refusedPlaces)
      throw error
    }
    told(nil)
    lastCommit = max(.milliseconds(1), asked.duration(to: .now))
    recorded = complete
    let sent = places.count
    count {
      $0.sent += sent
      $0.transactions += 1
    }
    try feedBack()
  }

  /// Puts a position on record to which nothing belongs.
  private func record() throws {
    try producer.begin()
    try producer.commit(position(complete), key: keys.log, stop: stop, whileTrying: told)
    told(nil)
    recorded = complete
  }

  private func position(_ position: LogPosition) -> BatchRecord {
    var record = BatchRecord(relay: relay)
    record.end = position.description
    record.system = system
    return record
  }

  /// The database may forget what is on record, and nothing else.
  private func feedBack() throws {
    try stream.send(ReplicationMessage.feedback(recorded))
    fedBack = .now
  }

  private func feedBackWhenDue() throws {
    guard ContinuousClock.now - fedBack >= OutboxLimits.feedback else { return }
    // Without rows for long, the log of everybody else would be kept for this relay.
    if recorded < complete, !producer.isOpen, !assembly.isInTransaction { try record() }
    try feedBack()
    try slot.checkPublication(connection)
  }
}

/// Commands that brokers have refused, from one session to the next. One thread's.
final class LogSuspects {
  private var reasons: [String: PoisonReason] = [:]
  /// Whether commands are sent one at a time, until it is known which one is refused.
  private(set) var isCareful = false

  subscript(place: String) -> PoisonReason? { reasons[place] }

  /// One is to blame; of several it is not known which.
  func add(_ refused: [String: PoisonReason]) {
    guard !refused.isEmpty else { return }
    guard refused.count == 1 || isCareful else { return isCareful = true }
    reasons.merge(refused) { first, _ in first }
    isCareful = false
  }
}
