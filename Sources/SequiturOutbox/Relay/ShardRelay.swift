import KafkaClient
import Logging
import PartitionEngine
import PostgreSQL

/// One shard: carries out what its machine says. Lives on a thread of its own.
final class ShardRelay {
  /// How it ended.
  enum Ending: Sendable {
    case finished
    case stopped
    /// Another relay has the name, or it is to be looked whether one has.
    case ownerLost
    case failed(any Error)
  }

  private let configuration: OutboxConfiguration
  private let topic: OutboxTopic
  private let keys: RecordKeys
  private let shard: Int
  private let database: ShardDatabase
  private let producer: ShardProducer
  private let ownership: RelayOwnership
  private let stop: StopSignal
  private let count: ((inout OutboxFigures) -> Void) -> Void
  private let health: HealthBoard
  private let place: String
  /// What was told of this shard and is not over, also when it ends: the shard that follows it goes on from there.
  private(set) var incidents: IncidentLog
  /// The step that failed last.
  private var failed: OutboxMachine.Action?
  private var batch: OutboxBatch?
  private var inDoubt: [RowIdentity] = []
  /// How long the last look for rows took.
  private var lookTime = Duration.zero

  /// - Parameters:
  ///   - producer: has taken over.
  ///   - incidents: those of the shard before, which lost the name.
  ///   - count: adds to the relay's figures.
  init(
    _ configuration: OutboxConfiguration, topic: OutboxTopic, shard: Int, database: ShardDatabase,
    producer: ShardProducer, ownership: RelayOwnership, stop: StopSignal, health: HealthBoard,
    incidents: IncidentLog? = nil, count: @escaping ((inout OutboxFigures) -> Void) -> Void
  ) {
    self.configuration = configuration
    self.topic = topic
    self.shard = shard
    self.database = database
    self.producer = producer
    self.ownership = ownership
    self.stop = stop
    self.count = count
    keys = RecordKeys(name: configuration.name)
    self.health = health
    place = "\(configuration.name)/\(shard)"
    self.incidents = incidents ?? IncidentLog(configuration.logger, place: place, health)
  }

  /// Goes on until it is stopped, or there is nothing left and it is to end then.
  func run() -> Ending {
    defer { health.succeeded(place) }
    var machine = OutboxMachine(stopsWhenEmpty: configuration.stopsWhenEmpty, pace: configuration.pace)
    var action = machine.start(isRecovered: true)
    while true {
      switch action {
      case .finished: return .finished
      case .stop: return .ownerLost
      case .takeOver, .readLast, .deleteLast, .confirm, .select, .send, .remove, .wait: break
      }
      // What is sent is deleted before the end, if that goes at once: the next start has less to do.
      if stop.isStopped, action != .remove { return .stopped }
      do {
        let outcome = try carryOut(action)
        if isOver(action, outcome) { incidents.succeeded() }
        action = machine.next(after: outcome)
      } catch {
        guard let failure = failure(error, action) else { return .failed(error) }
        action = machine.next(after: .failed(failure))
        if stop.isStopped { return .stopped }
      }
    }
  }

  /// Whether what was told is over: not yet when another step succeeds on the way back to the one that failed.
  private func isOver(_ action: OutboxMachine.Action, _ outcome: OutboxMachine.Outcome) -> Bool {
    action == failed || action == .remove || outcome == .selected(sendable: 0, poison: 0)
  }

  private func tell(_ action: OutboxMachine.Action, _ step: String, _ error: any Error) {
    failed = action
    incidents.failed(step, error)
  }

  private func carryOut(_ action: OutboxMachine.Action) throws -> OutboxMachine.Outcome {
    switch action {
    case .takeOver: try producer.takeOver()
    case .readLast: inDoubt = try topic.lastRecords(of: keys)[keys.shard(shard)]?.rows ?? []
    case .deleteLast:
      let deleted = try database.delete(inDoubt)
      count { $0.recovered += deleted }
    case .confirm: try ownership.confirm()
    case .select:
      let asked = ContinuousClock.now
      batch = try database.select()
      lookTime = asked.duration(to: .now)
      return .selected(sendable: batch?.sendable.count ?? 0, poison: batch?.poison.count ?? 0)
    case .send: return try send()
    case .remove: try remove()
    case .wait(let pause, let isIdle):
      // Deleted rows that cannot be cleaned up make looking slow: then the database rests for as long at least.
      let time = isIdle ? max(pause, lookTime) : pause
      let isRung = isIdle && configuration.bell != nil && database.waitForBell(within: time)
      if !isRung { stop.wait(time) }
    case .finished, .stop: break
    }
    return .done
  }

  private func send() throws -> OutboxMachine.Outcome {
    guard var batch else { preconditionFailure("there is no batch to send") }
    var record = BatchRecord(relay: ownership.relay)
    let rows = batch.sent
    record.ids = rows.map(\.id)
    if rows.contains(where: { $0.commandID != nil }) { record.commands = rows.map(\.commandID) }
    let sent = try producer.send(
      batch, ShardProducer.Record(key: keys.shard(shard), value: record),
      whileTrying: { tell(.send, $0.operation, $0) })
    guard case .refused(let reasons) = sent else {
      count {
        $0.sent += rows.count
        $0.transactions += 1
      }
      return .done
    }
    batch.refuse(reasons)
    self.batch = batch
    return .refused(sendable: batch.sendable.count)
  }

  private func remove() throws {
    guard let batch else { preconditionFailure("there is no batch to remove") }
    try database.remove(batch)
    if !batch.poison.isEmpty { tellParked(batch) }
    self.batch = nil
  }

  private func tellParked(_ batch: OutboxBatch) {
    count { $0.parked += batch.poison.count }
    let first = batch.poison[0]
    configuration.logger.warning(
      "rows were parked",
      metadata: [
        "outbox": "\(place)", "rows": "\(batch.poison.count)",
        "first-id": "\(batch.identity(first.row).id)", "reason": "\(first.reason)",
        "table": "\(configuration.table.parkedName)",
      ])
  }

  /// What the machine is told of an error; nil when nothing helps.
  private func failure(_ error: any Error, _ action: OutboxMachine.Action) -> OutboxMachine.Failure? {
    switch error {
    case let lost as RelayOwnership.Lost:
      configuration.logger.info(
        "the outbox's name may be another relay's", metadata: ["error": "\(lost.error)"])
      return .ownerLost
    case let failure as ShardProducer.Failure:
      tell(action, "\(action)", failure.error)
      return switch failure.kind {
      case .aborted: .passing
      case .undecided: .undecided
      case .fenced: .fenced
      }
    case let error as KafkaError:
      tell(action, "\(action)", error)
      return action == .takeOver && error.severity == .fenced ? .fenced : .passing
    case let fault as OutboxFault where fault.kind != .database: return nil
    case is PostgreSQLError, is OutboxFault:
      tell(action, "\(action)", error)
      return .passing
    default: return nil
    }
  }
}
