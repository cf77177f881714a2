import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import Tracing

/// Restores the partitions that this worker has, and gives them to lanes: performs what `AssignmentMachine` says.
actor Assignments {
  /// A restore on its way, until its partition is served.
  private struct Restore {
    let cancellation: Cancellation
    let task: Task<Void, Never>
  }

  private let lanes: [Lane]
  private let service: any PartitionService
  private let objectBytesMax: Int
  private let statistics: WorkerStatistics
  private let tracer: WorkerTracer?
  private let logger: Logger
  private var machine: AssignmentMachine
  private var restores: [AssignmentMachine.Term: Restore] = [:]
  /// By partition, what serves it, from before it is attached; and since which term.
  private var served: [Int32: (actor: PartitionActor, term: AssignmentMachine.Term)] = [:]

  /// - Parameter needsAll: whether one refused partition ends the worker, since it waits for all of them.
  init(
    lanes: [Lane], service: any PartitionService, needsAll: Bool, objectBytesMax: Int,
    statistics: WorkerStatistics, tracer: WorkerTracer? = nil, logger: Logger
  ) {
    self.tracer = tracer
    self.lanes = lanes
    self.service = service
    self.objectBytesMax = objectBytesMax
    self.statistics = statistics
    self.logger = logger
    machine = AssignmentMachine(lanes: lanes.count, needsAll: needsAll, backoff: RestoreLimits.backoff)
  }

  /// The partitions that are assigned.
  var partitions: Set<Int32> { Set(machine.partitions) }

  // MARK: What happens to partitions

  func assigned(_ partitions: [Int32]) {
    tracer?.begin("sequitur assign", partitions: partitions).end()
    begin(machine.assigned(partitions))
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
    let kept = machine.partitions
    guard !kept.isEmpty else { return }
    logger.warning(
      "the membership was interrupted; the partitions that were kept are restored anew",
      metadata: ["partitions": "\(kept)"])
    await lost(kept)
    begin(machine.assigned(kept, isAgain: true))
  }

  /// A lane gave up what it had prepared for a partition that is still assigned.
  func discarded(_ actor: PartitionActor) {
    // The news may be late: the partition may have left and come back meanwhile, and is served by another actor.
    guard let (current, term) = served[actor.partition], current === actor else { return }
    begin(machine.discarded(term))
  }

  /// The commands of a served partition may not be the known ones any more: what waits is given up, and its restore
  /// finds out.
  func inputSuspected(_ number: Int32) async {
    guard let term = machine.term(serving: number), let lane = machine.lane(serving: number) else { return }
    logger.warning("the partition's commands are looked at anew", metadata: ["partition": "\(number)"])
    await lanes[lane].lose([number])
    // It may have left, or been given up with others, meanwhile: then this is late news.
    begin(machine.discarded(term))
  }

  /// No command stands from a served partition's position up to `end`, but control records.
  func pass(_ number: Int32, from position: Int64, to end: Int64) async {
    guard let lane = machine.lane(serving: number) else { return }
    await lanes[lane].pass(number, from: position, to: end)
  }

  // MARK: Restoring

  private func begin(_ start: AssignmentMachine.Start?) { begin(start.map { [$0] } ?? []) }

  private func begin(_ starts: [AssignmentMachine.Start]) {
    for start in starts {
      let (term, cancellation) = (start.term, Cancellation())
      let task = Task {
        await restoreAndServe(start, cancellation)
        restores[term] = nil
      }
      restores[term] = Restore(cancellation: cancellation, task: task)
      served[term.partition] = nil
      statistics.restoring(term.partition, RestoreProgress())
      statistics.events.send(.restoring(term.partition))
    }
  }

  private func restoreAndServe(_ start: AssignmentMachine.Start, _ cancellation: Cancellation) async {
    let (term, number) = (start.term, start.term.partition)
    let span = tracer?.begin("sequitur restore", partitions: [number])
    defer { span?.end() }
    while !cancellation.isCancelled {
      do {
        if start.isAgain { try await service.pause(number) }
        let partition = AssignedPartition(number: number, queue: try service.openQueue(number))
        let restored = try await service.restore(number, cancellation)
        try await service.begin(partition, at: restored.position)
        return await serve(term, partition, restored)
      } catch let fault as RestoreFault {
        span?.recordError(fault)
        return refuse(term, fault)
      } catch {
        let isClientStuck = (error as? KafkaError)?.code == .state
        guard
          case .again(let failures, let pause, let restartsClient) =
            machine.failed(term, isClientStuck: isClientStuck)
        else { return }
        span?.recordError(error)
        if restartsClient, let error = error as? KafkaError { service.restart(error) }
        statistics.restoreFailed(number, why: "\(error)")
        logger.warning(
          "a restore failed and is tried again",
          metadata: ["partition": "\(number)", "attempt": "\(failures)", "error": "\(error)"])
        try? await Task.sleep(for: pause)
      }
    }
  }

  private func serve(
    _ term: AssignmentMachine.Term, _ partition: AssignedPartition, _ restored: RestoreJob.Restored
  ) async {
    shareMemory()
    guard let index = machine.restored(term) else { return }
    let lane = lanes[index]
    let actor = service.makeActor(
      partition, restored, on: lane, objectBytesMax: machine.share(of: objectBytesMax))
    served[partition.number] = (actor, term)
    await lane.attach(actor)
    switch machine.attached(term) {
    // Who removed it waits for this task, and then lets the lane release it.
    case .leaving: return
    case .restoresAgain(let start): begin(start)
    case .serving:
      statistics.served(partition.number, from: restored.position ?? 0)
      logger.info(
        "partition served",
        metadata: [
          "partition": "\(partition.number)", "lane": "\(index)",
          "position": "\(restored.position.map(String.init) ?? "start")",
        ])
    }
  }

  private func refuse(_ term: AssignmentMachine.Term, _ fault: RestoreFault) {
    guard let endsWorker = machine.refused(term, fault) else { return }
    let number = term.partition
    statistics.events.send(.refused(number, fault))
    statistics.refused(number, fault)
    logger.critical(
      "the partition is not served", metadata: ["partition": "\(number)", "reason": "\(fault)"])
    if endsWorker { service.refused(PartitionRefused(partition: number, fault: fault)) }
  }

  // MARK: Stopping

  /// Removes partitions, waits until their restores have stopped, and says which lane serves which.
  private func stop(_ numbers: [Int32]) async -> [(Lane, [Int32])] {
    let assigned = partitions
    var removal = machine.removed(numbers)
    let restores = removal.cancelled.map { self.restores[$0] }
    // All at once: each has a call to finish, and together they have the revoke's time.
    for restore in restores {
      restore?.cancellation.cancel()
      // Ends the pause between two tries, and the wait for a thread, as well.
      restore?.task.cancel()
    }
    for (term, restore) in zip(removal.cancelled, restores) {
      await restore?.task.value
      if let lane = machine.ended(term) { removal.served[lane, default: []].append(term.partition) }
    }
    for number in numbers where assigned.contains(number) {
      served[number] = nil
      statistics.removed(number)
    }
    return lanes.compactMap { lane in removal.served[lane.index].map { (lane, $0) } }
  }

  private func shareMemory() {
    let share = machine.share(of: objectBytesMax)
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
