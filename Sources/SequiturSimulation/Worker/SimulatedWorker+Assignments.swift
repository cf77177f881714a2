/// How far an assigned partition is on its way to being served.
enum SimulatedAssignment {
  case restoring(SimulatedRestore)
  case serving(SimulatedLane)
}

/// As production's `Assignments`.
extension SimulatedWorker {
  func assigned(_ partitions: [Int32]) {
    for partition in partitions where assignments[partition] == nil { restore(partition, isAgain: false) }
  }

  /// Lets partitions go in order; calls `done` when nothing of theirs is under way.
  func revoked(_ partitions: [Int32], done: @escaping () -> Void) {
    guard process.attempt(.revoke, {}) || !process.isDead else { return }
    stop(partitions) { [self] served in
      var missing = 1
      func ended() {
        missing -= 1
        if missing == 0 { done() }
      }
      for lane in lanes {
        guard let numbers = served[lane.index] else { continue }
        missing += 1
        lane.release(numbers, done: ended)
      }
      ended()
    }
  }

  /// Lets partitions go at once: others may own them already.
  func lost(_ partitions: [Int32], done: @escaping () -> Void) {
    stop(partitions) { [self] served in
      if world.mutation != .lostPartitionKept {
        for lane in lanes { if let numbers = served[lane.index] { lane.lose(numbers) } }
      }
      done()
    }
  }

  /// The membership was interrupted, and partitions were kept: all start again from what is committed.
  func interrupted(_ kept: [Int32], done: @escaping () -> Void) {
    guard !kept.isEmpty else { return done() }
    // From the membership's thread to the assignments, and on to the lanes.
    process.after(world.random.below(100)) { [self] in
      lost(kept) { [self] in
        for partition in kept { restore(partition, isAgain: true) }
        done()
      }
    }
  }

  /// A lane gave up what it had prepared for a partition that is still assigned.
  func discarded(_ partition: Int32) {
    guard case .serving? = assignments[partition] else { return }
    restore(partition, isAgain: true)
  }

  /// The commands of a served partition may not be the known ones any more.
  func inputSuspected(_ partition: Int32) {
    guard case .serving(let lane)? = assignments[partition] else { return }
    world.reach(.inputChangeNoticed)
    lane.lose([partition])
    guard case .serving? = assignments[partition] else { return }
    restore(partition, isAgain: true)
  }

  private func restore(_ partition: Int32, isAgain: Bool) {
    let restore = SimulatedRestore(worker: self, partition: partition, isAgain: isAgain)
    assignments[partition] = .restoring(restore)
    restore.start()
  }

  /// A restore has ended well: the partition goes to the lane with the fewest.
  func serve(_ restore: SimulatedRestore, _ restored: SimulatedRestored) {
    var loads = Array(repeating: 0, count: lanes.count)
    for case .serving(let lane) in assignments.values { loads[lane.index] += 1 }
    let lane = lanes[loads.indices.min { loads[$0] < loads[$1] }!]
    if lane.machine.partition(restore.partition) != nil { return world.fail("a partition is served twice") }
    let actor = SimulatedActor(lane: lane, partition: restore.partition, restored: restored)
    if world.mutation == .noSeekAfterDiscard, restore.isAgain,
      let last = lastFetchPosition[restore.partition]
    {
      actor.fetchPosition = last
    }
    inputWatch.begin(restore.partition)
    lane.attach(actor)
    assignments[restore.partition] = .serving(lane)
  }

  /// Removes partitions, cancels their restores, and says which lane serves which.
  private func stop(_ partitions: [Int32], done: @escaping ([Int: [Int32]]) -> Void) {
    var served: [Int: [Int32]] = [:]
    var missing = 1
    func ended() {
      missing -= 1
      if missing == 0 { done(served) }
    }
    for partition in partitions {
      switch assignments.removeValue(forKey: partition) {
      case .restoring(let restore):
        missing += 1
        world.reach(.restoreCancelled)
        restore.cancel(then: ended)
      case .serving(let lane): served[lane.index, default: []].append(partition)
      case nil: break
      }
    }
    ended()
  }
}
