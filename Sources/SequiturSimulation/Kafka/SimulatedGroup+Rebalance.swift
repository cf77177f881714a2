/// Members come and go.
extension SimulatedGroup {
  /// JoinGroup; `member` is `nil` for a newcomer. The answer comes later.
  func join(
    _ member: Int?, instance: String?, owned: Set<Int32>,
    answer: @escaping (Result<Joined, BrokerError>) -> Void
  ) {
    if let member, fenced.contains(member) { return answer(.failure(.fencedInstance)) }
    if let member {
      guard let index = members.firstIndex(where: { $0.id == member }) else {
        return answer(.failure(.unknownMember))
      }
      members[index].owned = owned
      members[index].answer = answer
      members[index].lastHeard = world.now
      prepare()
    } else if let instance, let index = members.firstIndex(where: { $0.instance == instance }) {
      replace(index, instance, answer)
    } else {
      members.append(
        Member(id: newMember(), instance: instance, owned: [], lastHeard: world.now, answer: answer))
      prepare()
    }
    completeWhenAllJoined()
  }

  /// A static member came back under a new member id: the old one is fenced, and in a stable group nothing
  /// moves (KIP-345).
  private func replace(
    _ index: Int, _ instance: String, _ answer: @escaping (Result<Joined, BrokerError>) -> Void
  ) {
    let old = members.remove(at: index)
    fenced.insert(old.id)
    old.answer?(.failure(.fencedInstance))
    var new = Member(
      id: newMember(), instance: instance, owned: old.owned, lastHeard: world.now, answer: nil)
    if joinDeadline == nil {
      world.reach(.staticMemberReturned)
      generationOfReturn = generation
      members.append(new)
      answer(.success(metadata(of: new)))
    } else {
      // A new process owns nothing, and says so.
      new.owned = []
      new.answer = answer
      members.append(new)
    }
  }

  /// Heartbeat: success says whether the member must join again.
  func heartbeat(_ metadata: GroupMetadata) -> Result<Bool, BrokerError> {
    if fenced.contains(metadata.member) { return .failure(.fencedInstance) }
    guard let index = members.firstIndex(where: { $0.id == metadata.member }) else {
      return .failure(.unknownMember)
    }
    guard metadata.generation == generation else { return .failure(.illegalGeneration) }
    members[index].lastHeard = world.now
    return .success(joinDeadline != nil)
  }

  func leave(_ member: Int) {
    guard let index = members.firstIndex(where: { $0.id == member }) else { return }
    members.remove(at: index)
    world.note("member \(member) left")
    if !members.isEmpty { prepare() }
    completeWhenAllJoined()
  }

  func expireMembers() {
    for member in members where member.answer == nil && world.now - member.lastHeard > World.sessionTimeout {
      world.reach(.memberEvicted)
      leave(member.id)
    }
    guard let joinDeadline, world.now >= joinDeadline else { return }
    // Dynamic members that did not join are removed; static ones stay until their session ends (KIP-345).
    members.removeAll { $0.answer == nil && $0.instance == nil }
    complete()
  }

  /// Ends a state that Kafka leaves alone: nobody owns a partition, and the group is stable.
  ///
  /// Under `cooperative-sticky` a member that gave partitions up joins again, and only then others get them
  /// (KIP-429). If it dies in between and comes back as the static member that it was, the coordinator hands it
  /// its old assignment without a rebalance (KIP-345), and nobody knows of the second one. Any next rebalance
  /// mends it; after a while somebody adds or restarts a worker.
  func findOwners() {
    let owned = members.reduce(into: Set<Int32>()) { $0.formUnion($1.owned) }
    guard isCooperative, joinDeadline == nil, generationOfReturn == generation, !members.isEmpty,
      owned.count < partitions
    else { return withoutOwnerSince = nil }
    let since = withoutOwnerSince ?? world.now
    withoutOwnerSince = since
    guard world.now >= max(since, SimulationProfile.faultsEnd) + World.ownerlessTime else { return }
    world.reach(.partitionsWithoutOwner)
    prepare()
  }

  // MARK: Rebalance

  private func prepare() {
    guard joinDeadline == nil else { return }
    world.note("a rebalance begins")
    joinDeadline = world.now + World.rebalanceTimeout
  }

  private func completeWhenAllJoined() {
    guard joinDeadline != nil, members.allSatisfy({ $0.answer != nil }) else { return }
    complete()
  }

  private func complete() {
    joinDeadline = nil
    guard !members.isEmpty else { return }
    generation += 1
    world.reach(isCooperative ? .cooperativeRebalance : .eagerRebalance)
    let targets = isCooperative ? cooperativeTargets() : roundRobin()
    let answers = members.map(\.answer)
    for index in members.indices {
      members[index].owned = targets[index]
      members[index].lastHeard = world.now
      members[index].answer = nil
    }
    world.note("generation \(generation): \(members.map { "\($0.id): \($0.owned.sorted())" })")
    for (index, answer) in answers.enumerated() { answer?(.success(metadata(of: members[index]))) }
  }

  private func metadata(of member: Member) -> Joined {
    Joined(metadata: GroupMetadata(member: member.id, generation: generation), partitions: member.owned)
  }

  private func roundRobin() -> [Set<Int32>] {
    var targets = Array(repeating: Set<Int32>(), count: members.count)
    for partition in 0..<partitions {
      // Now and then everything moves; mostly members get back what they had.
      targets[(partition + generation / 3) % members.count].insert(Int32(partition))
    }
    return targets
  }

  /// Sticky and balanced; what another member still owns is withheld until that member has given it up.
  private func cooperativeTargets() -> [Set<Int32>] {
    let most = (partitions + members.count - 1) / members.count
    var targets = members.map { Set($0.owned.sorted().prefix(most)) }
    for partition in (0..<partitions).map(Int32.init)
    where !targets.contains(where: { $0.contains(partition) }) {
      guard !members.contains(where: { $0.owned.contains(partition) }) else { continue }
      let least = targets.indices.min { targets[$0].count < targets[$1].count }!
      targets[least].insert(partition)
    }
    return targets
  }
}
