import BlockingThreads
import KafkaClient
import Logging
import SequiturFollower
import Synchronization

/// Applies the events of an application's valid topic to the tables of a database, each exactly once.
///
/// It joins a consumer group, which shares the partitions among instances and decides nothing else: where a partition goes on
/// is the database's to say, in the transaction that applies the events.
///
/// Trouble of the broker and of the database is waited for, and logged. What cannot be applied exactly ends it.
public final class Projector: Sendable {
  private let configuration: ProjectorConfiguration
  private let door: DatabaseDoor
  private let stopping = OneTimeEvent()
  /// What it has done, and how it is.
  public let statistics = ProjectionStatistics()

  public init(_ configuration: ProjectorConfiguration) {
    self.configuration = configuration
    door = DatabaseDoor(configuration.database, for: configuration.createsTables ? .make : .change)
  }

  /// Projects until it is stopped, or has caught up where it was told to stop then. Call it once.
  ///
  /// - Throws: ``ProjectionFailure``; ``DatabaseFailure`` for a database that cannot be used; `FollowFailure`, `TopicFault`
  ///   and `KafkaError` for a topic that cannot be read.
  public func run() async throws {
    guard !stopping.isSignalled else { return }
    let isBuilt = try await ProjectionStart(configuration: configuration, door: door).run()
    door.use { $0.close() }
    guard !stopping.isSignalled else { return }
    configuration.logger.info(
      "the projection runs",
      metadata: [
        "projection": "\(configuration.definition.name)",
        "generation": "\(configuration.definition.generation)",
        "database": "\(configuration.database)", "topic": "\(configuration.topics.valid)",
        "group": "\(configuration.groupID)",
      ])
    let group = try ProjectionGroup(configuration)
    let stopping = stopping
    let watch = Task {
      await stopping.wait()
      group.end()
    }
    let configuration = configuration
    let swap =
      isBuilt && !configuration.stopsWhenCaughtUp ? Task { await GenerationSwap.run(configuration) } : nil
    defer {
      watch.cancel()
      swap?.cancel()
    }
    do {
      try await project(group)
    } catch {
      await group.leave()
      throw error
    }
    await group.leave()
    if isBuilt, configuration.stopsWhenCaughtUp, !stopping.isSignalled {
      try await GenerationSwap.runOnce(configuration)
    }
  }

  /// Ends ``run()`` after the transactions under way, without an error. From any thread.
  public func stop() { stopping.signal() }

  /// Serves each assignment until the next one.
  private func project(_ group: ProjectionGroup) async throws {
    var running: ProjectionLanes?
    var assignments = 0
    do {
      for try await change in group.changes {
        switch change {
        case .assigned(let partitions):
          await running?.stop()
          if let ended = running?.failure { throw ended }
          running = nil
          configuration.logger.info(
            "partitions assigned",
            metadata: [
              "partitions": "\(partitions.sorted())", "projection": "\(configuration.definition.name)",
            ])
          assignments += 1
          statistics.assigned(partitions)
          let lanes = ProjectionLanes(configuration, partitions, group, statistics, assignment: assignments)
          running = lanes
          lanes.start()
        case .revoked:
          await running?.stop()
          if let ended = running?.failure { throw ended }
          running = nil
          statistics.assigned([])
        case .lanesEnded(let assignment):
          guard let running, running.assignment == assignment else { continue }
          await running.stop()
          if let failure = running.failure { throw failure }
          if configuration.stopsWhenCaughtUp { return }
        }
      }
    } catch {
      await running?.stop()
      throw error
    }
    await running?.stop()
    if let failure = running?.failure { throw failure }
  }
}
