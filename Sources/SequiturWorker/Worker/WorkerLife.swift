import BlockingThreads
import KafkaClient
import Logging
import Synchronization

/// A worker's life in one process: runs it, and starts it anew when its client can be a member no more.
///
///     start ─▶ serving ─▶ asked: stop, return
///                │      ─▶ failed: stop, throw
///                └─▶ membership lost: stop ─▶ wait until the instance id is free ─▶ start anew
///
/// Only the first start may fail: later, whatever keeps the worker from starting may pass, so it is tried again with
/// a back-off until somebody asks for the end.
final class WorkerLife: Sendable {
  private struct State {
    var end: WorkerEnd?
    var isStopping = false
  }

  private let configuration: WorkerConfiguration
  private let statistics: WorkerStatistics
  private let logger: Logger
  private let start: @Sendable () async throws -> WorkerRuntime
  private let state = Mutex(State())
  private let stopped = OneTimeEvent()

  init(
    _ configuration: WorkerConfiguration, statistics: WorkerStatistics, logger: Logger,
    start: @escaping @Sendable () async throws -> WorkerRuntime
  ) {
    self.configuration = configuration
    self.statistics = statistics
    self.logger = logger
    self.start = start
  }

  /// Asks for the end, in order.
  func stop() {
    let end = state.withLock { state in
      state.isStopping = true
      return state.end
    }
    statistics.entered(.stopping)
    stopped.signal()
    end?.come(.asked)
  }

  /// Runs the worker until it is asked to end, or cannot go on.
  func run() async throws {
    var runtime = try await start()
    var losses = 0
    while true {
      statistics.entered(.running)
      adopt(runtime.end)
      let begin = ContinuousClock.now
      let reason = await runtime.end.wait()
      await runtime.stop()
      switch reason {
      case .asked: return
      case .failed(let error): throw error
      case .membershipLost(let error):
        if ContinuousClock.now - begin > WorkerLifeLimits.calm { losses = 0 }
        losses += 1
        guard let next = await startAgain(after: error, losses: losses) else { return }
        runtime = next
      }
    }
  }

  private func adopt(_ end: WorkerEnd) {
    let isStopping = state.withLock { state in
      state.end = end
      return state.isStopping
    }
    guard isStopping else { return }
    statistics.entered(.stopping)
    end.come(.asked)
  }

  /// The next runtime; nil when somebody asked for the end first.
  private func startAgain(after error: KafkaError, losses: Int) async -> WorkerRuntime? {
    logger.error(
      "the membership is lost for good; the worker starts anew in this process",
      metadata: ["error": "\(error)"])
    statistics.membershipLost(error)
    if error.code == .fencedInstanceID { await waitUntilInstanceIsFree() }
    var attempt = losses
    while !(await stopped.wait(atMost: WorkerLifeLimits.backoff(attempt))) {
      do {
        return try await start()
      } catch {
        attempt += 1
        logger.error("the worker could not start anew and tries again", metadata: ["error": "\(error)"])
      }
    }
    return nil
  }

  /// Waits while another process is a member under this worker's instance id: joining would fence it in its turn,
  /// and the two would take the partitions from each other for ever.
  private func waitUntilInstanceIsFree() async {
    guard let name = configuration.groupInstanceID else { return }
    logger.error(
      "another process has this worker's instance id; this one waits until that one is gone",
      metadata: [
        "group.instance.id": "\(name)", "cure": "give each worker an --instance-id of its own, or end one",
      ])
    statistics.entered(.fenced(why: "another process is the group's member \(name)"))
    let place = StaticMember(name: name)
    while await isTaken(place), !(await stopped.wait(atMost: WorkerLifeLimits.instanceInterval)) {}
    statistics.entered(.startingAnew(why: "the instance id is free again"))
  }

  /// Whether another process has the place. A broker that does not tell counts as "no".
  private func isTaken(_ place: StaticMember) async -> Bool {
    let configuration = configuration
    let logger = logger
    return await withBlockingThread("group") {
      do throws(KafkaError) {
        let admin = try KafkaAdmin(configuration: configuration.adminProperties, logger: logger)
        return place.isTaken(
          in: try admin.group(configuration.applicationID, timeout: configuration.timeouts.call))
      } catch {
        logger.info("the group's members are not known", metadata: ["error": "\(error)"])
        return false
      }
    }
  }
}
