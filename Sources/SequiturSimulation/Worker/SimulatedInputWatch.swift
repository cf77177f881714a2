import PartitionEngine

/// A worker's looks at the commands of the partitions that it serves, as production's `InputWatch`.
final class SimulatedInputWatch {
  private unowned let worker: SimulatedWorker
  private var idle = IdleInput()
  private var process: SimulatedProcess { worker.process }
  private var world: World { worker.world }

  /// Milliseconds between two looks at all partitions.
  private static let interval = 150

  init(worker: SimulatedWorker) { self.worker = worker }

  func start() {
    process.after(Self.interval) { [self] in
      for partition in worker.assignments.partitions {
        if let actor = worker.lane(serving: partition)?.machine.partition(partition) { look(at: actor) }
      }
      start()
    }
  }

  /// A partition is served anew.
  func begin(_ partition: Int32) { idle.begin(partition) }

  private func look(at actor: SimulatedActor) {
    guard let check = actor.input, world.mutation != .inputNotWatched else { return }
    let partition = actor.partition
    process.call(.inputBounds) { [self] in
      let log = world.kafka.log(.commands, partition)
      return .success((log.logStart, log.highWatermark))
    } _: { [self] (answer: Result<(logStart: Int64, end: Int64), BrokerError>) in
      guard case .success(let bounds) = answer else { return }
      let finding = check.bounds(logStart: bounds.logStart, end: bounds.end)
      guard case .compare(let last) = finding else {
        return take(finding, of: partition, check, end: bounds.end)
      }
      process.call(.commandFetch) { [self] in
        .success(world.kafka.log(.commands, partition).find(last.offset, of: partition))
      } _: { [self] (answer: Result<InputCheck.Found, BrokerError>) in
        guard case .success(let found) = answer else { return }
        // Asked again by production; here nothing is deleted while workers run but what was processed.
        let log = world.kafka.log(.commands, partition)
        take(
          check.compared(found, logStart: log.logStart, end: log.highWatermark), of: partition, check,
          end: bounds.end)
      }
    }
  }

  private func take(_ finding: InputCheck.Finding, of partition: Int32, _ check: InputCheck, end: Int64) {
    switch finding {
    case .broken(.commandsDeleted): break
    case .broken: worker.inputSuspected(partition)
    case .fits, .compare: lookBehind(check.position, of: partition, end: end)
    }
  }

  private func lookBehind(_ position: Int64, of partition: Int32, end: Int64) {
    guard idle.isDue(partition, position: position, end: end), world.mutation != .controlRecordsNotPassed
    else { return }
    if world.mutation == .commandsTakenForControlRecords { return pass(partition, from: position, to: end) }
    process.call(.commandFetch) { [self] in
      world.kafka.log(.commands, partition).read(from: position, max: 1, isCommittedOnly: false)
    } _: { [self] (answer: Result<SimulatedLog.Fetched, BrokerError>) in
      guard case .success(let fetched) = answer, fetched.records.isEmpty else { return }
      pass(partition, from: position, to: fetched.position)
    }
  }

  private func pass(_ partition: Int32, from position: Int64, to end: Int64) {
    worker.lane(serving: partition)?.pass(partition, from: position, to: end)
  }
}
