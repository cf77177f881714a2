import BlockingThreads
import KafkaClient
import Logging
import SequiturFollower
import SequiturTopics
import Synchronization

/// A connection, and a follower of some partitions that feeds it.
///
/// A partition that has stopped is left out for a while, and tried again with the others.
final class ProjectionLane: Sendable {
  private struct State {
    var isStopped = false
    var follower: Follower?
    /// Partitions that wait, and until when.
    var waiting: [Int32: ContinuousClock.Instant] = [:]
  }

  private let configuration: ProjectorConfiguration
  private let partitions: [Int32]
  private let group: ProjectionGroup
  private let statistics: ProjectionStatistics
  private let state = Mutex(State())
  private let stopped = OneTimeEvent()

  init(
    _ configuration: ProjectorConfiguration, _ partitions: [Int32], _ group: ProjectionGroup,
    _ statistics: ProjectionStatistics
  ) {
    self.configuration = configuration
    self.statistics = statistics
    self.partitions = partitions
    self.group = group
  }

  /// From any thread: it ends after the transaction under way.
  func stop() {
    stopped.signal()
    let follower = state.withLock { state in
      state.isStopped = true
      return state.follower
    }
    follower?.stop()
  }

  /// Follows until it is stopped, or has caught up where it is to end then.
  ///
  /// - Returns: the partitions that wait at an event then.
  func run() async throws -> Set<Int32> {
    let definition = configuration.definition
    let sink = ProjectionSink(
      ProjectionTransactions(
        definition, configuration.code, configuration.database.database(for: .change), statistics,
        logger: configuration.logger),
      statistics, configuration)
    defer { sink.close() }
    var isChecked = false
    var wait = ProjectionLimits.firstWait
    while !stopped.isSignalled {
      let active = await activePartitions()
      guard !active.isEmpty else {
        if stopped.isSignalled { return [] }
        continue
      }
      do {
        if !isChecked { try await checkTopic() }
        isChecked = true
        try await follow(active, sink)
        guard configuration.stopsWhenCaughtUp, !stopped.isSignalled else { continue }
        return waitingPartitions
      } catch let stop as PartitionStopped {
        note(stop)
        if configuration.stopsWhenCaughtUp, active.count == 1 { return waitingPartitions }
      } catch let error where passes(error) {
        configuration.logger.warning(
          "the projection is held up, and tries again",
          metadata: ["error": "\(error)", "projection": "\(definition.name)"])
        if let failure = error as? DatabaseFailure { statistics.failed(failure) }
        _ = await stopped.wait(atMost: wait)
        wait = min(wait * 2, ProjectionLimits.longestWait)
        continue
      }
      wait = ProjectionLimits.firstWait
    }
    return []
  }

  /// Whether an error is trouble of the moment.
  private func passes(_ error: any Error) -> Bool {
    switch error {
    case let failure as DatabaseFailure: failure.kind != .data
    case let error as KafkaError: error.isRetriable && !configuration.stopsWhenCaughtUp
    case let fault as TopicFault: fault.kind == .unreachable && !configuration.stopsWhenCaughtUp
    default: false
    }
  }

  private func follow(_ active: [Int32], _ sink: ProjectionSink) async throws {
    let positions = try await positions()
    var follower = FollowerConfiguration(
      kafka: configuration.kafka, topic: .events(configuration.topics, of: configuration.applicationID),
      logger: configuration.logger)
    follower.partitions = active
    follower.stopsWhenCaughtUp = configuration.stopsWhenCaughtUp
    follower.heldBytesMax = ProjectionLimits.commandBytesMax
    for (partition, position) in positions {
      follower.ignoresBelow[partition] = position.covered
      if position.nextCommand == nil { follower.beginnings[partition] = position.nextOffset }
    }
    let made = Follower(configuration: follower, sink: sink)
    let isStopped = state.withLock { state in
      state.follower = made
      return state.isStopped
    }
    guard !isStopped else { return }
    let report = Task { [group] in
      var looked = ContinuousClock.now
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        for (partition, status) in made.statuses {
          if let position = status.position { group.note(partition, offset: position.offset) }
        }
        guard ContinuousClock.now - looked > ProjectionLimits.positionLooks, !Task.isCancelled else {
          continue
        }
        looked = .now
        // Without events nothing would meet the fence: a generation that was replaced or reset is noticed here.
        if let positions = try? await self.positions(), !active.allSatisfy({ positions[$0] != nil }) {
          made.stop()
        }
      }
    }
    let timer = timer(made)
    defer {
      report.cancel()
      timer?.cancel()
    }
    try await made.run()
    for (partition, status) in made.statuses {
      if let position = status.position { group.note(partition, offset: position.offset) }
    }
  }

  /// Ends the follower when partitions that wait are to be tried again with it.
  private func timer(_ follower: Follower) -> Task<Void, Never>? {
    guard !configuration.stopsWhenCaughtUp, let due = state.withLock({ $0.waiting.values.min() }) else {
      return nil
    }
    return Task {
      try? await Task.sleep(until: due, clock: .continuous)
      if !Task.isCancelled { follower.stop() }
    }
  }

  // MARK: Partitions that wait

  private func note(_ stop: PartitionStopped) {
    configuration.logger.error(
      "a partition waits: an event is not taken, and on-error is stop",
      metadata: [
        "projection": "\(configuration.definition.name)", "partition": "\(stop.partition)",
        "offset": "\(stop.offset)", "reason": "\(stop.reason)",
        "cure": "mend it, or leave the event out with `sequitur project skip`",
      ])
    statistics.stopped(stop.partition, stop.reason)
    state.withLock { $0.waiting[stop.partition] = .now + ProjectionLimits.stoppedWait }
  }

  /// The partitions that do not wait; waits for one when all do.
  private func activePartitions() async -> [Int32] {
    if configuration.stopsWhenCaughtUp {
      let waiting = state.withLock { $0.waiting }
      return partitions.filter { waiting[$0] == nil }
    }
    let (active, due) = state.withLock { state -> ([Int32], ContinuousClock.Instant?) in
      let now = ContinuousClock.now
      state.waiting = state.waiting.filter { $0.value > now }
      return (partitions.filter { state.waiting[$0] == nil }, state.waiting.values.min())
    }
    if active.isEmpty, let due { _ = await stopped.wait(atMost: due - .now) }
    return active
  }

  private var waitingPartitions: Set<Int32> { state.withLock { Set($0.waiting.keys) } }

  // MARK: The database

  private func positions() async throws -> [Int32: ProjectionPosition] {
    let door = DatabaseDoor(configuration.database, for: .look)
    let definition = configuration.definition
    return try await withBlockingThread(
      "projection",
      throwing: {
        try door.use { database in
          defer { database.close() }
          try database.connect()
          return try ProjectionStore(
            database: database, name: definition.name, generation: definition.generation
          ).positions()
        }
      })
  }

  private func checkTopic() async throws {
    let positions = try await positions()
    let (partitions, configuration) = (partitions, configuration)
    try await withBlockingThread(
      "projection",
      throwing: {
        for partition in partitions {
          if let position = positions[partition] {
            try TopicIdentity.check(position, partition, configuration)
          }
        }
      })
  }
}
