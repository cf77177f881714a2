import PartitionEngine

extension Lane {
  /// Begins to serve a restored partition.
  func attach(_ actor: PartitionActor) {
    precondition(partitions[actor.partition] == nil, "partition \(actor.partition) is served twice")
    partitions[actor.partition] = actor
    rotation.insert(actor.partition)
    actor.queue.onArrival { [executor] in executor.notify() }
    executor.notify()
  }

  /// Stops serving partitions: takes in nothing more of them and waits for the transactions that hold their
  /// commands. Returns when they have ended, or some time after `deadline`, when they were given up.
  ///
  /// A transaction that is given up may still be committed if its commit was already on its way. That is
  /// right: its offsets were accepted under the old generation, so the next owner's restore waits for it.
  func release(_ released: [Int32], deadline: ContinuousClock.Instant) async {
    let giveUp = Task {
      try await Task.sleep(until: deadline)
      committer?.abandon()
      try await Task.sleep(for: LaneLimits.abandonGrace)
      resumeWaiters()
    }
    defer { giveUp.cancel() }
    let actors = released.compactMap { partitions[$0] }
    leaving.formUnion(released)
    let end = deadline + LaneLimits.abandonGrace
    while actors.contains(where: { isInFlight($0) }), ContinuousClock.now < end {
      await withCheckedContinuation { waiters.append($0) }
    }
    // Else the last drain could not be taken, and a return would replay what this one leaves out.
    while actors.contains(where: { $0.isDraining }), ContinuousClock.now < end { await drainer.settle() }
    // One that was sealed after the deadline was not given up yet: its offsets must not be sent under the next
    // generation, where they would be accepted.
    if actors.contains(where: { sent[$0.partition] === $0 }) { committer?.abandon() }
    let isGivenUp = actors.contains { partitions[$0.partition] === $0 && $0.hasOpenCommands }
    for actor in actors where partitions[actor.partition] === actor { detach(actor.partition) }
    leaving.subtract(released)
    if isGivenUp { dropOpenTransaction() }
  }

  /// Gives up everything of partitions that others may own already.
  func lose(_ lost: [Int32]) {
    let isOpen = lost.contains { partitions[$0]?.hasOpenCommands ?? false }
    let isSent = lost.contains { sent[$0] != nil }
    for partition in lost { detach(partition) }
    if isSent || isOpen { dropOpenTransaction() }
  }

  /// Gives up what is prepared and what is with the committer. The partitions that are still served start again
  /// from their restored state, since their records stand among others' that will never be sent; those that are
  /// being released have nothing more to wait for.
  func dropOpenTransaction() {
    open.removeAll()
    openRejections = [:]
    // What is under way may hold the same partitions: were it sent after their restore has read the group's
    // position, its commands would be processed again.
    if isCommitting { committer?.abandon() }
    let affected = partitions.values.sorted { $0.partition < $1.partition }
    for actor in affected { detach(actor.partition) }
    for actor in affected where !leaving.contains(actor.partition) { events.discarded(actor) }
    resumeWaiters()
  }

  /// Shares the memory for objects out over the partitions.
  func setObjectBytesMax(_ limit: Int) {
    for actor in partitions.values { actor.setObjectBytesMax(limit) }
  }

  /// Stops serving a partition, whatever is under way. What is committed goes to the store with a last drain:
  /// nothing would be lost without it, but a return would replay more.
  private func detach(_ partition: Int32) {
    guard let actor = partitions.removeValue(forKey: partition) else { return }
    rotation.remove(partition)
    actor.queue.onArrival(nil)
    stale.insert(partition)
    endsReached[partition] = nil
    if let job = actor.takeDrain(ifOver: 0, orOlderThan: .zero) { drainer.submit(job) }
    statistics.removed(partition)
  }

  private func isInFlight(_ actor: PartitionActor) -> Bool {
    guard partitions[actor.partition] === actor else { return false }
    return sent[actor.partition] === actor || actor.hasOpenCommands
  }
}
