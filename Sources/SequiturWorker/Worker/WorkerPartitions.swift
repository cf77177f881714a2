import BlockingThreads
import KafkaClient
import PartitionEngine
import Sequitur

/// Restores and begins a running worker's partitions, with what the worker is made of.
struct WorkerPartitions: PartitionService {
  let parts: WorkerParts
  let pool: BlockingPool
  let drainer: Drainer
  let turns: RestoreTurns
  let end: WorkerEnd
  let makeTask: Worker.TaskFactory

  func pause(_ partition: Int32) async throws {
    try await pool.run {
      parts.intake.forget([partition])
      try parts.consumer.pause([
        TopicPartition(topic: parts.configuration.topics.commands, partition: partition)
      ])
    }
  }

  func openQueue(_ partition: Int32) throws -> KafkaQueue {
    try parts.consumer.partitionQueue(topic: parts.configuration.topics.commands, partition: partition)
  }

  func restore(_ partition: Int32, _ cancellation: Cancellation) async throws -> RestoreJob.Restored {
    await drainer.settle(partition)
    // On a thread of its own: with a few for all, partitions that wait for a transaction would keep others waiting.
    return try await withBlockingThread("restore-\(partition)") {
      try restoreJob(partition, cancellation).run()
    }
  }

  func begin(_ partition: AssignedPartition, at position: Int64?) async throws {
    let configuration = parts.configuration
    try await pool.run {
      parts.intake.open(partition.number, partition.queue)
      try parts.consumer.begin(
        topic: configuration.topics.commands, partition: partition.number,
        offset: position ?? TopicPartitionOffset.beginning, timeout: configuration.timeouts.restoreCall)
    }
  }

  func makeActor(
    _ partition: AssignedPartition, _ restored: RestoreJob.Restored, on lane: Lane, objectBytesMax: Int
  ) -> PartitionActor {
    let (configuration, decider) = (parts.configuration, parts.decider)
    parts.inputWatch.begin(partition.number, restored.input)
    let seat = PartitionSeat(
      identity: PartitionIdentity(
        applicationID: configuration.applicationID, commandsTopic: configuration.topics.commands,
        partition: partition.number, partitions: parts.partitions,
        // Its first checkpoint makes a changelog this one.
        incarnation: restored.incarnation ?? .random(in: 1 ... .max), moves: restored.moves,
        decider: decider.fingerprint, stateForms: decider.adding(to: restored.stateForms)),
      envelope: configuration.envelope, limits: parts.outputLimits.bounding(parts.limits),
      position: restored.position ?? 0, isMoved: restored.isMoved, lastCommand: restored.input?.last,
      changelogPosition: restored.changelogPosition, objectBytesMax: objectBytesMax,
      hashSeed: .random(in: .min ... .max),
      execution: parts.crashGuard?.slot(of: partition.number) ?? .unguarded(),
      refusals: refusals(partition.number, from: restored.position ?? 0))
    parts.executions.begin(partition.number, lane.index, seat.execution)
    return PartitionActor(
      partition: partition.number, queue: partition.queue, executor: lane.executor, store: restored.store,
      task: makeTask(seat, restored.store))
  }

  func refused(_ refusal: PartitionRefused) { end.come(.failed(refusal)) }

  func restart(_ error: KafkaError) { end.come(.membershipLost(error)) }

  private func restoreJob(_ partition: Int32, _ cancellation: Cancellation) -> RestoreJob {
    let configuration = parts.configuration
    return RestoreJob(
      partition: partition, partitions: parts.partitions, topics: configuration.topics, state: parts.state,
      consumer: parts.consumer, admin: parts.admin,
      readerConfiguration: configuration.readerProperties(readers: 2 * configuration.restoreTurns),
      turns: turns,
      runBytesMax: configuration.memory.restoreRunBytes(readers: configuration.restoreTurns),
      timeouts: configuration.timeouts, schemaVersion: parts.decider.schemaVersion, decider: parts.decider,
      crashGuard: parts.crashGuard,
      commands: parts.commandReader, orders: parts.inputOrders, statistics: parts.statistics,
      logger: parts.logger, cancellation: cancellation)
  }

  /// The commands of a partition that are rejected without being executed.
  private func refusals(_ partition: Int32, from position: Int64) -> [Int64: Rejection] {
    var refusals: [Int64: Rejection] = [:]
    if let offset = parts.crashGuard?.poisoned(partition, from: position) { refusals[offset] = .crashed }
    if let (offset, rejection) = parts.outputLimits.convict(of: partition, from: position) {
      refusals[offset] = rejection
    }
    return refusals
  }
}
