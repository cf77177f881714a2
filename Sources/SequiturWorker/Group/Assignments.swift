import KafkaClient
import Logging
import PartitionEngine
import Sequitur

/// Which partitions this worker has, and how far each is on its way to being served.
///
///     assigned ─▶ restoring ─▶ serving ─▶ (revoked, lost)
///                    ▲            │
///                    └────────────┘ discarded: restored anew, though still assigned
actor Assignments {
  /// What it takes to serve a partition; made by the worker.
  struct Service: Sendable {
    let restore: @Sendable (Int32, Cancellation) async throws -> RestoreJob.Restored
    /// What is fetched of the partition is not read for now.
    let park: @Sendable (AssignedPartition) -> Void
    /// Makes the consumer continue at this command offset, and its commands come to the partition's queue; `nil`: at the
    /// topic's start. `isBegun`: whether the consumer is known to read from elsewhere, and not only about to begin there.
    let open:
      @Sendable (_ partition: AssignedPartition, _ position: Int64?, _ isBegun: Bool) async throws -> Void
    let makeActor: @Sendable (AssignedPartition, RestoreJob.Restored, Lane, Int) -> PartitionActor
    /// Nothing that was assigned can be served, or not all of it that is needed.
    let refused: @Sendable (any Error) -> Void
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
    let partition: AssignedPartition
    var status: Status
    /// Chosen before the partition is attached, so that several choose different ones.
    var lane: Lane?
    /// What serves it, from before it is attached.
    var actor: PartitionActor?
  }

  private let lanes: [Lane]
  private let service: Service
  private let objectBytesMax: Int
  private let statistics: WorkerStatistics
  private let logger: Logger
  private var assignments: [Int32: Assignment] = [:]

  init(
    lanes: [Lane], service: Service, objectBytesMax: Int, statistics: WorkerStatistics, logger: Logger
  ) {
    self.lanes = lanes
    self.service = service
    self.objectBytesMax = objectBytesMax
    self.statistics = statistics
    self.logger = logger
  }

  /// The partitions that are assigned.
  var partitions: Set<Int32> { Set(assignments.keys) }

  // MARK: What happens to partitions

  func assigned(_ partitions: [AssignedPartition]) {
    for partition in partitions where assignments[partition.number] == nil {
      restore(partition, isAgain: false)
    }
  }

  /// Lets partitions go in order; returns when nothing of theirs is under way.
  func revoked(_ partitions: [Int32], deadline: ContinuousClock.Instant) async {
    await withTaskGroup { group in
      for (lane, numbers) in await stop(partitions) {
        group.addTask { await lane.release(numbers, deadline: deadline) }
      }
    }
    shareMemory()
  }

  /// Lets partitions go at once: others may own them already.
  func lost(_ partitions: [Int32]) async {
    for (lane, numbers) in await stop(partitions) { await lane.lose(numbers) }
    shareMemory()
  }

  /// The membership was interrupted, and partitions were kept: others may have owned them in between. All start
  /// again from what is committed.
  func interrupted() async {
    let kept = assignments.values.map(\.partition).sorted { $0.number < $1.number }
    guard !kept.isEmpty else { return }
    logger.warning(
      "the membership was interrupted; the partitions that were kept are restored anew",
      metadata: ["partitions": "\(kept.map(\.number))"])
    await lost(kept.map(\.number))
    for partition in kept { restore(partition, isAgain: true) }
  }

  /// A lane gave up what it had prepared for a partition that is still assigned.
  func discarded(_ actor: PartitionActor) async {
    // The news may be late: the partition may have left and come back meanwhile, and is served by another actor.
    guard let assignment = assignments[actor.partition], assignment.actor === actor else { return }
    switch assignment.status {
    case .serving:
      restore(assignment.partition, isAgain: true)
    case .restoring(_, let task):
      // The lane discarded what it had just been given, before the restore could say that it gave it.
      if await task.value != nil { await discarded(actor) }
    case .refused:
      break
    }
  }

  // MARK: Restoring

  private func restore(_ partition: AssignedPartition, isAgain: Bool) {
    if isAgain { service.park(partition) }
    let cancellation = Cancellation()
    let task = Task { await restoreAndServe(partition, isAgain: isAgain, cancellation) }
    assignments[partition.number] = Assignment(
      partition: partition, status: .restoring(cancellation, task))
    statistics.restoring(partition.number, RestoreProgress())
  }

  private func restoreAndServe(
    _ partition: AssignedPartition, isAgain: Bool, _ cancellation: Cancellation
  ) async -> Lane? {
    var attempt = 0
    while !cancellation.isCancelled {
      do {
        let restored = try await service.restore(partition.number, cancellation)
        try await service.open(
          partition, restored.position, isAgain || restored.position != restored.groupPosition)
        return await serve(partition, restored, cancellation)
      } catch let fault as RestoreFault {
        if !cancellation.isCancelled { refuse(partition.number, fault) }
        return nil
      } catch {
        guard !cancellation.isCancelled else { return nil }
        attempt += 1
        logger.warning(
          "a restore failed and is tried again",
          metadata: ["partition": "\(partition.number)", "attempt": "\(attempt)", "error": "\(error)"])
        try? await Task.sleep(for: .milliseconds(min(100 << min(attempt, 6), 5000)))
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

  /// The same as a number.
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
  public let partition: Int32
  public let fault: RestoreFault

  public var description: String { "Partition \(partition) is not served. \(fault)" }
}
