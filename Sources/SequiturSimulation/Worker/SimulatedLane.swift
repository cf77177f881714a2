import PartitionEngine
import Sequitur

/// A lane with one transactional producer, serving several partitions: performs what its machine says.
final class SimulatedLane {
  unowned let worker: SimulatedWorker
  let index: Int
  private var process: SimulatedProcess { worker.process }
  private var world: World { worker.world }
  let committer: SimulatedCommitter
  private(set) var machine: LaneMachine<SimulatedActor>
  private let limits: Limits
  private var open = SimulatedTransaction()
  private var releases: [Int: () -> Void] = [:]
  private var isTurnDue = false
  private var isLookDue = false

  init(worker: SimulatedWorker, index: Int, transactionalID: String) {
    self.worker = worker
    self.index = index
    let profile = worker.world.profile
    var limits = Limits()
    limits.transactionCommandsMax = profile.commandsPerTransaction
    limits.undrainedAgeMax = .milliseconds(profile.undrainedAge)
    limits.undrainedBytesMax = profile.undrainedBytes
    self.limits = limits
    machine = LaneMachine(limits: limits, abandonGrace: .milliseconds(profile.abandonGrace))
    committer = SimulatedCommitter(worker: worker, transactionalID: transactionalID)
  }

  var isQuiet: Bool { !machine.isCommitting && machine.openCommands == 0 && !machine.isReleasing }

  private var now: Duration { .milliseconds(world.now) }

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
    if machine.beginTurn(outputBytes: open.output.memoryByteCount, at: now) {
      takeIn()
    } else if machine.room > 0 {
      world.reach(.storeBehind)
    }
    sendIfDue()
    for actor in machine.takeDueDrains(at: now) { drain(actor) }
    guard machine.waits else { return wake() }
    lookAgain()
  }

  private func takeIn() {
    while let actor = machine.nextPartition() {
      let log = world.kafka.log(.commands, actor.partition)
      let answer = log.read(
        from: actor.fetchPosition, max: min(machine.room, world.random.within(1...6)), isCommittedOnly: true)
      guard case .success(let fetched) = answer else {
        // The client says that the position lies outside of the topic.
        if world.mutation != .inputNotWatched { worker.inputSuspected(actor.partition) }
        continue
      }
      guard !fetched.records.isEmpty else { continue }
      let count = actor.process(fetched, into: &open.output)
      machine.took(isFull: actor.fetchPosition < log.highWatermark)
      return machine.processed(count, at: now)
    }
  }

  /// What waits for a drain is looked at from time to time.
  private func lookAgain() {
    guard !isLookDue, machine.partitions.contains(where: { $0.undrainedByteCount > 0 }) else { return }
    isLookDue = true
    process.after(world.random.within(1...max(world.profile.undrainedAge / 4, 10))) { [self] in
      isLookDue = false
      turn()
    }
  }

  private func sendIfDue() {
    let reason = machine.reasonToSend(outputBytes: open.output.memoryByteCount, hasRest: false, at: now)
    guard reason != nil else { return }
    machine.send()
    for actor in machine.sent { open.parts.append(actor.seal(into: &open.output)) }
    let full = open
    open = SimulatedTransaction()
    if world.mutation == .drainBeforeCommit { full.writeStates(to: worker) }
    committer.submit(full, next: { [unowned self] in open }) { [self] in ended(isCommitted: $0) }
  }

  private func ended(isCommitted: Bool) {
    let isKept = world.mutation == .overlayKeptAfterAbort
    if isCommitted {
      if machine.openCommands > 0 { world.reach(.nextPreparedWhileCommitting) }
      for actor in machine.sent {
        actor.commit(checkpointOffset: committer.checkpointOffsets[actor.partition])
      }
    } else if isKept {
      for actor in machine.sent { actor.commit(checkpointOffset: nil) }
    } else {
      world.reach(.transactionDiscarded)
    }
    perform(machine.transactionEnded(isCommitted: isCommitted || isKept))
    wake()
  }

  func dismantle() {
    releases = [:]
    machine = LaneMachine(limits: limits, abandonGrace: .milliseconds(world.profile.abandonGrace))
    committer.dismantle()
  }

  // MARK: Partitions come and go

  func attach(_ actor: SimulatedActor) {
    machine.attach(actor, at: now)
    if actor.hasOpenCommands { machine.processed(1, at: now) }
    wake()
  }

  /// Stops serving partitions; calls `done` when nothing of theirs is under way, or some time after the budget.
  func release(_ released: [Int32], done: @escaping () -> Void) {
    let (id, effects) = machine.release(released, within: .milliseconds(world.profile.revokeBudget))
    releases[id] = done
    perform(effects)
    if world.mutation == .revokeDoesNotWait { for _ in 0..<2 { perform(machine.reminded(id)) } }
    wake()
  }

  /// No command stands from a partition's position up to `end`, but control records.
  func pass(_ partition: Int32, from position: Int64, to end: Int64) {
    guard let actor = machine.partition(partition), machine.serves(actor),
      actor.processor.pass(from: position, to: end)
    else { return }
    world.reach(.controlRecordsPassed)
    machine.processed(1, at: now)
    wake()
  }

  /// Gives up everything of partitions that others may own already.
  func lose(_ lost: [Int32]) { perform(machine.lose(lost)) }

  func drainEnded(_ actor: SimulatedActor, isStoreLost: Bool) {
    if isStoreLost { world.reach(.storeReopened) }
    perform(machine.drainEnded(actor, isStoreLost: isStoreLost))
    wake()
  }

  private func perform(_ effects: [LaneMachine<SimulatedActor>.Effect]) {
    for effect in effects {
      switch effect {
      case .dropOpenTransaction: open = SimulatedTransaction()
      case .abandon(let cause): abandon(cause)
      case .detach(let actor):
        worker.lastFetchPosition[actor.partition] = actor.fetchPosition
        drain(actor)
      case .restore(let actor): worker.discarded(actor)
      case .remind(let id, let delay):
        process.after(delay.milliseconds) { [self] in perform(machine.reminded(id)) }
      case .released(let id): releases.removeValue(forKey: id)?()
      }
    }
  }

  private func abandon(_ cause: LaneMachine<SimulatedActor>.Cause) {
    switch (cause, world.mutation) {
    case (.overdue, .revokeDoesNotWait): return
    case (.overdue, _): world.reach(.abandonedWhileCommitting)
    case (.released, let mutation):
      world.reach(.lateTransaction)
      if mutation == .lateTransactionNotAbandoned || mutation == .revokeDoesNotWait { return }
    case (.storeLost, .storeReopenedWithoutAbandon): return
    case (.lost, _), (.storeLost, _): break
    }
    committer.abandon()
  }

  private func drain(_ actor: SimulatedActor) {
    if let drain = actor.takeDrain() { worker.drainer.submit(drain) }
  }
}
