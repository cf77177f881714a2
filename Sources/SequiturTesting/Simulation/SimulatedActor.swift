import PartitionEngine
import Sequitur

/// One partition that a worker serves: the same processor as in production.
final class SimulatedActor {
  unowned let worker: SimulatedWorker
  let partition: Int32
  let store: SimulatedStore
  var processor: PartitionProcessor<TallyDecider>
  /// The next command offset to fetch.
  var fetchPosition: Int64
  /// The store was opened anew: the partition must be restored.
  var hasLostStore = false
  private var lastDrain: Int
  private var timestamp: Int64 = 0

  init(worker: SimulatedWorker, partition: Int32, position: Int64, changelogPosition: Int64) {
    self.worker = worker
    self.partition = partition
    store = worker.disk.stores[Int(partition)]
    fetchPosition = position
    lastDrain = worker.world.now
    var limits = Limits()
    limits.recentCommandIDsMax = OutcomeModel.idsMax
    limits.objectBytesMax = worker.world.profile.objectBytes
    processor = PartitionProcessor(
      decider: TallyDecider(),
      identity: PartitionIdentity(
        applicationID: "simulation", commandsTopic: "commands", partition: partition,
        partitions: Int32(worker.world.profile.partitions)),
      envelope: .cloudevents, limits: limits, store: store, position: position,
      changelogPosition: changelogPosition, hashSeed: worker.world.seed &+ UInt64(partition))
  }

  /// Processes what was fetched; returns how many got an outcome.
  func process(_ fetched: SimulatedLog.Fetched, into output: inout OutputBatch) -> Int {
    var count = 0
    for (offset, record) in fetched.records {
      timestamp = record.timestamp
      let outcome = try? record.withCommand(at: CommandPosition(partition: partition, offset: offset)) {
        try processor.process($0, into: &output)
      }
      if outcome != .skipped { count += 1 }
    }
    fetchPosition = fetched.position
    return count
  }

  /// Seals the open commands; `nil` when there are none.
  func seal(into output: inout OutputBatch) -> SimulatedTransaction.Part? {
    guard processor.hasOpenCommands else { return nil }
    let start = processor.positionCommitted
    return SimulatedTransaction.Part(
      partition: partition, start: start, end: processor.seal(into: &output, timestamp: timestamp))
  }

  /// A drain of what waits for one, when it is due.
  func takeDrain(isForced: Bool) -> SimulatedDrain? {
    guard !processor.isDraining, processor.undrainedByteCount > 0 else { return nil }
    let now = worker.world.now
    guard isForced || now - lastDrain >= worker.world.profile.undrainedAge else { return nil }
    lastDrain = now
    var changes: [StoreChange] = []
    var position = processor.takeDrain { key, record in
      changes.append(StoreChange(key: Array(key), record: record.map { Array($0) }))
    }
    if worker.world.mutation == .drainStandsForLogEnd {
      position = DrainPosition(
        changelogOffset: worker.world.kafka.log(.changelog, partition).highWatermark,
        commandPosition: position.commandPosition)
    }
    return SimulatedDrain(actor: self, changes: changes, position: position)
  }
}
