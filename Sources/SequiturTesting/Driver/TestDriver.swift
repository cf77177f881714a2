import PartitionEngine
import Sequitur

/// Runs a decider in memory, without a broker: commands in; events, rejections and states out.
///
/// The commands go through the same `PartitionProcessor` as in a worker, each in a transaction of its own,
/// whose commit is acknowledged with the next command. Topics and store are in memory.
///
///     let bank = TestDriver(BankAccount())
///     try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1")
///     try bank.send("deposit", payload: #"{"amount":50}"#, key: "1")
///     let refused = try bank.send("withdraw", payload: #"{"amount":80}"#, key: "1")
///     #expect(refused.code == "x-overdraft")
///     try bank.crash()
///     #expect(try bank.state(of: "1")?.balance == 50)
///     #expect(bank.version(of: "1") == 2)
///
/// With every command the driver checks what a decider promises, and throws a ``TestFault`` that names the
/// command when it does not keep it:
/// - **Determinism**: deciding again, several times and with memory laid out anew, gives the same bytes. A
///   decider that uses a random number, or the order of a `Set`, is found out.
/// - **Codecs**: a state that is read and written again has the same bytes.
/// - **Fold**: evolving from nothing over all events gives the state that was kept.
/// - **Replay**: what is read back from the changelog is what was kept; after ``crash()`` and ``rebalance()``
///   the whole store is.
/// - **No trap**: commands with extreme numbers in place of those in the payload (the ends of the integer types, -1, 0) get an
///   answer. A decider that traps on one ends the test's process, which shows the line; in production it would end the
///   worker. They change nothing.
///
/// Not thread-safe.
public final class TestDriver<D: Decider> {
  /// How often each command is decided again. Two possible outcomes stay undetected once in 256 commands.
  static var rehearsals: Int { 8 }
  /// After how many transactions the driver drains by itself, so that a crash finds a store that is behind.
  static var transactionsPerDrain: Int { 4 }

  /// The outputs of one command.
  struct InFlight {
    let transaction: Int
    let offset: Int64
    let records: [ProducedRecord]
    /// The checkpoint's offset on the changelog.
    let checkpointOffset: Int64
  }

  /// A record and the topic it was produced to.
  struct ProducedRecord: Hashable {
    let topic: OutputTopic
    let record: LogRecord
  }

  /// The state that the events made, never written or read.
  struct Folded {
    var state: D.State?
  }

  let makeDecider: () -> D
  let identity = PartitionIdentity(
    applicationID: "test", commandsTopic: "commands", partition: 0, partitions: 1)
  let limits: Limits
  let envelope: Envelope
  let triesExtremeNumbers: Bool
  /// How many commands of a type were tried with extreme numbers.
  var extremesTried: [String: Int] = [:]

  private(set) var commands: [LogRecord] = []
  var valid = PartitionLog()
  var invalid = PartitionLog()
  var changelog = PartitionLog()
  let store = InMemoryStore()
  var decider: D
  var processor: PartitionProcessor<D>
  var output = OutputBatch()
  /// The transaction that is not acknowledged yet.
  var inFlight: InFlight?
  var transactions = 0
  /// The group's committed offset.
  var groupPosition: Int64?
  /// Object records by key, graves among them: with the transaction in flight, and without.
  var objects: [[UInt8]: [UInt8]] = [:]
  var committedObjects: [[UInt8]: [UInt8]] = [:]
  var folded: [[UInt8]: Folded] = [:]

  /// - Parameters:
  ///   - decider: evaluated anew for every owner of the partition, as in a worker.
  ///   - limits: the bounds of the partition's engine.
  ///   - envelope: the headers of events.
  ///   - triesExtremeNumbers: lets the decider answer some commands with extreme numbers as well; see the type.
  public init(
    _ decider: @escaping @autoclosure () -> D, limits: Limits = Limits(), envelope: Envelope = .cloudevents,
    triesExtremeNumbers: Bool = true
  ) {
    makeDecider = decider
    self.decider = decider()
    self.limits = limits
    self.envelope = envelope
    self.triesExtremeNumbers = triesExtremeNumbers
    processor = PartitionProcessor(
      decider: decider(), identity: identity, envelope: envelope, limits: limits, store: store, position: 0,
      changelogPosition: 0, hashSeed: 1)
  }

  /// Sends a command and returns its outcome.
  ///
  /// - Parameters:
  ///   - type: the header `ce_type`; `nil`: none.
  ///   - key: the object's.
  ///   - payload: `nil`: a null value.
  ///   - id: the header `ce_id`.
  ///   - expectedVersion: the header `expected-version`.
  ///   - time: the record's time in milliseconds since 1970, which the decider sees as the context's timestamp.
  ///   - headers: further ones, behind these.
  /// - Throws: `TestFault` when the decider does not keep a promise.
  @discardableResult
  public func send(
    _ type: String?, payload: String? = nil, key: String, id: String? = nil, expectedVersion: String? = nil,
    at time: Int64 = 0, headers: [LogRecord.Header] = []
  ) throws(TestFault) -> TestOutcome {
    let own = [("ce_type", type), ("ce_id", id), ("expected-version", expectedVersion)].compactMap {
      name, value in
      value.map { LogRecord.Header(name: name, value: Array($0.utf8)) }
    }
    return try send(
      LogRecord(
        key: Array(key.utf8), value: payload.map { Array($0.utf8) }, headers: own + headers,
        timestamp: time))
  }

  /// Sends any record as a command, and returns its outcome.
  @discardableResult
  public func send(_ command: LogRecord) throws(TestFault) -> TestOutcome {
    acknowledge()
    commands.append(command)
    let offset = Int64(commands.count - 1)
    try tryExtremeNumbers(at: offset)
    let rehearsed = try rehearse(at: offset)
    try begin(at: offset)
    try check(rehearsed, at: offset)
    return outcome()
  }

  /// The object's state; `nil` when it does not exist.
  public func state(of key: String) throws -> D.State? {
    guard let record = object(Array(key.utf8)) else { return nil }
    return try decider.decodeState(of: stateBytes(of: record))
  }

  /// The object's version; 0 when it does not exist.
  public func version(of key: String) -> UInt64 {
    object(Array(key.utf8)).map { version(ofRecord: $0) } ?? 0
  }

  /// All events of the object, its former lives included.
  public func events(of key: String) -> [TestEvent] {
    let key = Array(key.utf8)
    return valid.visible().filter { $0.key == key }.map { TestEvent($0) }
  }

  /// All rejections.
  public var rejections: [TestRejection] { invalid.visible().map { TestRejection($0) } }

  // MARK: Object records

  /// The record of an object that exists.
  func object(_ key: [UInt8]) -> [UInt8]? {
    objects[key].flatMap { record in record.withUnsafeBytes { ObjectRecord($0).isGrave } ? nil : record }
  }

  func version(ofRecord record: [UInt8]) -> UInt64 { record.withUnsafeBytes { ObjectRecord($0).version } }

  func stateBytes(of record: [UInt8]) -> [UInt8] { record.withUnsafeBytes { Array(ObjectRecord($0).state) } }

  private func outcome() -> TestOutcome {
    let records = inFlight?.records ?? []
    if let rejection = records.first(where: { $0.topic == .invalid }) {
      return .rejected(TestRejection(rejection.record))
    }
    return .accepted(records.filter { $0.topic == .valid }.map { TestEvent($0.record) })
  }
}
