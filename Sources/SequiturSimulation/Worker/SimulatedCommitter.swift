import PartitionEngine
import SequiturTesting

/// A lane's committer: carries out the commit machine's actions with one producer.
final class SimulatedCommitter {
  private unowned let worker: SimulatedWorker
  private let transactionalID: String
  private var process: SimulatedProcess { worker.process }
  private var world: World { worker.world }
  private var producer: SimulatedProducer?
  private var machine = CommitMachine()
  private var transaction: SimulatedTransaction?
  /// The records that the producer does not have yet; nil before the first part.
  private var unproduced: ArraySlice<(log: CoordinatedProducer.LogID, record: LogRecord)>?
  private var next: () -> SimulatedTransaction? = { nil }
  private var handBack: (Bool) -> Void = { _ in }
  private var isAbandoned = false
  private var wasAborted = false
  /// A new producer has ended the transaction one way or the other.
  private var wasUnknown = false
  /// A producer is made to end what was given up undecided; what is submitted meanwhile waits for it.
  private var isEndingUndecided = false
  /// Continues a wait at once.
  private var nudge: (() -> Void)?
  private(set) var checkpointOffsets: [Int32: Int64] = [:]

  init(worker: SimulatedWorker, transactionalID: String) {
    self.worker = worker
    self.transactionalID = transactionalID
  }

  /// Makes the first producer, which ends what a predecessor left open.
  func initialize(_ done: @escaping () -> Void) {
    recreate { [self] result in
      guard case .failure = result else { return done() }
      process.after(30) { [self] in initialize(done) }
    }
  }

  func submit(
    _ transaction: SimulatedTransaction, next: @escaping () -> SimulatedTransaction?,
    ended: @escaping (Bool) -> Void
  ) {
    self.transaction = transaction
    self.next = next
    handBack = ended
    isAbandoned = false
    wasAborted = false
    wasUnknown = false
    if !isEndingUndecided { perform(machine.start()) }
  }

  /// Gives the transaction under way up. A commit already asked for is waited for.
  func abandon() {
    isAbandoned = true
    let nudge = nudge
    self.nudge = nil
    nudge?()
  }

  func dismantle() {
    next = { nil }
    handBack = { _ in }
    nudge = nil
    producer?.dismantle()
  }

  private func perform(_ action: CommitMachine.Action) {
    switch action {
    case .committed:
      if wasAborted { world.reach(.abortedAndSentAgain) }
      checkpointOffsets = producer?.checkpointOffsets ?? [:]
      end(isCommitted: true)
    case .discard where wasUnknown && !isAbandoned && world.mutation == .unknownIsNotCommitted:
      wasUnknown = false
      perform(machine.start())
    case .discard(let isUndecided):
      isEndingUndecided = isUndecided
      end(isCommitted: false)
      if isUndecided { endUndecided() }
    case .wait(let duration): wait(duration)
    case .begin: begin()
    case .produce: produce()
    case .flush: flush()
    case .sendOffsets: sendOffsets()
    case .commit: producer.map { $0.commit(commitAnswered) } ?? report(.failure(.fencedProducer))
    case .abort: abort()
    case .recreateProducer: recreate { [self] in recreated($0) }
    }
  }

  private func report(_ result: Result<Void, BrokerError>) {
    switch result {
    case .success: ended(.succeeded)
    case .failure(let error):
      world.note("\(transactionalID): \(error)")
      ended(.failed(error.failure))
    }
  }

  private func ended(_ outcome: CommitMachine.Outcome) {
    let isAbandoned = isAbandoned && world.mutation != .abandonIgnored
    perform(machine.next(after: outcome, isAbandoned: isAbandoned))
  }

  private func end(isCommitted: Bool) {
    world.note("\(transactionalID) \(isCommitted ? "committed" : "discarded")")
    transaction = nil
    handBack(isCommitted)
  }

  private func endUndecided() {
    world.reach(.undecidedEnded)
    recreate { [self] _ in
      isEndingUndecided = false
      if transaction != nil { perform(machine.start()) }
    }
  }

  // MARK: Steps

  private func begin() {
    guard let producer else { return report(.failure(.fencedProducer)) }
    unproduced = nil
    // A mutation that skips the abort also skips librdkafka's own check.
    var result = producer.begin()
    if world.mutation == .sentAgainWithoutAbort { result = .success(()) }
    process.after(0) { [self] in report(result) }
  }

  private func produce() {
    guard let producer, let transaction else { return report(.failure(.fencedProducer)) }
    var rest =
      unproduced ?? transaction.records(withoutCheckpoints: world.mutation == .missingCheckpoint)[...]
    // Production cuts where a request is full; whoever goes on must not depend on where.
    let isCut = rest.count > 1 && world.random.chance(perMille: 300)
    let part = rest.prefix(isCut ? 1 + world.random.below(rest.count - 1) : rest.count)
    rest = rest.dropFirst(part.count)
    unproduced = rest
    producer.produce(Array(part))
    if world.mutation == .nextProducedBeforeCommit, let next = next() { producer.produce(next.records()) }
    if !rest.isEmpty { world.reach(.producedInParts) }
    let isDone = rest.isEmpty || world.mutation == .restNotProduced
    process.after(world.random.below(4)) { [self] in ended(isDone ? .succeeded : .producedPart) }
  }

  private func flush() {
    guard let producer else { return report(.failure(.fencedProducer)) }
    guard world.mutation?.sendsOffsetsFirst != true else { return report(.success(())) }
    producer.flush { [self] in report(.success(())) }
  }

  private func sendOffsets() {
    guard let producer, let transaction else { return report(.failure(.fencedProducer)) }
    guard world.mutation != .offsetsNotSent else { return report(.success(())) }
    guard var metadata = worker.membership.confirmedMetadata,
      !isAbandoned || world.mutation == .abandonIgnored
    else {
      return report(.failure(.noMembership))
    }
    if world.mutation == .staleGroupMetadata { metadata = worker.membership.firstMetadata! }
    if world.mutation == .groupIDOnly { metadata.generation = -1 }
    producer.sendOffsets(
      transaction.parts, member: metadata
    ) { [self] in report($0) }
  }

  private func commitAnswered(_ result: Result<Void, BrokerError>) {
    guard case .failure(let error) = result, error.failure != .abortable else { return report(result) }
    switch world.mutation {
    case .unknownIsCommitted: report(.success(()))
    default: report(result)
    }
  }

  private func abort() {
    wasAborted = true
    guard world.mutation != .sentAgainWithoutAbort else { return report(.success(())) }
    guard let producer else { return report(.failure(.fencedProducer)) }
    producer.abort { [self] in report($0) }
  }

  private func recreated(_ result: Result<Void, BrokerError>) {
    if case .success = result, let isCommitted = world.kafka.lastDecision(of: transactionalID) {
      world.reach(isCommitted ? .unknownOutcomeHadCommitted : .unknownOutcomeHadNotCommitted)
      wasUnknown = true
    }
    report(result)
  }

  private func recreate(_ done: @escaping (Result<Void, BrokerError>) -> Void) {
    producer = nil
    process.call(.initProducer) { [self] in
      world.kafka.initProducer(transactionalID)
    } _: { [self] answer in
      if case .success(let epoch) = answer {
        producer = SimulatedProducer(process: process, id: transactionalID, epoch: epoch)
      }
      done(answer.map { _ in })
    }
  }

  /// An abandoned transaction does not wait.
  private func wait(_ duration: Duration) {
    var isOver = false
    let go = { [self] in
      guard !isOver else { return }
      isOver = true
      nudge = nil
      ended(.succeeded)
    }
    nudge = go
    process.after(Int(duration / .milliseconds(1)), go)
  }
}
