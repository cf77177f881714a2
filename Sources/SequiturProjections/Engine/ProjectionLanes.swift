import Logging
import Synchronization

/// The lanes that serve one assignment of partitions, each with a connection of its own.
final class ProjectionLanes: Sendable {
  /// Which assignment it is, counted. (An object's identity will not do: the next one may get the same address.)
  let assignment: Int
  private let lanes: [ProjectionLane]
  private let group: ProjectionGroup
  private let task = Mutex<Task<Void, Never>?>(nil)
  private let failed = Mutex<(any Error)?>(nil)
  /// Partitions that wait at an event, in a run that ends by itself.
  private let waiting = Mutex<Set<Int32>>([])

  init(
    _ configuration: ProjectorConfiguration, _ partitions: Set<Int32>, _ group: ProjectionGroup,
    _ statistics: ProjectionStatistics, assignment: Int
  ) {
    self.group = group
    self.assignment = assignment
    let count = configuration.database.dialect == .sqlite ? 1 : max(1, configuration.connectionsMax)
    var shares = [[Int32]](repeating: [], count: max(1, min(count, partitions.count)))
    for (index, partition) in partitions.sorted().enumerated() {
      shares[index % shares.count].append(partition)
    }
    lanes = shares.filter { !$0.isEmpty }.map { ProjectionLane(configuration, $0, group, statistics) }
  }

  /// Why a lane has ended, if that was not in order.
  var failure: (any Error)? {
    if let failed = failed.withLock({ $0 }) { return failed }
    let waiting = waiting.withLock { $0.sorted() }
    guard !waiting.isEmpty else { return nil }
    let list = waiting.map(String.init).joined(separator: ", ")
    return ProjectionFailure(
      .stopped,
      "Expected to catch up, but partition \(list) \(waiting.count == 1 ? "waits" : "wait") at an event that is not taken: see "
        + "`sequitur project status`.")
  }

  func start() {
    let task = Task { [self] in
      await withTaskGroup(of: Void.self) { tasks in
        for lane in lanes {
          tasks.addTask { [self] in
            do {
              // The others are not done yet: a partition that waits holds up none but itself.
              let stopped = try await lane.run()
              waiting.withLock { $0.formUnion(stopped) }
            } catch {
              failed.withLock { $0 = $0 ?? error }
              for lane in lanes { lane.stop() }
            }
          }
        }
      }
      group.tell(.lanesEnded(assignment: assignment))
    }
    self.task.withLock { $0 = task }
  }

  /// Returns when all lanes have ended.
  func stop() async {
    for lane in lanes { lane.stop() }
    await task.withLock { $0 }?.value
  }
}
