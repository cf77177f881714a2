import PartitionEngine
@testable import SequiturSimulation
@testable import SequiturTesting

/// The simulated Kafka, driven by hand, in a world where nothing else happens.
final class SimulatedCluster: Cluster {
  private struct Producer {
    let id: String
    let epoch: Int
    /// Whether something was sent in the transaction under way: a client does not ask for another one's end.
    var isOpen = false
  }

  /// What a client waits for a cluster that answers in simulated time.
  private static let patience = 30_000

  let world: World
  let kafka: SimulatedKafka
  private var producers: [String: Producer] = [:]
  private(set) var members: [String: SimulatedMember] = [:]
  private var memberships: [GroupMetadata] = []
  private var fillers = 0

  init(seed: UInt64) {
    world = World(seed: seed, mutation: nil, isTraced: false)
    kafka = SimulatedKafka(world: world, partitions: Int(Log.partitions))
    kafka.tick()
  }

  private func log(_ log: Log) -> SimulatedLog {
    switch log {
    case .plain(let partition): kafka.log(.valid, partition)
    case .compacted(let partition): kafka.log(.changelog, partition)
    }
  }

  private func logID(_ log: Log) -> CoordinatedProducer.LogID {
    switch log {
    case .plain(let partition): CoordinatedProducer.LogID(topic: .valid, partition: partition)
    case .compacted(let partition): CoordinatedProducer.LogID(topic: .changelog, partition: partition)
    }
  }

  // MARK: Transactions

  func startProducer(_ producer: String, id: String, isImpatient: Bool) -> Reply {
    let answer = retrying { kafka.initProducer(id) }
    if case .success(let epoch) = answer { producers[producer] = Producer(id: id, epoch: epoch) }
    return Reply(answer)
  }

  func produce(_ records: [String], to log: Log, by producer: String) -> Reply {
    guard !records.isEmpty, let producer = open(producer) else { return .done }
    return Reply(
      retrying {
        kafka.produce(
          records.map(LogRecord.init(text:)), to: logID(log), by: producer.id, epoch: producer.epoch)
      })
  }

  func sendOffset(
    _ offset: Int64, of partition: Int32, by producer: String, as membership: Membership?
  ) -> Reply {
    guard let producer = open(producer) else { return .done }
    let metadata = membership.map { memberships[$0.number] } ?? GroupMetadata(member: 0, generation: -1)
    let part = TransactionPart(partition: partition, start: 0, end: offset)
    return Reply(
      retrying { kafka.sendOffsets([part], member: metadata, by: producer.id, epoch: producer.epoch) })
  }

  func commit(_ producer: String) -> Reply { end(producer, isCommit: true) }
  func abort(_ producer: String) -> Reply { end(producer, isCommit: false) }

  private func open(_ producer: String) -> Producer? {
    producers[producer]?.isOpen = true
    return producers[producer]
  }

  private func end(_ name: String, isCommit: Bool) -> Reply {
    guard let producer = producers[name], producer.isOpen else { return .done }
    producers[name]?.isOpen = false
    return Reply(
      retrying { kafka.endTransaction(producer.id, epoch: producer.epoch, isCommit: isCommit) })
  }

  // MARK: Logs

  func bounds(_ log: Log) -> (start: Int64, end: Int64) {
    (self.log(log).logStart, self.log(log).highWatermark)
  }

  func stableOffset(_ log: Log) -> Int64 { self.log(log).stableOffset }

  func read(_ log: Log, from offset: Int64, isCommittedOnly: Bool) -> Reading {
    switch self.log(log).read(from: offset, max: .max, isCommittedOnly: isCommittedOnly) {
    case .success(let fetched):
      .records(
        fetched.records.map { "\($0.offset):\($0.record.text)" }, position: fetched.position)
    case .failure: .outOfRange
    }
  }

  func deleteRecords(of log: Log, before offset: Int64) { self.log(log).truncate(before: offset) }

  /// The newest segment is never compacted: what comes later begins another one.
  func encourageCompaction(of log: Log) throws {
    fillers += 1
    _ = startProducer("filler", id: "filler")
    _ = produce(["filler-\(fillers)=x"], to: log, by: "filler")
    _ = commit("filler")
    try awaitMarkers(log)
    _ = self.log(log).compact()
  }

  // MARK: The group

  func position(of partition: Int32, isStable: Bool) -> Result<Int64?, Refusal> {
    guard isStable else { return .success(kafka.group.committed[partition]) }
    return kafka.group.position(of: partition).mapError(Refusal.init)
  }

  func join(_ member: String, instance: String?, isCooperative: Bool) {
    kafka.group.isCooperative = isCooperative
    members[member] = SimulatedMember(cluster: self, instance: instance)
    members[member]?.join()
  }

  func stop(_ member: String) { members[member]?.stop() }
  func kill(_ member: String) { members[member]?.isAlive = false }
  func partitions(of member: String) -> Set<Int32> { members[member]?.owned ?? [] }
  func givenUp(by member: String) -> [Set<Int32>] { members[member]?.givenUp ?? [] }

  func membership(of member: String) -> Membership? {
    guard let metadata = members[member]?.metadata else { return nil }
    memberships.append(metadata)
    return Membership(number: memberships.count - 1, generation: metadata.generation)
  }

  // MARK: Time

  func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = world.now + Self.patience
    while try !condition() {
      guard world.now < deadline else { return false }
      world.advance(by: 20)
    }
    return true
  }

  func goOn() { world.advance(by: World.sessionTimeout / 2) }

  /// As a client does: again and again while the coordinator says so.
  private func retrying<Answer>(
    _ call: () -> Result<Answer, BrokerError>
  ) -> Result<Answer, BrokerError> {
    while true {
      let answer = call()
      guard case .failure(.concurrentTransactions) = answer else { return answer }
      world.advance(by: 5)
    }
  }
}

extension Reply {
  init<Answer>(_ answer: Result<Answer, BrokerError>) {
    switch answer {
    case .success: self = .done
    case .failure(let error): self = .refused(Refusal(error))
    }
  }
}

extension Refusal {
  init(_ error: BrokerError) {
    self =
      switch error {
      case .fencedProducer: .fenced
      case .illegalGeneration: .illegalGeneration
      case .unknownMember: .unknownMember
      case .fencedInstance: .fencedInstance
      case .unstableOffset: .unstable
      case .timedOut, .coordinatorLoading, .concurrentTransactions, .invalidTransactionState, .clientFailed,
        .offsetOutOfRange, .noMembership:
        .other("\(error)")
      }
  }
}

extension LogRecord {
  /// `key=value`, or a value alone.
  fileprivate init(text: String) {
    let parts = text.split(separator: "=", maxSplits: 1)
    self.init(
      key: parts.count == 2 ? Array(parts[0].utf8) : nil, value: Array(parts[parts.count - 1].utf8))
  }

  fileprivate var text: String {
    let value = String(decoding: value ?? [], as: UTF8.self)
    return key.map { "\(String(decoding: $0, as: UTF8.self))=\(value)" } ?? value
  }
}
