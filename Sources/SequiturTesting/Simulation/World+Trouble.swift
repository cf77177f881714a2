/// What happens to workers and brokers of itself, besides the faults at their steps.
extension World {
  func scheduleTrouble() {
    for _ in 0..<random.below(6) {
      let time = random.within(300...(SimulationProfile.faultsEnd - 500))
      after(time) { [unowned self] in strike() }
    }
    if random.chance(perMille: 150) {
      after(random.within(2500...4500)) { [unowned self] in stopAllUntilOffsetsExpire() }
    }
  }

  private func strike() {
    let alive = workers.filter { !$0.process.isDead }
    guard !alive.isEmpty else { return }
    let worker = random.pick(alive)
    switch random.below(8) {
    case 0, 1: crash(worker.process)
    case 2, 3:
      let duration = random.within(50...3000)
      note("\(worker.process.name) stands still for \(duration) ms")
      worker.process.hang(for: duration)
      after(duration) { [unowned self] in reach(.zombieResumed) }
    case 4 where !worker.hasSuccessor: replaceHanging(worker)
    case 5 where !worker.hasSuccessor:
      // Before it stops: should it crash while it leaves, its supervisor has one successor for it, not two.
      let successor = worker.successor(disk: worker.disk)
      worker.stop()
      start(successor, after: random.within(100...1500))
    case 6:
      let duration = random.within(100...800)
      note("no broker answers for \(duration) ms")
      outageEnd = now + duration
    default:
      guard workers.count < 8 else { return }
      let name = "w\(workers.count)"
      start(
        SimulatedWorker(
          world: self, name: name, instance: profile.isStatic ? name : nil,
          disk: SimulatedDisk(world: self, partitions: profile.partitions)), after: 0)
    }
  }

  /// kill -9, and a start on the same disk some time later.
  func crash(_ process: SimulatedProcess) {
    guard let worker = workers.first(where: { $0.process === process }), !process.isDead else { return }
    note("\(process.name) crashes")
    if worker.lanes.contains(where: { $0.isCommitting }) { reach(.crashWhileCommitting) }
    process.die()
    if worker.disk.crash() { reach(.crashBeforeFlush) }
    if !worker.hasSuccessor {
      start(worker.successor(disk: worker.disk), after: random.within(50...2500))
    }
  }

  /// A supervisor takes a process that stands still for dead and starts another one with the same instance
  /// id; then the first one goes on.
  private func replaceHanging(_ worker: SimulatedWorker) {
    let duration = random.within(300...2500)
    note("\(worker.process.name) stands still for \(duration) ms and is replaced")
    worker.process.hang(for: duration)
    after(duration) { [unowned self] in reach(.zombieOfReplacedMember) }
    start(
      worker.successor(disk: SimulatedDisk(world: self, partitions: profile.partitions)),
      after: random.within(20...200))
  }

  /// All workers are away for so long that the group's offsets expire.
  private func stopAllUntilOffsetsExpire() {
    note("all workers are killed, and the group's offsets expire")
    var successors: [SimulatedWorker] = []
    for worker in workers where !worker.process.isDead {
      worker.process.die()
      _ = worker.disk.crash()
      if !worker.hasSuccessor { successors.append(worker.successor(disk: worker.disk)) }
    }
    after(5000) { [unowned self] in kafka.group.expireOffsets() }
    for successor in successors { start(successor, after: 5100) }
  }

  private func start(_ worker: SimulatedWorker, after delay: Int) {
    workers.append(worker)
    after(delay) { worker.start() }
  }
}
