import BlockingThreads
import Dispatch
import Foundation
import KafkaClient
import Logging
import PartitionEngine
import Synchronization

/// This worker's membership in the consumer group: the thread that polls for rebalances, and what it passes
/// on to the assignments.
///
/// The thread does nothing else, so that neither a restore nor a commit can cost the membership. A revoke
/// holds it until the lanes have let go: only then does the client give the partitions back.
///
/// Whether offsets may be sent, and what a change of the membership does to the partitions, is `StandingMachine`'s to say.
final class Membership: KafkaRebalanceListener {
  private let assignments = LateBound<Assignments>()
  private let consumer = LateBound<KafkaConsumer>()
  private let standing = Mutex(StandingMachine())
  private let intake: CommandIntake
  private let timeouts: WorkerTimeouts
  private let events: WorkerEventHub
  private let join: JoinWatch
  private let logger: Logger
  private let stopping = Cancellation()
  private let wait = Mutex(GroupWait())
  /// The id that the coordinator gave this worker last. librdkafka forgets its own when the session is over.
  private let memberID = Mutex<String?>(nil)
  /// Set once another process has the place.
  private let replacement = Mutex<KafkaError?>(nil)
  private let place: StaticMember?
  private let lookUp: LookUp?
  private let thread = Mutex<BlockingThread?>(nil)

  /// Asks the coordinator about the group. Blocks.
  typealias LookUp = @Sendable () -> Result<ConsumerGroup?, KafkaError>

  /// - Parameters:
  ///   - place: nil for a dynamic member.
  ///   - lookUp: for what keeps the group while this worker waits for it, and for who has its place; nil: nothing is told.
  init(
    intake: CommandIntake, timeouts: WorkerTimeouts, join: JoinWatch, events: WorkerEventHub, logger: Logger,
    place: StaticMember? = nil, lookUp: LookUp? = nil
  ) {
    self.place = place
    self.lookUp = lookUp
    self.intake = intake
    self.timeouts = timeouts
    self.join = join
    self.events = events
    self.logger = logger
  }

  /// Polls until ``stop()``, then leaves the group.
  ///
  /// - Parameter ended: told why the worker cannot go on: its client can never be a member again, such as when another
  ///   worker took its instance id, or the group will never have it.
  func start(
    _ consumer: KafkaConsumer, assignments: Assignments,
    ended: @escaping @Sendable (WorkerEnd.Reason) -> Void
  ) {
    self.assignments.bind(assignments)
    self.consumer.bind(consumer)
    thread.withLock { thread in
      thread = BlockingThread(name: "membership") { [self] in run(consumer, ended) }
    }
  }

  /// Gives the partitions back in order, and returns when the consumer is closed.
  func stop() async {
    stopping.cancel()
    await thread.withLock { $0 }?.join()
    // Each of them keeps the client alive, and the client this listener.
    assignments.release()
    consumer.release()
    intake.close()
  }

  /// The membership of this moment, to send with offsets; nil when this worker has none, or has not been told yet
  /// what it owns in it. Any thread may ask.
  func confirmedMetadata(of consumer: KafkaConsumer) throws(KafkaError) -> ConsumerGroupMetadata? {
    guard let metadata = try consumer.groupMetadata() else { return nil }
    let now = StandingMachine.Standing(metadata)
    guard standing.withLock({ $0.confirms(now) }) else { return nil }
    return consume metadata
  }

  /// Why this worker's place in the group, and so its transactional ids, are another's now; nil while they are its own.
  /// Asks the coordinator, since librdkafka learns it from its next heartbeat only. One that does not answer tells nothing.
  /// Blocks; any thread may ask.
  func loss(of consumer: KafkaConsumer) -> KafkaError? {
    if let error = consumer.fatalError ?? replacement.withLock({ $0 }) { return error }
    guard let place, let lookUp, let memberID = memberID.withLock({ $0 }) else { return nil }
    switch lookUp() {
    case .success(let group):
      guard place.isTaken(in: group, fromHolderOf: memberID) else { return nil }
      let error = KafkaError(
        code: .fencedInstanceID, operation: "make a new producer",
        detail: "another process has this worker's instance id, \(place.name), and so its transactional ids")
      replacement.withLock { $0 = error }
      return error
    case .failure(let error):
      logger.info("the group's members are not known", metadata: ["error": "\(error)"])
      return nil
    }
  }

  private func run(_ consumer: KafkaConsumer, _ ended: (WorkerEnd.Reason) -> Void) {
    wait.withLock { $0.begin(.now) }
    while !stopping.isCancelled {
      tellWait(consumer)
      if let replacement = replacement.withLock({ $0 }) {
        loseAll()
        ended(.membershipLost(replacement))
        break
      }
      guard let error = consumer.poll(timeout: GroupLimits.pollSlice) else {
        join.remind()
        continue
      }
      events.send(.consumerFailed(error))
      if let fatal = consumer.fatalError {
        report(error)
        loseAll()
        ended(.membershipLost(fatal))
        break
      }
      switch join.met(error) {
      case nil: report(error)
      case .goOn: break
      case .end(let fault): ended(.failed(fault))
      }
    }
    do throws(KafkaError) {
      try consumer.close(timeout: timeouts.revoke + timeouts.call)
    } catch {
      logger.warning("the consumer could not leave its group in order", metadata: ["error": "\(error)"])
    }
  }

  /// Says why there is no assignment yet. On a thread of its own: the membership's own must go on polling.
  private func tellWait(_ consumer: KafkaConsumer) {
    guard let lookUp, let waited = wait.withLock({ $0.due(.now) }) else { return }
    let (memberID, logger) = (consumer.memberID, logger)
    let sessionMax = max(timeouts.session, timeouts.pollInterval)
    _ = BlockingThread(name: "group look-up") {
      let why =
        switch lookUp() {
        case .success(let group):
          GroupWait.reason(group, memberID: memberID, waited: waited, sessionMax: sessionMax)
        case .failure(let error): "its coordinator does not answer: \(error)"
        }
      logger.warning(
        "waiting for the group", metadata: ["seconds": "\(waited.components.seconds)", "why": "\(why)"])
    }
  }

  private func report(_ error: KafkaError) {
    let level: Logger.Level = error.isFatal ? .error : .warning
    logger.log(level: level, "the consumer reports an error", metadata: ["error": "\(error)"])
  }

  // MARK: KafkaRebalanceListener, on the membership's thread

  /// Nothing is fetched before the restore has said from where: so no partition waits for another's position.
  var assignsPaused: Bool { true }

  func partitionsAssigned(_ partitions: [TopicPartition]) {
    let numbers = partitions.map(\.partition).sorted()
    join.joined()
    wait.withLock { $0.end() }
    logger.info("partitions assigned", metadata: ["partitions": "\(numbers)"])
    events.send(.partitionsAssigned(numbers))
    let now = currentStanding()
    if let now { memberID.withLock { $0 = now.memberID } }
    let isInterrupted = standing.withLock { $0.assigned(under: now) }
    if isInterrupted {
      blocking { assignments in await assignments.interrupted() }
      standing.withLock { $0.settled(under: now) }
    }
    blocking { assignments in await assignments.assigned(numbers) }
  }

  func partitionsRevoked(_ partitions: [TopicPartition]) {
    let numbers = partitions.map(\.partition).sorted()
    let now = currentStanding()
    guard standing.withLock({ $0.revoked(under: now) }) else { return partitionsLost(partitions) }
    join.left(isLost: false)
    logger.info("partitions revoked", metadata: ["partitions": "\(numbers)"])
    events.send(.partitionsRevoked(numbers))
    let deadline = ContinuousClock.now + timeouts.revoke
    blocking { assignments in await assignments.revoked(numbers, deadline: deadline) }
    intake.forget(numbers)
    wait.withLock { $0.begin(.now) }
  }

  func partitionsLost(_ partitions: [TopicPartition]) {
    let numbers = partitions.map(\.partition).sorted()
    join.left(isLost: true)
    logger.warning("partitions lost", metadata: ["partitions": "\(numbers)"])
    events.send(.partitionsLost(numbers))
    standing.withLock { $0.lost() }
    blocking { assignments in await assignments.lost(numbers) }
    intake.forget(numbers)
    wait.withLock { $0.begin(.now) }
  }

  /// The client is dead: others own everything, or soon will.
  private func loseAll() {
    standing.withLock { $0.lost() }
    blocking { assignments in await assignments.lost(Array(await assignments.partitions)) }
    intake.close()
  }

  private func currentStanding() -> StandingMachine.Standing? {
    do throws(KafkaError) {
      guard let metadata = try consumer.value?.groupMetadata() else { return nil }
      return StandingMachine.Standing(metadata)
    } catch {
      logger.error("the membership cannot be read", metadata: ["error": "\(error)"])
      return nil
    }
  }

  /// Holds the membership's thread until the assignments have done it.
  private func blocking(_ body: @escaping @Sendable (Assignments) async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task { [assignments = assignments.value] in
      if let assignments { await body(assignments) }
      done.signal()
    }
    done.wait()
  }
}

extension StandingMachine.Standing {
  fileprivate init(_ metadata: borrowing ConsumerGroupMetadata) {
    self.init(memberID: metadata.memberID, generation: Int(metadata.generation))
  }
}

/// A partition that is about to be served, with the queue its commands arrive in.
struct AssignedPartition: Sendable {
  let number: Int32
  let queue: KafkaQueue
}
