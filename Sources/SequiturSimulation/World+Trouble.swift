/// What happens to workers and brokers of itself, besides the faults at their steps.
extension World {
  func scheduleTrouble() {
    for _ in 0..<profile.strikes {
      let time = random.within(300...(SimulationProfile.faultsEnd - 500))
      after(time) { [unowned self] in strike() }
    }
    if profile.isCompacted { after(random.within(200...1500)) { [unowned self] in compact() } }
    if let damage = profile.damage {
      return after(random.within(2000...4000)) { [unowned self] in damageChangelog(damage) }
    }
    if let damage = profile.inputDamage, profile.damagesInputWhileRunning {
      // All commands are sent by then: what comes later would be another one where one stood.
      return after(random.within(5000...5900)) { [unowned self] in damageInputWhileRunning(damage) }
    }
    if let damage = profile.inputDamage {
      return after(random.within(2000...4000)) { [unowned self] in damageInputWhileStopped(damage) }
    }
    if random.chance(perMille: 150) {
      after(random.within(2500...4500)) { [unowned self] in stopAllUntilOffsetsExpire() }
    }
  }

  private func compact() {
    guard now < SimulationProfile.faultsEnd else { return }
    for partition in 0..<Int32(profile.partitions) where !damagedPartitions.contains(partition) {
      // The checks know what was there.
      committed[Int(partition)].decode()
      if kafka.log(.changelog, partition).compact() > 0 {
        note("changelog/\(partition) was compacted")
        reach(.changelogCompacted)
      }
    }
    after(random.within(200...1500)) { [unowned self] in compact() }
  }

  /// Kills all workers, damages one changelog partition, and starts them again: what was committed there must never
  /// be missing from what is served.
  private func damageChangelog(_ damage: ChangelogDamage) {
    note("all workers are killed")
    crashAll(startingAfter: 1500)
    after(1400) { [unowned self] in
      let partition = Int32(random.below(profile.partitions))
      let isServed = workers.contains { !$0.process.isDead && $0.disk.owner === $0.process }
      guard !isServed, committed[Int(partition)].position != nil,
        !kafka.log(.changelog, partition).hasOpenTransactions
      else { return }
      committed[Int(partition)].decode()
      damagedPartitions.insert(partition)
      if profile.isOldVersion {
        for worker in workers { worker.disk.stores[Int(partition)].forgetChangelog() }
      }
      note("changelog/\(partition) is \(damage)")
      switch damage {
      case .truncated: kafka.log(.changelog, partition).truncate()
      case .recreated: kafka.log(.changelog, partition).recreate()
      case .replaced: replaceChangelog(of: partition)
      }
    }
  }

  private func strike() {
    let alive = workers.filter { !$0.process.isDead }
    guard !alive.isEmpty else { return }
    let worker = random.pick(alive)
    let often = SimulationTrouble.allCases.filter { profile.troubles.contains($0) }.flatMap(\.strikes)
    switch random.pick(often.isEmpty ? SimulationStrike.allCases : often) {
    case .crash: crash(worker.process, isPowerLost: random.chance(perMille: 400))
    case .standstill: standStill(worker)
    case .replacement: if !worker.hasSuccessor { replaceHanging(worker) }
    case .restart: if !worker.hasSuccessor { restart(worker) }
    case .outage:
      let duration = random.within(100...800)
      note("no broker answers for \(duration) ms")
      outageEnd = now + duration
    case .join: join()
    case .groupCoordinatorMoves: moveEnds[.group] = now + random.within(50...800)
    case .transactionCoordinatorMoves: moveEnds[.transaction] = now + random.within(50...800)
    case .cutOff:
      let duration = random.within(100...2500)
      note("\(worker.process.name) is cut off for \(duration) ms")
      worker.process.cutOff(for: duration)
    }
  }

  private func standStill(_ worker: SimulatedWorker) {
    let duration = random.within(50...3000)
    note("\(worker.process.name) stands still for \(duration) ms")
    worker.process.hang(for: duration)
    after(duration) { [unowned self] in reach(.zombieResumed) }
  }

  private func restart(_ worker: SimulatedWorker) {
    // Made before the worker stops: should it crash while it leaves, it has one successor, not two.
    let successor = worker.successor(disk: worker.disk)
    worker.stop()
    start(successor, after: random.within(100...1500))
  }

  private func join() {
    guard workers.count < 8 else { return }
    let name = "w\(workers.count)"
    start(
      SimulatedWorker(
        world: self, name: name, instance: profile.isStatic ? name : nil,
        disk: newDisk()), after: 0)
  }

  /// kill -9 or worse, and a start on the same disk some time later.
  func crash(_ process: SimulatedProcess, isPowerLost: Bool = false) {
    guard let worker = workers.first(where: { $0.process === process }), !process.isDead else { return }
    note("\(process.name) \(isPowerLost ? "loses power" : "crashes")")
    if worker.lanes.contains(where: \.machine.isCommitting) { reach(.crashWhileCommitting) }
    process.die()
    // One that waits for the directory's lock has written nothing.
    if worker.disk.owner === process { isPowerLost ? worker.disk.losePower() : worker.disk.crash() }
    let isReplaced = workers.contains { $0.baseName == worker.baseName && !$0.process.isDead }
    if !isReplaced { start(worker.successor(disk: worker.disk), after: random.within(50...2500)) }
  }

  /// Somebody starts a worker again when the last one has ended, whatever for.
  func keepOneWorker() {
    guard let last = workers.last, workers.allSatisfy(\.process.isDead) else { return }
    start(last.successor(disk: last.disk), after: random.within(50...500))
  }

  /// A supervisor takes a process that stands still for dead and starts another one with the same instance
  /// id; then the first one goes on.
  private func replaceHanging(_ worker: SimulatedWorker) {
    let duration = random.within(300...2500)
    note("\(worker.process.name) stands still for \(duration) ms and is replaced")
    worker.process.hang(for: duration)
    after(duration) { [unowned self] in reach(.zombieOfReplacedMember) }
    start(
      worker.successor(disk: newDisk()),
      after: random.within(20...200))
  }

  /// All workers are away for so long that the group's offsets expire.
  private func stopAllUntilOffsetsExpire() {
    note("all workers are killed, and the group's offsets expire")
    crashAll(startingAfter: 5100)
    after(5000) { [unowned self] in kafka.group.expireOffsets() }
  }

  func crashAll(startingAfter delay: Int) {
    var successors: [SimulatedWorker] = []
    for worker in workers where !worker.process.isDead {
      worker.process.die()
      if worker.disk.owner === worker.process { worker.disk.crash() }
      if !worker.hasSuccessor { successors.append(worker.successor(disk: worker.disk)) }
    }
    for successor in successors { start(successor, after: delay) }
  }

  private func start(_ worker: SimulatedWorker, after delay: Int) {
    workers.append(worker)
    after(delay) { worker.start() }
  }
}
