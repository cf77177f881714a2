import PartitionEngine

/// A worker's drain thread: writes committed objects to the stores, one batch after the other, as production's `Drainer`.
final class SimulatedDrainer {
  private let process: SimulatedProcess
  private var machine = DrainMachine<SimulatedDrain>(
    retryInterval: .milliseconds(10), reopenInterval: .milliseconds(200))
  private var settling: [Int32: [() -> Void]] = [:]
  /// The drain that is being written.
  private var current: SimulatedDrain?

  init(process: SimulatedProcess) {
    self.process = process
  }

  func submit(_ drain: SimulatedDrain) {
    machine.submitted(drain, of: drain.actor.partition)
    turn()
  }

  /// Calls `done` when all drains of the partition have ended.
  func settle(_ partition: Int32, _ done: @escaping () -> Void) {
    guard !machine.isSettled(partition) else { return done() }
    process.world.reach(.restoreWaitedForDrain)
    settling[partition, default: []].append(done)
  }

  /// At the end of a world.
  func finishAtOnce() {
    while let drain = current ?? machine.next() {
      current = nil
      drain.write()
      drain.actor.processor.finishDrain()
    }
  }

  func dismantle() {
    settling = [:]
    current = nil
    while machine.next() != nil {}
  }

  private func turn() {
    guard current == nil, let drain = machine.next() else { return }
    current = drain
    process.after(1 + process.world.random.below(process.world.profile.drainDelay)) { [self] in
      if current != nil { write(drain) }
    }
  }

  private func write(_ drain: SimulatedDrain) {
    let world = process.world
    let fails =
      world.now < SimulationProfile.faultsEnd && world.random.chance(perMille: world.profile.drainFailure)
    let isWritten = !fails && process.attempt(.drainWrite) { drain.write() }
    guard !process.isDead else { return }
    guard !isWritten else {
      _ = machine.written()
      return end(drain, .written)
    }
    world.reach(.drainFailed)
    let isDamage = fails && world.random.chance(perMille: world.profile.storeLoss)
    switch machine.failed(isDamage ? .damage : .other, at: .milliseconds(world.now), hasRoom: true).verdict {
    case .storeLost, .reopen: end(drain, .storeLost)
    case .retry(let pause):
      process.after(pause.milliseconds) { [self] in
        if current != nil { end(drain, .failed) }
      }
    }
  }

  private func end(_ drain: SimulatedDrain, _ ending: DrainEnding) {
    let actor = drain.actor
    switch ending {
    case .written: actor.processor.finishDrain()
    case .failed, .storeLost: actor.processor.failDrain()
    }
    actor.lane.drainEnded(actor, isStoreLost: ending == .storeLost)
    if machine.ended(actor.partition) {
      for done in settling.removeValue(forKey: actor.partition) ?? [] { done() }
    }
    current = nil
    turn()
  }
}

/// One drain of a partition on its way to the store.
struct SimulatedDrain {
  let actor: SimulatedActor
  let changes: [StoreChange]
  let position: DrainPosition

  func write() {
    actor.lane.worker.world.checkClean(actor.partition, changes)
    if let stored = actor.store.current.position?.changelogOffset, stored > position.changelogOffset {
      actor.lane.worker.world.fail(
        "a drain takes the store of partition \(actor.partition) back from \(stored) to \(position.changelogOffset)"
      )
    }
    actor.store.write(changes, position: position.stored)
  }
}
