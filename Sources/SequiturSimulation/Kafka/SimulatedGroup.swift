/// What a member says of itself: fresh for every transaction.
struct GroupMetadata: Equatable {
  var member: Int
  /// Below 0: the coordinator checks nothing.
  var generation: Int
}

/// The group coordinator: membership, generations, committed offsets.
///
/// Eager and cooperative rebalances (KIP-429), static members (KIP-345), session expiry. Joining and
/// synchronizing are one exchange here: the answer to a join comes when the generation is complete.
final class SimulatedGroup {
  struct Joined {
    let metadata: GroupMetadata
    let partitions: Set<Int32>
  }

  struct Member {
    let id: Int
    let instance: String?
    var owned: Set<Int32>
    var lastHeard: Int
    /// The answer that a join waits for.
    var answer: ((Result<Joined, BrokerError>) -> Void)?
  }

  unowned let world: World
  let partitions: Int
  /// Ordered by id.
  var members: [Member] = []
  var fenced: Set<Int> = []
  var generation = 0
  var isCooperative = false
  /// When a rebalance under way ends without those who have not joined; `nil`: there is none.
  var joinDeadline: Int?
  /// The last generation into which a static member came back without a rebalance.
  var generationOfReturn: Int?
  /// Since when partitions are without an owner though the group is stable.
  var withoutOwnerSince: Int?
  private var lastMember = 0

  private(set) var committed: [Int32: Int64] = [:]
  /// Offsets in transactions that are not ended: by partition, then by producer, as the coordinator before Kafka 4.0 keeps
  /// them: a completion that comes late takes what the producer's next transaction has sent by then (KAFKA-17507).
  private var pending: [Int32: [String: Int64]] = [:]

  init(world: World, partitions: Int) {
    self.world = world
    self.partitions = partitions
  }

  func newMember() -> Int {
    lastMember += 1
    return lastMember
  }

  // MARK: Offsets

  /// TxnOffsetCommit's check (KIP-447).
  func check(_ metadata: GroupMetadata) -> BrokerError? {
    if world.mutation == .generationNotChecked || metadata.generation < 0 { return nil }
    if fenced.contains(metadata.member) { return .fencedInstance }
    guard members.contains(where: { $0.id == metadata.member }) else { return .unknownMember }
    return metadata.generation == generation ? nil : .illegalGeneration
  }

  func pend(_ offset: Int64, of partition: Int32, _ producer: String) {
    pending[partition, default: [:]][producer] = offset
  }

  func end(_ producer: String, isCommit: Bool) {
    for partition in pending.keys.sorted() {
      guard let offset = pending[partition]?.removeValue(forKey: producer), isCommit else { continue }
      committed[partition] = offset
    }
  }

  /// OffsetFetch with require_stable (KIP-447).
  func position(of partition: Int32) -> Result<Int64?, BrokerError> {
    if world.mutation != .noRequireStable, pending[partition]?.isEmpty == false {
      world.reach(.unstableOffsetsAwaited)
      return .failure(.unstableOffset)
    }
    return .success(committed[partition])
  }

  var hasPendingOffsets: Bool { pending.values.contains { !$0.isEmpty } }

  /// Offsets of an empty group expire (KIP-211).
  func expireOffsets() {
    guard members.isEmpty, !hasPendingOffsets else { return }
    world.note("the group's offsets expire")
    committed = [:]
  }

  /// An operator sets a partition's offset back (`kafka-consumer-groups.sh --reset-offsets`); nil: deletes it.
  func setBack(_ partition: Int32, to position: Int64?) { committed[partition] = position }

  var committedText: String {
    committed.keys.sorted().map { "\($0)@\(committed[$0]!)" }.joined(separator: " ")
  }
}
