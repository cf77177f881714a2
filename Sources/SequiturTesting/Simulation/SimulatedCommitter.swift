import PartitionEngine

/// A lane's committer: carries out the commit machine's actions with one producer.
final class SimulatedCommitter {
  private unowned let worker: SimulatedWorker
  private let transactionalID: String
  private var process: SimulatedProcess { worker.process }
  private var world: World { worker.world }
  private var producer: SimulatedProducer?
  private var machine = CommitMachine()
  private var transaction: SimulatedTransaction?
  private var next: () -> SimulatedTransaction? = { nil }
  private var ended: (Bool) -> Void = { _ in }
  private var isAbandoned = false
  private var wasAborted = false
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
    self.ended = ended
    isAbandoned = false
    wasAborted = false
    machine = CommitMachine()
    perform(machine.start())
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
    ended = { _ in }
    nudge = nil
    producer?.dismantle()
  }

  private func perform(_ action: CommitMachine.Action) {
    markAbandoned()
    switch action {
    case .committed:
      if wasAborted { world.reach(.abortedAndSentAgain) }
      checkpointOffsets = producer?.checkpointOffsets ?? [:]
      end(isCommitted: true)
    case .discard: end(isCommitted: false)
    case .wait(let attempt): wait(attempt)
    case .readPositions: resolve()
    case .begin: begin()
    case .produce: produce()
    case .sendOffsets: sendOffsets()
    case .commit: producer.map { $0.commit(commitAnswered) } ?? report(.failure(.fencedProducer))
    case .abort: abort()
    case .recreateProducer: recreate { [self] in report($0) }
    }
  }

  private func report(_ result: Result<Void, BrokerError>) {
    markAbandoned()
    switch result {
    case .success: perform(machine.succeeded())
    case .failure(let error):
      world.note("\(transactionalID): \(error)")
      perform(machine.failed(error.failure))
    }
  }

  private func markAbandoned() {
    if isAbandoned, world.mutation != .abandonIgnored { machine.abandon() }
  }

  private func end(isCommitted: Bool) {
    world.note("\(transactionalID) \(isCommitted ? "committed" : "discarded")")
    transaction = nil
    ended(isCommitted)
  }

  // MARK: Steps

  private func begin() {
    guard let producer else { return report(.failure(.fencedProducer)) }
    // A mutation that skips the abort also skips librdkafka's own check.
    var result = producer.begin()
    if world.mutation == .sentAgainWithoutAbort { result = .success(()) }
    process.after(0) { [self] in report(result) }
  }

  private func produce() {
    guard let producer, let transaction else { return report(.failure(.fencedProducer)) }
    producer.produce(transaction.records(withoutCheckpoints: world.mutation == .missingCheckpoint))
    if world.mutation == .nextProducedBeforeCommit, let next = next() { producer.produce(next.records()) }
    process.after(world.random.below(4)) { [self] in report(.success(())) }
  }

  private func sendOffsets() {
    guard let producer, let transaction else { return report(.failure(.fencedProducer)) }
    guard world.mutation != .offsetsNotSent else { return report(.success(())) }
    guard var metadata = worker.membership.metadata, !isAbandoned || world.mutation == .abandonIgnored else {
      return report(.failure(.unknownMember))
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

  /// 10 ms, 20 ms, …; an abandoned transaction does not wait.
  private func wait(_ attempt: Int) {
    var isOver = false
    let go = { [self] in
      guard !isOver else { return }
      isOver = true
      nudge = nil
      perform(machine.waited())
    }
    guard !isAbandoned || world.mutation == .abandonIgnored else { return process.after(1, go) }
    nudge = go
    process.after(min(10 << min(attempt - 1, 6), 500), go)
  }

  // MARK: An unknown outcome

  private func resolve() {
    let parts = transaction!.parts
    process.call(.resolve) { [self] in
      positions(parts)
    } _: { [self] answer in
      switch answer {
      case .failure(let error): perform(machine.failed(error.failure))
      case .success(let positions): resolve(parts, positions)
      }
    }
  }

  private func positions(
    _ parts: [SimulatedTransaction.Part]
  ) -> Result<[Int64?], BrokerError> {
    var positions: [Int64?] = []
    for part in parts {
      switch world.kafka.group.position(of: part.partition) {
      case .success(let position): positions.append(position)
      case .failure(let error): return .failure(error)
      }
    }
    return .success(positions)
  }

  private func resolve(_ parts: [SimulatedTransaction.Part], _ positions: [Int64?]) {
    let pairs = zip(parts, positions)
    var resolution = CommitMachine.Resolution.movedOn
    if pairs.allSatisfy({ $0.end == $1 }) {
      resolution = .committed
    } else if pairs.allSatisfy({ $1 == nil || $1 == $0.start }) {
      resolution = .notCommitted
    }
    switch resolution {
    case .committed: world.reach(.unknownOutcomeHadCommitted)
    case .notCommitted: world.reach(.unknownOutcomeHadNotCommitted)
    case .movedOn: world.reach(.unknownOutcomeMovedOn)
    }
    if world.mutation == .unknownIsNotCommitted { resolution = .notCommitted }
    markAbandoned()
    perform(machine.resolved(resolution))
  }
}
