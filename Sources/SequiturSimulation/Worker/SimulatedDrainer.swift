import PartitionEngine

/// A worker's drain thread: writes committed objects to the stores, one batch after the other.
final class SimulatedDrainer {
  private enum Job {
    case write(SimulatedDrain)
    case barrier(() -> Void)
  }

  private let process: SimulatedProcess
  private var jobs: [Job] = []
  private var isBusy = false

  init(process: SimulatedProcess) {
    self.process = process
  }

  func submit(_ drain: SimulatedDrain) {
    jobs.append(.write(drain))
    turn()
  }

  /// Calls `done` when all drains submitted so far have ended.
  func settle(_ done: @escaping () -> Void) {
    if isBusy { process.world.reach(.restoreWaitedForDrain) }
    jobs.append(.barrier(done))
    turn()
  }

  /// At the end of a world.
  func finishAtOnce() {
    for case .write(let drain) in jobs {
      drain.write()
      drain.actor.processor.finishDrain()
    }
    jobs = []
  }

  func dismantle() { jobs = [] }

  private func turn() {
    guard !isBusy, let job = jobs.first else { return }
    isBusy = true
    let world = process.world
    let delay = if case .write = job { 1 + world.random.below(world.profile.drainDelay) } else { 0 }
    process.after(delay) { [self] in
      guard !jobs.isEmpty else { return }
      jobs.removeFirst()
      isBusy = false
      switch job {
      case .write(let drain): write(drain)
      case .barrier(let done): done()
      }
      turn()
    }
  }

  private func write(_ drain: SimulatedDrain) {
    let world = process.world
    let fails =
      world.now < SimulationProfile.faultsEnd && world.random.chance(perMille: world.profile.drainFailure)
    let isWritten = !fails && process.attempt(.drainWrite) { drain.write() }
    guard !process.isDead else { return }
    if isWritten {
      drain.actor.processor.finishDrain()
    } else {
      world.reach(.drainFailed)
      drain.actor.processor.failDrain()
    }
    let isStoreLost = fails && world.random.chance(perMille: world.profile.storeLoss)
    drain.actor.lane.drainEnded(drain.actor, isStoreLost: isStoreLost)
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
