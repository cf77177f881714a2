import Foundation
import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur
import Synchronization

/// A running worker: its parts, how they are put together, and in which order they end.
///
///     membership ─ rebalances ─▶ assignments ─ restore ─▶ restore pool ─▶ store
///                                     │ attach
///                                     ▼
///     consumer ─ commands ─▶ lane (× n) ─ transactions ─▶ committer (× n) ─▶ broker
///                              └─ drains ─▶ drainer ─▶ store
final class WorkerRuntime: Sendable {
  let end: WorkerEnd

  private let logger: Logger
  private let state: StateDirectory
  private let drainer: Drainer
  private let pool: BlockingPool
  private let lanes: [Lane]
  private let laneTasks: [Task<Void, Never>]
  private let membership: Membership
  private let watch: WorkerWatch
  private let housekeeping: Task<Void, Never>
  /// Keeps the lanes and the assignments alive, each for the other, until the end.
  private let bound: LateBound<Assignments>

  init(
    end: WorkerEnd, logger: Logger, state: StateDirectory, drainer: Drainer, pool: BlockingPool,
    lanes: [Lane], laneTasks: [Task<Void, Never>], membership: Membership, watch: WorkerWatch,
    housekeeping: Task<Void, Never>, bound: LateBound<Assignments>
  ) {
    self.end = end
    self.logger = logger
    self.state = state
    self.drainer = drainer
    self.pool = pool
    self.lanes = lanes
    self.laneTasks = laneTasks
    self.membership = membership
    self.watch = watch
    self.housekeeping = housekeeping
    self.bound = bound
  }

  /// Ends everything in order: no more commands, the transactions under way, the group, the store.
  func stop() async {
    logger.info("stopping")
    await watch.stop()
    await membership.stop()
    housekeeping.cancel()
    for lane in lanes { await lane.stop() }
    for task in laneTasks { await task.value }
    for lane in lanes { await lane.executor.stop() }
    await drainer.stop()
    await pool.stop()
    state.flush(wait: true)
    state.close()
    bound.release()
    logger.info("stopped")
  }
}
