@testable import SequiturSimulation

/// A group member as a client is one: joins, heartbeats, gives up and takes what it is told to.
final class SimulatedMember {
  private unowned let cluster: SimulatedCluster
  private var world: World { cluster.world }
  private var group: SimulatedGroup { cluster.kafka.group }
  private let instance: String?

  /// Whether the process lives: one that does not says nothing more.
  var isAlive = true
  private(set) var metadata: GroupMetadata?
  private(set) var owned: Set<Int32> = []
  private(set) var givenUp: [Set<Int32>] = []
  private var isJoining = false

  init(cluster: SimulatedCluster, instance: String?) {
    self.cluster = cluster
    self.instance = instance
    beat()
  }

  func join() {
    guard isAlive else { return }
    isJoining = true
    group.join(metadata?.member, instance: instance, owned: owned) { [weak self] answer in
      self?.joined(answer)
    }
  }

  /// Static members do not leave (KIP-345).
  func stop() {
    isAlive = false
    if instance == nil, let metadata { group.leave(metadata.member) }
  }

  private func joined(_ answer: Result<SimulatedGroup.Joined, BrokerError>) {
    guard isAlive else { return }
    isJoining = false
    guard case .success(let joined) = answer else { return lost(answer) }
    metadata = joined.metadata
    let revoked = owned.subtracting(joined.partitions)
    owned = joined.partitions
    guard !revoked.isEmpty else { return }
    givenUp.append(revoked)
    join()
  }

  private func beat() {
    world.after(World.heartbeatInterval) { [weak self] in
      guard let self, isAlive else { return }
      if let metadata, !isJoining {
        switch group.heartbeat(metadata) {
        case .success(true): rebalance()
        case .success(false): break
        case .failure(let error): lost(.failure(error))
        }
      }
      beat()
    }
  }

  private func rebalance() {
    if !group.isCooperative {
      givenUp.append(owned)
      owned = []
    }
    join()
  }

  private func lost(_ answer: Result<SimulatedGroup.Joined, BrokerError>) {
    owned = []
    metadata = nil
    if case .failure(.fencedInstance) = answer {
      isAlive = false
    } else {
      join()
    }
  }
}
