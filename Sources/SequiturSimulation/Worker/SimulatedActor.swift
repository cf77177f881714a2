import PartitionEngine
import Sequitur

/// One partition that a worker serves: the same processor as in production.
final class SimulatedActor: LanePartition {
  unowned let lane: SimulatedLane
  /// The time that it serves its partition.
  let term: AssignmentMachine.Term
  var partition: Int32 { term.partition }
  let store: SimulatedStore
  var processor: PartitionProcessor<TallyDecider>
  /// The next command offset to fetch.
  var fetchPosition: Int64
  private var world: World { lane.worker.world }
  private var lastCommand: LastCommand?
  /// By what the commands topic is known: of the last commit, or as the restore found it.
  private(set) var input: InputCheck?
  private var sealedInput: InputCheck?

  init(lane: SimulatedLane, term: AssignmentMachine.Term, restored: SimulatedRestored) {
    let (position, incarnation) = (restored.position, restored.incarnation)
    self.lane = lane
    self.term = term
    let partition = term.partition
    let worker = lane.worker
    store = worker.disk.stores[Int(partition)]
    fetchPosition = position
    input = restored.input
    lastCommand = restored.input?.last
    var limits = Limits()
    limits.recentCommandIDsMax = OutcomeModel.idsMax
    let forgetAfter = worker.world.mutation == .gravesNotKept ? 0 : OutcomeModel.forgetAfter
    limits.forgetAfter = .milliseconds(forgetAfter)
    processor = PartitionProcessor(
      decider: TallyDecider(),
      identity: PartitionIdentity(
        applicationID: "simulation", commandsTopic: "commands", partition: partition,
        partitions: Int32(worker.world.profile.partitions),
        incarnation: incarnation ?? worker.world.nextIncarnation(),
        moves: worker.world.mutation == .orderNotWritten ? [] : restored.moves),
      envelope: .cloudevents, limits: limits, store: store, position: position,
      changelogPosition: restored.changelogPosition, isMoved: restored.isMoved,
      objectBytesMax: worker.world.profile.objectBytes,
      hashSeed: worker.world.seed &+ UInt64(partition))
  }

  var hasOpenCommands: Bool { processor.hasOpenCommands }
  var openByteCount: Int { processor.openByteCount }
  var undrainedByteCount: Int { processor.undrainedByteCount }
  var isDraining: Bool { processor.isDraining }

  /// Processes what was fetched; returns how many got an outcome.
  func process(_ fetched: SimulatedLog.Fetched, into output: inout OutputBatch) -> Int {
    var count = 0
    for (offset, record) in fetched.records {
      let outcome = try? record.withCommand(at: CommandPosition(partition: partition, offset: offset)) {
        lastCommand = LastCommand($0)
        return try processor.process($0, into: &output)
      }
      if outcome != .skipped { count += 1 }
    }
    fetchPosition = fetched.position
    return count
  }

  /// Seals the open commands.
  func seal(into output: inout OutputBatch) -> TransactionPart {
    let start = processor.positionCommitted
    let last = world.profile.namesLastCommand ? lastCommand : nil
    let end = processor.seal(into: &output, lastCommand: last)
    sealedInput = InputCheck(position: end, last: last)
    return TransactionPart(partition: partition, start: start, end: end)
  }

  func commit(checkpointOffset: Int64?) {
    processor.commit(checkpointOffset: checkpointOffset)
    input = sealedInput
  }

  /// A drain of what waits for one, unless another one is under way.
  func takeDrain() -> SimulatedDrain? {
    guard !processor.isDraining, processor.undrainedByteCount > 0 else { return nil }
    var changes: [StoreChange] = []
    var position = processor.takeDrain { key, record in
      changes.append(StoreChange(key: Array(key), record: record.map { Array($0) }))
    }
    if world.mutation == .drainStandsForLogEnd {
      position = DrainPosition(
        changelogOffset: world.kafka.log(.changelog, partition).highWatermark,
        commandPosition: position.commandPosition, checkpointOffset: position.checkpointOffset,
        incarnation: position.incarnation)
    }
    return SimulatedDrain(actor: self, changes: changes, position: position)
  }
}
