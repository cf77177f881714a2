import PartitionEngine

/// The simulated brokers: topics, the transaction coordinator, the group coordinator.
///
/// A call is carried out at one instant; what takes time in Kafka (markers, rebalances, expiry) takes
/// simulated time. Nothing of it is lost when a worker dies.
final class SimulatedKafka {
  enum Topic: Int, CaseIterable {
    case commands, valid, invalid, changelog

    init(_ topic: OutputTopic) {
      switch topic {
      case .valid: self = .valid
      case .invalid: self = .invalid
      case .changelog: self = .changelog
      }
    }
  }

  unowned let world: World
  let partitions: Int
  var logs: [[SimulatedLog]]
  var coordinated: [String: CoordinatedProducer] = [:]
  /// What the coordinator decided: true for a commit. Written before any marker is.
  var decisions: [Int: Bool] = [:]
  var lastTransaction = 0
  /// When the last transaction's offsets become visible.
  var lastCompletion = 0
  let group: SimulatedGroup

  init(world: World, partitions: Int) {
    self.world = world
    self.partitions = partitions
    logs = Topic.allCases.map { _ in (0..<partitions).map { _ in SimulatedLog() } }
    group = SimulatedGroup(world: world, partitions: partitions)
  }

  func log(_ topic: Topic, _ partition: Int32) -> SimulatedLog { logs[topic.rawValue][Int(partition)] }

  /// The timers of both coordinators.
  func tick() {
    expireTransactions()
    group.expireMembers()
    group.findOwners()
    world.after(100) { [unowned self] in tick() }
  }
}

/// What the transaction coordinator knows of a transactional id.
struct CoordinatedProducer {
  enum State: Equatable {
    case empty, ongoing
    /// Decided; markers are missing.
    case prepared(isCommit: Bool)
    case complete(isCommit: Bool)
  }

  struct LogID: Hashable, Comparable {
    let topic: SimulatedKafka.Topic
    let partition: Int32

    static func < (one: Self, other: Self) -> Bool {
      (one.topic.rawValue, one.partition) < (other.topic.rawValue, other.partition)
    }
  }

  var epoch = -1
  var state = State.empty
  var transaction = 0
  var logs: Set<LogID> = []
  var hasOffsets = false
  /// What the offsets stand for, for the checks.
  var parts: [TransactionPart] = []
  var startedAt = 0
  var markersMissing = 0
}
