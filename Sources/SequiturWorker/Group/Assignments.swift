import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import Tracing

/// Which partitions this worker has, and how far each is on its way to being served.
///
///     assigned ─▶ restoring ─▶ serving ─▶ (revoked, lost)
///                    ▲            │
///                    └────────────┘ discarded: restored anew, though still assigned
actor Assignments {
  /// What it takes to serve a partition; made by the worker.
  struct Service: Sendable {
    /// Nothing of the partition is fetched any more; what was is thrown away. Partitions are assigned so.
    let pause: @Sendable (Int32) async throws -> Void
    /// Opens the queue that the partition's commands arrive in.
    let openQueue: @Sendable (Int32) throws -> KafkaQueue
    let restore: @Sendable (Int32, Cancellation) async throws -> RestoreJob.Restored
    /// Fetches commands from this offset on into the partition's queue; `nil`: from the topic's start.
    let begin: @Sendable (_ partition: AssignedPartition, _ position: Int64?) async throws -> Void
    let makeActor: @Sendable (AssignedPartition, RestoreJob.Restored, Lane, Int) -> PartitionActor
    /// Nothing that was assigned can be served, or not all of it that is needed.
    let refused: @Sendable (any Error) -> Void
    /// The client reads a partition no more: everything is to be started anew.
    let restart: @Sendable (KafkaError) -> Void
    /// Whether one refused partition ends the worker, since it waits for all of them.
    let needsAll: Bool
  }

  private enum Status {
    /// The task gives the lane that it attached the partition to.
    case restoring(Cancellation, Task<Lane?, Never>)
    case serving(Lane)
    case refused
  }

  private struct Assignment {
    var status: Status
    /// Chosen before the partition is attached, so that several choose different ones.
    var lane: Lane?
    /// What serves it, from before it is attached.
    var actor: PartitionActor?
  }

  private static let refusedSeeksMax = 3

  private let lanes: [Lane]
  private let service: Service
  private let objectBytesMax: Int
  private let statistics: WorkerStatistics
  private let tracer: WorkerTracer?
  private let logger: Logger
  private var assignments: [Int32: Assignment] = [:]

  init(
    lanes: [Lane], service: Service, objectBytesMax: Int, statistics: WorkerStatistics,
    tracer: WorkerTracer? = nil, logger: Logger
  ) {
    self.tracer = tracer
    self.lanes = lanes
    self.service = service
    self.objectBytesMax = objectBytesMax
    self.statistics = statistics
    self.logger = logger
  }

  /// The partitions that are assigned.
  var partitions: Set<Int32> { Set(assignments.keys) }

  // MARK: What happens to partitions

  func assigned(_ partitions: [Int32]) {
    tracer?.begin("sequitur assign", partitions: partitions).end()
    for partition in partitions where assignments[partition] == nil { restore(partition, isPaused: true) }
  }

  /// Lets partitions go in order; returns when nothing of theirs is under way.
  func revoked(_ partitions: [Int32], deadline: ContinuousClock.Instant) async {
    let span = tracer?.begin("sequitur revoke", partitions: partitions)
    defer { span?.end() }
    await withTaskGroup { group in
      for (lane, numbers) in await stop(partitions) {
        group.addTask { await lane.release(numbers, deadline: deadline) }
      }
    }
    shareMemory()
  }

  /// Lets partitions go at once: others may own them already.
  func lost(_ partitions: [Int32]) async {
    let span = tracer?.begin("sequitur lose", partitions: partitions)
    defer { span?.end() }
    for (lane, numbers) in await stop(partitions) { await lane.lose(numbers) }
    shareMemory()
  }

  /// The membership was interrupted, and partitions were kept: others may have owned them in between. All start
  /// again from what is committed.
  func interrupted() async {
    let kept = assignments.keys.sorted()
    guard !kept.isEmpty else { return }
    logger.warning(
      "the membership was interrupted; the partitions that were kept are restored anew",
      metadata: ["partitions": "\(kept)"])
    await lost(kept)
    for partition in kept { restore(partition, isPaused: false) }
  }

  /// A lane gave up what it had prepared for a partition that is still assigned.
  func discarded(_ actor: PartitionActor) async {
    // The news may be late: the partition may have left and come back meanwhile, and is served by another actor.
    guard let assignment = assignments[actor.partition], assignment.actor === actor else { return }
    switch assignment.status {
    case .serving:
      restore(actor.partition, isPaused: false)
    case .restoring(_, let task):
      // The lane discarded what it had just been given, before the restore could say that it gave it.
      if await task.value != nil { await discarded(actor) }
    case .refused:
      break
    }
  }

  /// The commands of a served partition may not be the known ones any more: what waits is given up, and its restore
  /// finds out.
  func inputSuspected(_ number: Int32) async {
    guard let assignment = assignments[number], case .serving(let lane) = assignment.status else { return }
    logger.warning("the partition's commands are looked at anew", metadata: ["partition": "\(number)"])
    await lane.lose([number])
    // It may have left, or been given up with others, meanwhile.
    guard let now = assignments[number], now.actor === assignment.actor, case .serving = now.status else {
      return
    }
    restore(number, isPaused: false)
  }

  /// No command stands from a served partition's position up to `end`, but control records.
  func pass(_ number: Int32, from position: Int64, to end: Int64) async {
    guard case .serving(let lane)? = assignments[number]?.status else { return }
    await lane.pass(number, from: position, to: end)
  }

  // MARK: Restoring

  private func restore(_ number: Int32, isPaused: Bool) {
    let cancellation = Cancellation()
    let task = Task { await restoreAndServe(number, isPaused: isPaused, cancellation) }
    assignments[number] = Assignment(status: .restoring(cancellation, task))
    statistics.restoring(number, RestoreProgress())
    statistics.events.send(.restoring(number))
  }

  private func restoreAndServe(
    _ number: Int32, isPaused: Bool, _ cancellation: Cancellation
  ) async -> Lane? {
    let span = tracer?.begin("sequitur restore", partitions: [number])
    defer { span?.end() }
    var attempt = 0
    while !cancellation.isCancelled {
      do {
        if !isPaused { try await service.pause(number) }
        let partition = AssignedPartition(number: number, queue: try service.openQueue(number))
        let restored = try await service.restore(number, cancellation)
        try await service.begin(partition, restored.position)
        return await serve(partition, restored, cancellation)
      } catch let fault as RestoreFault {
        span?.recordError(fault)
        if !cancellation.isCancelled { refuse(number, fault) }
        return nil
      } catch {
        guard !cancellation.isCancelled else { return nil }
        span?.recordError(error)
        attempt += 1
        // A client that has found a position outside of the topic never reads that partition again (2.0.2: a seek is
        // refused in the state FETCH_NONE), so that only a new one helps.
        if let error = error as? KafkaError, error.code == .state, attempt >= Self.refusedSeeksMax {
          service.restart(error)
        }
        statistics.restoreFailed(number, why: "\(error)")
        logger.warning(
          "a restore failed and is tried again",
          metadata: ["partition": "\(number)", "attempt": "\(attempt)", "error": "\(error)"])
        try? await Task.sleep(for: RestoreLimits.backoff.pause(after: attempt))
      }
    }
    return nil
  }

  private func serve(
    _ partition: AssignedPartition, _ restored: RestoreJob.Restored, _ cancellation: Cancellation
  ) async -> Lane? {
    shareMemory()
    guard !cancellation.isCancelled else { return nil }
    let lane = lane(for: partition.number)
    let actor = service.makeActor(partition, restored, lane, objectBytesShare)
    assignments[partition.number]?.lane = lane
    assignments[partition.number]?.actor = actor
    await lane.attach(actor)
    // A revoke that came meanwhile waits for this task, and then releases what was attached.
    guard !cancellation.isCancelled else { return lane }
    assignments[partition.number]?.status = .serving(lane)
    statistics.served(partition.number, from: restored.position ?? 0)
    logger.info(
      "partition served",
      metadata: [
        "partition": "\(partition.number)", "lane": "\(lane.index)",
        "position": "\(restored.position.map(String.init) ?? "start")",
      ])
    return lane
  }

  private func refuse(_ number: Int32, _ fault: RestoreFault) {
    assignments[number]?.status = .refused
    statistics.events.send(.refused(number, fault))
    statistics.refused(number, fault)
    logger.critical(
      "the partition is not served", metadata: ["partition": "\(number)", "reason": "\(fault)"])
    let isAnyHopeful = assignments.values.contains { assignment in
      if case .refused = assignment.status { false } else { true }
    }
    // With another number of partitions keys move: no partition may go on, not even a whole one.
    let concernsAll = if case .partitionCountChanged = fault { true } else { false }
    if service.needsAll || !isAnyHopeful || concernsAll {
      service.refused(PartitionRefused(partition: number, fault: fault))
    }
  }

  // MARK: Stopping

  /// Removes partitions, cancels their restores, and says which lane serves which.
  private func stop(_ numbers: [Int32]) async -> [(Lane, [Int32])] {
    let stopped = numbers.compactMap { number in
      assignments.removeValue(forKey: number).map { (number: number, status: $0.status) }
    }
    // All at once: each has a call to finish, and together they have the revoke's time.
    for case (_, .restoring(let cancellation, let task)) in stopped {
      cancellation.cancel()
      // Ends the pause between two tries, and the wait for a thread, as well.
      task.cancel()
    }
    var served: [Int: [Int32]] = [:]
    for (number, status) in stopped {
      switch status {
      case .restoring(_, let task):
        if let lane = await task.value { served[lane.index, default: []].append(number) }
      case .serving(let lane):
        served[lane.index, default: []].append(number)
      case .refused:
        break
      }
      statistics.removed(number)
    }
    return lanes.compactMap { lane in served[lane.index].map { (lane, $0) } }
  }

  // MARK: Sharing

  /// The lane of a partition: the same one after a restart, so that the same transactional id goes on with it,
  /// unless that one has its share already; then the least loaded.
  private func lane(for partition: Int32) -> Lane {
    var loads = Array(repeating: 0, count: lanes.count)
    for assignment in assignments.values {
      if let lane = assignment.lane { loads[lane.index] += 1 }
    }
    return lanes[Self.lane(of: partition, loads: loads, partitions: assignments.count)]
  }

  /// Index of the lane for a partition.
  ///
  /// - Parameters:
  ///   - loads: the partitions that each lane has; not empty.
  ///   - partitions: all that are assigned.
  static func lane(of partition: Int32, loads: [Int], partitions: Int) -> Int {
    let home = Int(partition) % loads.count
    let share = (partitions + loads.count - 1) / loads.count
    return loads[home] < share ? home : loads.indices.min { loads[$0] < loads[$1] }!
  }

  private var objectBytesShare: Int { objectBytesMax / max(assignments.count, 1) }

  private func shareMemory() {
    let share = objectBytesShare
    for lane in lanes { lane.setObjectBytesMax(share) }
  }
}

/// A partition whose state cannot be restored is not served.
public struct PartitionRefused: Error, Sendable, CustomStringConvertible {
  /// The partition's number.
  public let partition: Int32
  /// What its restore found.
  public let fault: RestoreFault

  /// The partition, what was found, and what to do.
  public var description: String { "Partition \(partition) is not served. \(fault)" }
}
