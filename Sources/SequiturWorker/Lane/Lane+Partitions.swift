import PartitionEngine

extension Lane {
  /// Begins to serve a restored partition.
  func attach(_ actor: PartitionActor) {
    machine.attach(actor, at: now)
    // A position that was moved is written down at once, as if a command had led there.
    if actor.hasOpenCommands { machine.processed(1, at: now) }
    // The actor's limit may be stale; resends it on the next turn.
    objectBytesMax = 0
    actor.queue.onArrival { [executor] in executor.notify() }
    executor.notify()
  }

  /// Stops serving partitions: takes in nothing more of them and waits for the transactions that hold their
  /// commands. Returns when they have ended, or some time after `deadline`, when they were given up.
  func release(_ released: [Int32], deadline: ContinuousClock.Instant) async {
    let (id, effects) = machine.release(released, within: deadline - .now)
    await withCheckedContinuation { continuation in
      releases[id] = continuation
      perform(effects)
    }
  }

  /// Gives up everything of partitions that others may own already.
  func lose(_ lost: [Int32]) { perform(machine.lose(lost)) }

  /// Stops serving a partition. What is committed goes to the store with a last drain: nothing would be lost without
  /// it, but a return would replay more.
  func detach(_ actor: PartitionActor) {
    actor.queue.onArrival(nil)
    endsReached[actor.partition] = nil
    drain(actor)
    statistics.removed(actor.partition)
  }

  /// No command stands from a partition's position up to `end`, but control records: the next checkpoint says so.
  func pass(_ number: Int32, from position: Int64, to end: Int64) {
    guard let actor = machine.partition(number), machine.serves(actor), actor.pass(from: position, to: end)
    else { return }
    // As if a command had led there.
    machine.processed(1, at: now)
    executor.notify()
  }

  // MARK: Drains

  /// Hands what waits for a drain to the drainer, unless a drain is under way.
  func drain(_ actor: PartitionActor) {
    if let job = actor.takeDrain(for: self) { drainer.submit(job) }
  }

  func drainEnded(_ actor: PartitionActor, _ ending: DrainEnding) {
    actor.drainEnded(ending)
    perform(machine.drainEnded(actor, isStoreLost: ending == .storeLost))
    activity.undrained(machine.partitions.reduce(0) { $0 + $1.undrainedByteCount })
  }
}
