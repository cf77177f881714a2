import PartitionEngine

/// Performs what `AssignmentMachine` says, as production's `Assignments`.
extension SimulatedWorker {
  func assigned(_ partitions: [Int32]) { begin(assignments.assigned(partitions)) }

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
        begin(assignments.assigned(kept, isAgain: true))
        done()
      }
    }
  }

  /// A lane gave up what it had prepared for a partition that is still assigned. The news may come late.
  func discarded(_ actor: SimulatedActor) {
    newsUnderWay += 1
    process.after(hop) { [self] in
      newsUnderWay -= 1
      let start = assignments.discarded(actor.term)
      if start == nil, restores[actor.term] == nil { world.reach(.lateNewsOfDiscard) }
      begin(start.map { [$0] } ?? [])
    }
  }

  /// The commands of a served partition may not be the known ones any more.
  func inputSuspected(_ partition: Int32) {
    guard let term = assignments.term(serving: partition), let lane = lane(serving: partition) else { return }
    world.reach(.inputChangeNoticed)
    lane.lose([partition])
    begin(assignments.discarded(term).map { [$0] } ?? [])
  }

  func lane(serving partition: Int32) -> SimulatedLane? {
    assignments.lane(serving: partition).map { lanes[$0] }
  }

  /// Whether the partition is assigned, and not served yet, or refused.
  func isRestoring(_ partition: Int32) -> Bool {
    assignments.partitions.contains(partition) && assignments.lane(serving: partition) == nil
  }

  private func begin(_ starts: [AssignmentMachine.Start]) {
    for start in starts {
      let restore = SimulatedRestore(worker: self, start)
      restores[start.term] = restore
      restore.start()
    }
  }

  /// A restore has ended well: its lane gets the partition.
  func serve(_ restore: SimulatedRestore, _ restored: SimulatedRestored) {
    guard let index = assignments.restored(restore.term) else { return restore.end() }
    let lane = lanes[index]
    let actor = SimulatedActor(lane: lane, term: restore.term, restored: restored)
    if world.mutation == .noSeekAfterDiscard, restore.isAgain,
      let last = lastFetchPosition[restore.partition]
    {
      actor.fetchPosition = last
    }
    inputWatch.begin(restore.partition)
    // To the lane's thread, and back.
    process.after(hop) { [self] in
      if lane.machine.partition(restore.partition) != nil { return world.fail("a partition is served twice") }
      lane.attach(actor)
      process.after(hop) { [self] in
        switch assignments.attached(restore.term) {
        case .serving: break
        case .leaving: world.reach(.leftWhileAttached)
        case .restoresAgain(let start):
          world.reach(.discardedWhileAttached)
          begin([start])
        }
        restore.end()
      }
    }
  }

  /// A restore failed: it is made again after a pause.
  func failed(_ restore: SimulatedRestore) {
    guard case .again(_, let pause, _) = assignments.failed(restore.term, isClientStuck: false) else {
      return restore.end()
    }
    process.after(pause.milliseconds) { restore.start() }
  }

  /// A refused partition stays assigned and is not served. A real worker ends when it has no other.
  func refused(_ restore: SimulatedRestore, _ fault: RestoreFault) {
    _ = assignments.refused(restore.term, fault)
    restore.end()
  }

  /// Removes partitions, cancels their restores, and says which lane serves which.
  private func stop(_ partitions: [Int32], done: @escaping ([Int: [Int32]]) -> Void) {
    var removal = assignments.removed(partitions)
    var missing = 1
    func ended() {
      missing -= 1
      if missing == 0 { done(removal.served) }
    }
    for term in removal.cancelled {
      missing += 1
      world.reach(.restoreCancelled)
      let stopped = { [self] in
        if let lane = assignments.ended(term) { removal.served[lane, default: []].append(term.partition) }
        ended()
      }
      if let restore = restores[term] { restore.cancel(then: stopped) } else { stopped() }
    }
    ended()
  }

  /// Milliseconds from one thread to another: mostly none.
  private var hop: Int { world.random.chance(perMille: 900) ? 0 : world.random.within(1...40) }
}
