import Dispatch
import Foundation
import KafkaClient
import Logging
import Synchronization

/// This worker's membership in the consumer group: the thread that polls for rebalances, and what it passes
/// on to the assignments.
///
/// The thread does nothing else, so that neither a restore nor a commit can cost the membership. A revoke
/// holds it until the lanes have let go: only then does the client give the partitions back.
final class Membership: KafkaRebalanceListener {
  private let assignments = LateBound<Assignments>()
  private let timeouts: WorkerTimeouts
  private let logger: Logger
  private let queues = Mutex<[Int32: KafkaQueue]>([:])
  private let stopping = Cancellation()
  private let thread = Mutex<WorkerThread?>(nil)

  init(timeouts: WorkerTimeouts, logger: Logger) {
    self.timeouts = timeouts
    self.logger = logger
  }

  /// Polls until ``stop()``, then leaves the group.
  ///
  /// - Parameter ended: told when the client can never be a member again, such as when another worker took its
  ///   instance id.
  func start(
    _ consumer: KafkaConsumer, assignments: Assignments, ended: @escaping @Sendable (KafkaError) -> Void
  ) {
    self.assignments.bind(assignments)
    thread.withLock { thread in
      thread = WorkerThread(name: "membership") { [self] in run(consumer, ended) }
    }
  }

  /// Gives the partitions back in order, and returns when the consumer is closed.
  func stop() async {
    stopping.cancel()
    await thread.withLock { $0 }?.join()
  }

  private func run(_ consumer: KafkaConsumer, _ ended: (KafkaError) -> Void) {
    while !stopping.isCancelled {
      guard let error = consumer.poll(timeout: .milliseconds(100)) else { continue }
      report(error)
      if let fatal = consumer.fatalError {
        ended(fatal)
        break
      }
    }
    do throws(KafkaError) {
      try consumer.close(timeout: timeouts.revoke + timeouts.call)
    } catch {
      logger.warning("the consumer could not leave its group in order", metadata: ["error": "\(error)"])
    }
  }

  private func report(_ error: KafkaError) {
    let level: Logger.Level = error.isFatal ? .error : .warning
    logger.log(level: level, "the consumer reports an error", metadata: ["error": "\(error)"])
  }

  // MARK: KafkaRebalanceListener, on the membership's thread

  func partitionsWillAssign(_ partitions: [TopicPartition], consumer: KafkaConsumer) {
    for partition in partitions {
      do throws(KafkaError) {
        let queue = try consumer.partitionQueue(topic: partition.topic, partition: partition.partition)
        queues.withLock { $0[partition.partition] = queue }
      } catch {
        logger.error(
          "a partition has no queue", metadata: ["partition": "\(partition)", "error": "\(error)"])
      }
    }
  }

  func partitionsAssigned(_ partitions: [TopicPartition]) {
    let numbers = partitions.map(\.partition).sorted()
    logger.info("partitions assigned", metadata: ["partitions": "\(numbers)"])
    let assigned = queues.withLock { queues in
      numbers.compactMap { number in queues[number].map { AssignedPartition(number: number, queue: $0) } }
    }
    blocking { assignments in await assignments.assigned(assigned) }
  }

  func partitionsRevoked(_ partitions: [TopicPartition]) {
    let numbers = partitions.map(\.partition).sorted()
    logger.info("partitions revoked", metadata: ["partitions": "\(numbers)"])
    let deadline = ContinuousClock.now + timeouts.revoke
    blocking { assignments in await assignments.revoked(numbers, deadline: deadline) }
  }

  func partitionsLost(_ partitions: [TopicPartition]) {
    let numbers = partitions.map(\.partition).sorted()
    logger.warning("partitions lost", metadata: ["partitions": "\(numbers)"])
    blocking { assignments in await assignments.lost(numbers) }
  }

  /// Holds the membership's thread until the assignments have done it.
  private func blocking(_ body: @escaping @Sendable (Assignments) async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task { [assignments = assignments.value] in
      await body(assignments)
      done.signal()
    }
    done.wait()
  }
}

/// A partition that was assigned, with the queue its commands arrive in.
struct AssignedPartition: Sendable {
  let number: Int32
  let queue: KafkaQueue
}
