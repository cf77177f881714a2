import Dispatch
import KafkaClient
import Synchronization

/// The group's side of a cluster that is reached over the network.
extension KafkaCluster {
  /// What a client waits for a position that a transaction holds.
  private static let unstableTimeout = Duration.seconds(3)

  func position(of partition: Int32, isStable: Bool) throws -> Result<Int64?, Refusal> {
    let consumer = try KafkaConsumer(
      configuration: configuration.merging([
        "group.id": group, "isolation.level": isStable ? "read_committed" : "read_uncommitted",
      ]), logger: Self.logger)
    let place = TopicPartition(topic: consumedTopic, partition: partition)
    do throws(KafkaError) {
      return .success(try consumer.committed([place], timeout: Self.unstableTimeout)[place])
    } catch {
      guard error.code == .timedOut || error.code == .unstableOffsetCommit else { throw error }
      return .failure(.unstable)
    }
  }

  func join(_ member: String, instance: String?, isCooperative: Bool) throws {
    let shares = Shares()
    var configuration = configuration.merging([
      "group.id": group, "session.timeout.ms": "6000", "heartbeat.interval.ms": "200",
      "partition.assignment.strategy": isCooperative ? "cooperative-sticky" : "range",
    ])
    configuration["group.instance.id"] = instance
    let consumer = try KafkaConsumer(
      configuration: configuration, logger: Self.logger, rebalanceListener: shares)
    try consumer.subscribe([consumedTopic])
    members[member] = KafkaMember(consumer: consumer, shares: shares)
  }

  func stop(_ member: String) throws {
    try members[member]?.consumer.close(timeout: patience)
    members[member] = nil
  }

  /// A consumer that is only dropped says nothing to its group.
  func kill(_ member: String) { members[member] = nil }

  func partitions(of member: String) -> Set<Int32> { members[member]?.shares.owned ?? [] }
  func givenUp(by member: String) -> [Set<Int32>] { members[member]?.shares.givenUp ?? [] }

  func membership(of member: String) throws -> Membership? {
    guard let metadata = try members[member]?.consumer.groupMetadata() else { return nil }
    let generation = Int(metadata.generation)
    memberships.append(MembershipBox(metadata))
    return Membership(number: memberships.count - 1, generation: generation)
  }

  // MARK: Time

  func eventually(_ condition: () throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + patience
    while try !condition() {
      guard ContinuousClock.now < deadline else { return false }
      pump(for: .milliseconds(20))
    }
    return true
  }

  func goOn() throws { pump(for: .seconds(2)) }

  /// Lets all members do what their group asks of them.
  func pump(for time: Duration) {
    let deadline = ContinuousClock.now + time
    repeat {
      for member in members.values { _ = member.consumer.poll(timeout: .milliseconds(10)) }
      if members.isEmpty { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(10)) }
    } while ContinuousClock.now < deadline
  }
}

/// A member of the group, and what it was told.
struct KafkaMember {
  let consumer: KafkaConsumer
  let shares: Shares
}

/// Writes down what a member is given and gives up.
final class Shares: KafkaRebalanceListener {
  private let state = Mutex((owned: Set<Int32>(), givenUp: [Set<Int32>]()))
  var owned: Set<Int32> { state.withLock { $0.owned } }
  var givenUp: [Set<Int32>] { state.withLock { $0.givenUp } }

  func partitionsAssigned(_ partitions: [TopicPartition]) {
    state.withLock { $0.owned.formUnion(partitions.map(\.partition)) }
  }

  func partitionsRevoked(_ partitions: [TopicPartition]) {
    state.withLock {
      $0.owned.subtract(partitions.map(\.partition))
      $0.givenUp.append(Set(partitions.map(\.partition)))
    }
  }

  func partitionsLost(_ partitions: [TopicPartition]) { partitionsRevoked(partitions) }
}

/// Group metadata, kept beyond the moment it was taken.
final class MembershipBox {
  let metadata: ConsumerGroupMetadata
  init(_ metadata: consuming ConsumerGroupMetadata) { self.metadata = metadata }
}
