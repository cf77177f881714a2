import CRdKafka
import Logging
import Synchronization

/// Answers librdkafka's rebalance callback: calls the listener and does the (un)assigning, in the right order.
/// It also keeps the errors of callbacks until a poll returns them.
///
///     assign:  partitionsWillAssign → [pause] → (incremental_)assign → partitionsAssigned
///     revoke:  partitionsRevoked or partitionsLost → (incremental_)unassign
final class RebalanceDispatcher: Sendable {
  private struct State {
    weak var consumer: KafkaConsumer?
    var errors: [KafkaError] = []
    var hasBeenAssigned = false
  }

  private let listener: (any KafkaRebalanceListener)?
  private let logger: Logger
  private let mayBeSticky: Bool
  private let state = Mutex(State())

  /// - Parameter strategies: `partition.assignment.strategy`.
  init(listener: (any KafkaRebalanceListener)?, strategies: String?, logger: Logger) {
    self.listener = listener
    self.logger = logger
    mayBeSticky = strategies?.contains("cooperative-sticky") ?? false
  }

  /// Whether the client can be destroyed. One that has joined a group with the strategy cooperative-sticky and has not been
  /// assigned anything yet, not even nothing, ends the process: librdkafka below 2.3.0 asserts that the assignor's state is
  /// there (its pull request 4381). Such a client is closed, idle, and left behind; its memory goes with the process.
  var mayDestroy: Bool {
    rd_kafka_version() >= 0x0203_0000 || !mayBeSticky || state.withLock { $0.hasBeenAssigned }
  }

  /// Must be called before the consumer is polled for the first time.
  func attach(_ consumer: KafkaConsumer) { state.withLock { $0.consumer = consumer } }

  /// The oldest error of a callback, which had nobody to throw it to.
  func takeError() -> KafkaError? {
    state.withLock { $0.errors.isEmpty ? nil : $0.errors.removeFirst() }
  }

  /// Called by librdkafka on the thread that serves the consumer's queue.
  func handle(
    _ client: OpaquePointer, event: rd_kafka_resp_err_t,
    partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {
    let names = TopicPartitionList.elements(of: partitions).map(\.position.topicPartition)
    let isCooperative = RebalanceProtocol(of: client) == .cooperative
    switch event {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
      state.withLock { $0.hasBeenAssigned = true }
      if let consumer = state.withLock({ $0.consumer }) {
        listener?.partitionsWillAssign(names, consumer: consumer)
      }
      let assigned = record { () throws(KafkaError) in
        if let partitions, listener?.assignsPaused ?? false { try pause(client, partitions) }
        if isCooperative {
          try check(rd_kafka_incremental_assign(client, partitions), "take the assigned partitions")
        } else {
          try check(rd_kafka_assign(client, partitions), "take the assigned partitions")
        }
      }
      if assigned { listener?.partitionsAssigned(names) }
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
      if rd_kafka_assignment_lost(client) != 0 {
        listener?.partitionsLost(names)
      } else {
        listener?.partitionsRevoked(names)
      }
      unassign(client, isCooperative ? partitions : nil)
    default:
      keep(KafkaError(event, operation: "rebalance the group"))
      unassign(client, nil)
    }
  }

  /// Pauses partitions that are about to be assigned, and gives each an offset, so that the client asks for none.
  ///
  /// The offset is an absolute one: a logical one would be looked up, and an answer that comes after the application has
  /// sought is looked up once more and goes over what was sought (2.0.2: `rd_kafka_toppar_handle_Offset`).
  private func pause(
    _ client: OpaquePointer, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
  ) throws(KafkaError) {
    for index in 0..<Int(partitions.pointee.cnt) {
      let element = partitions.pointee.elems + index
      element.pointee.offset = 0
      // Makes the client know the partition, which it needs to pause it.
      if let queue = rd_kafka_queue_get_partition(client, element.pointee.topic, element.pointee.partition) {
        rd_kafka_queue_destroy(queue)
      }
    }
    try check(rd_kafka_pause_partitions(client, partitions), "pause the assigned partitions")
    for element in TopicPartitionList.elements(of: partitions) {
      try element.check("pause an assigned partition")
    }
  }

  /// Gives partitions back; nil gives all back.
  private func unassign(
    _ client: OpaquePointer, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {
    record { () throws(KafkaError) in
      if let partitions {
        try check(rd_kafka_incremental_unassign(client, partitions), "give the revoked partitions back")
      } else {
        try check(rd_kafka_assign(client, nil), "give the revoked partitions back")
      }
    }
  }

  @discardableResult
  private func record(_ body: () throws(KafkaError) -> Void) -> Bool {
    do throws(KafkaError) {
      try body()
      return true
    } catch {
      keep(error)
      return false
    }
  }

  /// Keeps an error for the next poll: of equal codes the newest, and of all a bounded number.
  func keep(_ error: KafkaError) {
    logger.warning("the consumer has trouble", metadata: ["error": "\(error)"])
    state.withLock { state in
      state.errors.removeAll { $0.code == error.code && $0.operation == error.operation }
      if state.errors.count < KafkaLimits.pendingErrors { state.errors.append(error) }
    }
  }
}

/// How a group hands partitions over; depends on the assignor its members agreed on.
public enum RebalanceProtocol: String, Sendable {
  /// Not known, since the consumer has not joined a group.
  case none = "NONE"
  /// Every rebalance revokes all partitions first (`range`, `roundrobin`).
  case eager = "EAGER"
  /// Only what changes hands is revoked (`cooperative-sticky`).
  case cooperative = "COOPERATIVE"

  init(of client: OpaquePointer) {
    self = rd_kafka_rebalance_protocol(client).flatMap { Self(rawValue: String(cString: $0)) } ?? .none
  }
}
