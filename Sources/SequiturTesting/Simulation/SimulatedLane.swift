import PartitionEngine
import Sequitur

/// A lane with one transactional producer, serving several partitions; as production's `Lane`.
final class SimulatedLane {
  unowned let worker: SimulatedWorker
  let index: Int
  private var process: SimulatedProcess { worker.process }
  private var world: World { worker.world }
  let committer: SimulatedCommitter
  private let policy: BatchPolicy
  private let limits: Limits

  private(set) var partitions: [Int32: SimulatedActor] = [:]
  private var leaving: Set<Int32> = []
  private(set) var open = SimulatedTransaction()
  /// The partitions of the transaction that is with the committer.
  private var sent: [Int32: SimulatedActor] = [:]
  private(set) var isCommitting = false
  private var waiters: [() -> Void] = []
  private var isTurnDue = false
  private var isDrainDue = false

  init(worker: SimulatedWorker, index: Int, transactionalID: String) {
    self.worker = worker
    self.index = index
    var limits = Limits()
    limits.transactionCommandsMax = worker.world.profile.commandsPerTransaction
    self.limits = limits
    policy = BatchPolicy(limits)
    committer = SimulatedCommitter(worker: worker, transactionalID: transactionalID)
  }

  var isQuiet: Bool { !isCommitting && open.commands == 0 && waiters.isEmpty }

  /// Something arrived or ended: takes a turn soon.
  func wake() {
    guard !isTurnDue else { return }
    isTurnDue = true
    process.after(world.random.within(1...12)) { [self] in
      isTurnDue = false
      turn()
    }
  }

  // MARK: A turn

  private func turn() {
    var hasMore = false
    for partition in partitions.keys.sorted() where !leaving.contains(partition) {
      let room = limits.transactionCommandsMax - open.commands
      guard room > 0, let actor = partitions[partition] else { continue }
      let log = world.kafka.log(.commands, partition)
      let fetched = log.fetch(
        from: actor.fetchPosition, max: min(room, world.random.within(1...6)), isCommittedOnly: true)
      if open.openedAt == nil, !fetched.records.isEmpty { open.openedAt = world.now }
      open.commands += actor.process(fetched, into: &open.output)
      hasMore = hasMore || actor.fetchPosition < log.highWatermark
    }
    sendIfDue(hasMore: hasMore)
    if partitions.values.contains(where: \.hasLostStore) { loseStore() }
    // While a transaction is under way its end wakes the lane.
    if hasMore || (open.commands > 0 && !isCommitting) { wake() }
    drainPartitions()
  }

  /// Begins the drains that are due, and looks again when others will be.
  private func drainPartitions() {
    var isUndrained = false
    for partition in partitions.keys.sorted() {
      let actor = partitions[partition]!
      if let job = actor.takeDrain(isForced: false) { worker.drainer.submit(job) }
      isUndrained = isUndrained || actor.processor.undrainedByteCount > 0
    }
    guard isUndrained, !isDrainDue else { return }
    isDrainDue = true
    process.after(world.random.within(1...max(world.profile.undrainedAge / 4, 10))) { [self] in
      isDrainDue = false
      turn()
    }
  }

  private func sendIfDue(hasMore: Bool) {
    let age = Duration.milliseconds(open.openedAt.map { world.now - $0 } ?? 0)
    guard
      policy.reasonToSend(
        commands: open.commands, bytes: open.output.byteCount, age: age, isCommitting: isCommitting,
        hasMore: hasMore, isStopping: !waiters.isEmpty) != nil
    else { return }
    for partition in partitions.keys.sorted() {
      let actor = partitions[partition]!
      guard let part = actor.seal(into: &open.output) else { continue }
      open.parts.append(part)
      sent[partition] = actor
    }
    guard !open.parts.isEmpty else { return }
    let full = open
    open = SimulatedTransaction()
    isCommitting = true
    if world.mutation == .drainBeforeCommit { full.writeStates(to: worker) }
    committer.submit(full, next: { [unowned self] in open }) { [self] in ended(full, isCommitted: $0) }
  }

  private func ended(_ transaction: SimulatedTransaction, isCommitted: Bool) {
    isCommitting = false
    if isCommitted {
      if open.commands > 0 { world.reach(.nextPreparedWhileCommitting) }
      for part in transaction.parts {
        sent[part.partition]?.processor.commit(checkpointOffset: committer.checkpointOffsets[part.partition])
      }
    } else if world.mutation == .overlayKeptAfterAbort {
      for part in transaction.parts { sent[part.partition]?.processor.commit(checkpointOffset: nil) }
    } else {
      world.reach(.transactionDiscarded)
      dropOpenTransaction()
    }
    sent = [:]
    resumeWaiters()
    wake()
  }

  func dismantle() {
    waiters = []
    partitions = [:]
    sent = [:]
    committer.dismantle()
  }

  // MARK: Partitions come and go

  func attach(_ actor: SimulatedActor) {
    partitions[actor.partition] = actor
    wake()
  }

  /// Stops serving partitions; calls `done` when the transactions that hold their commands have ended, or some
  /// time after the budget, when they were given up.
  func release(_ released: [Int32], done: @escaping () -> Void) {
    let actors = released.compactMap { partitions[$0] }
    leaving.formUnion(released)
    let end = world.now + world.profile.revokeBudget + world.profile.abandonGrace
    var isDone = false
    func check() {
      guard !isDone else { return }
      let isWaiting = actors.contains { isInFlight($0) } && world.now < end
      if isWaiting, world.mutation != .revokeDoesNotWait { return waiters.append(check) }
      isDone = true
      finishRelease(released, actors)
      done()
    }
    process.after(world.profile.revokeBudget) { [self] in
      guard !isDone else { return }
      if isCommitting { world.reach(.abandonedWhileCommitting) }
      committer.abandon()
      process.after(world.profile.abandonGrace) { [self] in resumeWaiters() }
    }
    check()
    wake()
  }

  private func finishRelease(_ released: [Int32], _ actors: [SimulatedActor]) {
    let isGivenUp = actors.contains {
      partitions[$0.partition] === $0 && $0.processor.hasOpenCommands
    }
    // One that was handed over after the budget was spent has not been given up yet: it could send its offsets
    // under the next generation.
    let isKept = world.mutation == .lateTransactionNotAbandoned || world.mutation == .revokeDoesNotWait
    if actors.contains(where: { sent[$0.partition] === $0 }) {
      world.reach(.lateTransaction)
      if !isKept { committer.abandon() }
    }
    for actor in actors where partitions[actor.partition] === actor { detach(actor.partition) }
    leaving.subtract(released)
    if isGivenUp { dropOpenTransaction() }
  }

  /// Gives up everything of partitions that others may own already.
  func lose(_ lost: [Int32]) {
    let isOpen = lost.contains { partitions[$0]?.processor.hasOpenCommands ?? false }
    let isSent = lost.contains { sent[$0] != nil }
    for partition in lost { detach(partition) }
    if isSent { committer.abandon() }
    if isSent || isOpen { dropOpenTransaction() }
  }

  /// A store was opened anew: its partitions are restored. The transaction under way must not send its offsets
  /// once a restore has read the group's position.
  private func loseStore() {
    world.reach(.storeReopened)
    if isCommitting, world.mutation != .storeReopenedWithoutAbandon { committer.abandon() }
    dropOpenTransaction()
  }

  /// Gives up what is prepared; the partitions that are still served are restored anew.
  private func dropOpenTransaction() {
    open = SimulatedTransaction()
    let affected = partitions.keys.sorted()
    for partition in affected { detach(partition) }
    for partition in affected where !leaving.contains(partition) { worker.discarded(partition) }
  }

  private func detach(_ partition: Int32) {
    guard let actor = partitions.removeValue(forKey: partition) else { return }
    worker.lastFetchPosition[partition] = actor.fetchPosition
    if let job = actor.takeDrain(isForced: true) { worker.drainer.submit(job) }
  }

  private func isInFlight(_ actor: SimulatedActor) -> Bool {
    guard partitions[actor.partition] === actor else { return false }
    return sent[actor.partition] === actor || actor.processor.hasOpenCommands
  }

  private func resumeWaiters() {
    let waiting = waiters
    waiters = []
    for waiter in waiting { waiter() }
  }
}
