import PartitionEngine

/// A worker's membership in the group: heartbeats, joins, and the callbacks of a rebalance.
final class SimulatedMembership {
  private unowned let worker: SimulatedWorker
  private var process: SimulatedProcess { worker.process }
  private var world: World { worker.world }
  private var group: SimulatedGroup { worker.world.kafka.group }

  /// The membership of this moment; `nil`: there is none.
  private(set) var metadata: GroupMetadata?
  private var standing = StandingMachine()
  /// The first one there was, for a mutation.
  private(set) var firstMetadata: GroupMetadata?
  private var member: Int?
  private var owned: Set<Int32> = []
  private var isRebalancing = false
  private var isLeaving = false
  private var isBeating = false
  /// Callbacks come one after the other, on the thread that polls: a loss waits for the one before to return.
  private var isCalledBack = false
  private var isLossDue = false
  private var isInterrupting = false
  /// Joins count, so that the answer to one that was given up is not taken for another's.
  private var joins = 0

  init(worker: SimulatedWorker) {
    self.worker = worker
  }

  /// The membership to send with offsets: that of this moment, once its assignment was told.
  var confirmedMetadata: GroupMetadata? {
    guard let metadata, standing.confirms(StandingMachine.Standing(metadata)) else { return nil }
    return metadata
  }

  private var now: StandingMachine.Standing? { metadata.map { StandingMachine.Standing($0) } }

  /// A zombie that has not heard of its loss yet is not stable.
  var isStable: Bool { !isRebalancing && metadata.map { group.check($0) == nil } ?? false }

  func join() {
    guard !isLeaving else { return }
    isRebalancing = true
    joins += 1
    let join = joins
    if !isBeating {
      isBeating = true
      beat()
    }
    // A join that gets no answer is made again; the coordinator answers the newest.
    process.after(World.rebalanceTimeout * 2) { [self] in
      if joins == join, isRebalancing, metadata == nil || !isStable { retry(join) }
    }
    guard !process.isDead else { return }
    let (member, instance, owned) = (self.member, worker.instance, self.owned)
    let (there, back) = (world.latency(), world.latency())
    switch world.fault(at: .join, of: process) {
    case .requestLost, .retriableError: return process.after(World.callTimeout) { [self] in retry(join) }
    case .crashBefore: return world.crash(process)
    case .powerLost: return world.crash(process, isPowerLost: true)
    case .hang, .standstillBefore: process.hang(for: world.random.within(50...2500))
    case .crashAfter, .responseLost, .clientFailed, nil: break
    }
    world.after(there) { [self] in
      group.join(member, instance: instance, owned: owned) { [self] answer in
        process.after(back) { [self] in joined(answer, join) }
      }
    }
  }

  private func retry(_ join: Int) {
    guard joins == join, !isLeaving else { return }
    self.join()
  }

  private func joined(_ answer: Result<SimulatedGroup.Joined, BrokerError>, _ join: Int) {
    guard joins == join, !isLeaving else { return }
    switch answer {
    case .success(let joined):
      member = joined.metadata.member
      metadata = joined.metadata
      if firstMetadata == nil { firstMetadata = metadata }
      take(joined.partitions)
    case .failure(.fencedInstance): refused()
    case .failure: lose()
    }
  }

  /// What was taken away first, then what was added (KIP-429); after a revoke the member joins again.
  private func take(_ partitions: Set<Int32>) {
    let revoked = owned.subtracting(partitions).sorted()
    let added = partitions.subtracting(owned).sorted()
    world.note("\(process.name) has \(partitions.sorted()) in generation \(metadata?.generation ?? -1)")
    guard !revoked.isEmpty else {
      return assign(partitions, added: added) { [self] in isRebalancing = false }
    }
    joins += 1
    let join = joins
    revoke(revoked) { [self] in
      guard joins == join else { return }
      assign(partitions, added: added) { [self] in if joins == join { self.join() } }
    }
  }

  private func assign(_ partitions: Set<Int32>, added: [Int32], done: @escaping () -> Void) {
    let (now, join) = (now, joins)
    let kept = owned.intersection(partitions).sorted()
    owned = partitions
    guard standing.assigned(under: now), world.mutation != .keptAfterInterruption else {
      standing.settled(under: now)
      worker.assigned(added)
      return done()
    }
    if world.mutation == .confirmedBeforeGivenUp { standing.settled(under: now) }
    if !kept.isEmpty { world.reach(.membershipInterrupted) }
    isCalledBack = true
    isInterrupting = true
    worker.interrupted(kept) { [self] in
      isInterrupting = false
      if isLeaving { return giveBack() }
      guard !endCallback(), joins == join else { return }
      standing.settled(under: now)
      worker.assigned(added)
      done()
    }
  }

  // MARK: Heartbeats

  private func beat() {
    process.after(World.heartbeatInterval) { [self] in
      if let metadata {
        process.call(.heartbeat) { [self] in
          group.heartbeat(metadata)
        } _: { [self] answer in
          if self.metadata == metadata { heard(answer) }
        }
      }
      beat()
    }
  }

  private func heard(_ answer: Result<Bool, BrokerError>) {
    switch answer {
    case .success(true) where !isRebalancing && !isLeaving: rebalance()
    case .success, .failure(.timedOut), .failure(.coordinatorLoading), .failure(.clientFailed): break
    case .failure(.fencedInstance): refused()
    case .failure: lose()
    }
  }

  /// Eager: everything is given back before joining. Cooperative: joins with what it has.
  private func rebalance() {
    isRebalancing = true
    guard !group.isCooperative else { return join() }
    joins += 1
    let join = joins
    revoke(owned.sorted()) { [self] in
      guard joins == join, metadata != nil else { return }
      owned = []
      self.join()
    }
  }

  private func revoke(_ partitions: [Int32], done: @escaping () -> Void) {
    isCalledBack = true
    let release = standing.revoked(under: now) ? worker.revoked : worker.lost
    release(partitions) { [self] in
      if !endCallback() { done() }
    }
  }

  /// Ends a callback; whether a loss was waiting for that.
  private func endCallback() -> Bool {
    isCalledBack = false
    guard isLossDue else { return false }
    isLossDue = false
    lose()
    return true
  }

  /// Others may own everything already.
  private func lose() {
    guard !isLeaving else { return }
    world.note("\(process.name) lost its membership")
    // librdkafka does not report a loss while a rebalance is under way: the member joins anew and keeps what it has.
    let isTold = !world.random.chance(perMille: world.profile.silentLosses)
    guard !group.isCooperative || isCalledBack || owned.isEmpty || isTold else {
      metadata = nil
      member = nil
      return join()
    }
    standing.lost()
    if !owned.isEmpty { world.reach(.partitionsLost) }
    metadata = nil
    member = nil
    joins += 1
    isLossDue = isCalledBack
    guard !isCalledBack else { return }
    let (lost, join) = (owned.sorted(), joins)
    owned = []
    isRebalancing = true
    worker.lost(lost) { [self] in
      guard joins == join else { return }
      self.join()
    }
  }

  /// Another process took the instance id: this one can never be a member again.
  private func refused() {
    world.reach(.membershipRefused)
    world.note("\(process.name) ends: its instance id was taken")
    process.die()
  }

  func leave() {
    isLeaving = true
    joins += 1
    if !isInterrupting { giveBack() }
  }

  private func giveBack() {
    worker.revoked(owned.sorted()) { [self] in
      // Static members do not leave: the group waits for them until their session is over (KIP-345).
      guard let member, worker.instance == nil else { return process.die() }
      process.call(.leave) { [self] in
        .success(group.leave(member))
      } _: { [self] _ in
        process.die()
      }
    }
  }
}

extension StandingMachine.Standing {
  fileprivate init(_ metadata: GroupMetadata) {
    self.init(memberID: String(metadata.member), generation: metadata.generation)
  }
}
