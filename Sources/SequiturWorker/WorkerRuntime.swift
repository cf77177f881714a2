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
  /// Signalled when the worker shall end, for whatever reason.
  let ended = OneTimeEvent()

  private let logger: Logger
  private let state: StateDirectory
  private let drainer: Drainer
  private let pool: BlockingPool
  private let lanes: [Lane]
  private let laneTasks: [Task<Void, Never>]
  private let membership: Membership
  private let housekeeping: Task<Void, Never>
  private let failure = FailureSlot()

  init(
    logger: Logger, state: StateDirectory, drainer: Drainer,
    pool: BlockingPool, lanes: [Lane], laneTasks: [Task<Void, Never>], membership: Membership,
    housekeeping: Task<Void, Never>
  ) {
    self.logger = logger
    self.state = state
    self.drainer = drainer
    self.pool = pool
    self.lanes = lanes
    self.laneTasks = laneTasks
    self.membership = membership
    self.housekeeping = housekeeping
  }

  /// Lets the worker end; with an error when it could not go on.
  func end(_ error: (any Error)?) {
    failure.set(error)
    ended.signal()
  }

  /// Ends everything in order: no more commands, the transactions under way, the group, the store.
  func stop() async throws {
    logger.info("stopping")
    await membership.stop()
    housekeeping.cancel()
    for lane in lanes { await lane.stop() }
    for task in laneTasks { await task.value }
    for lane in lanes { await lane.executor.stop() }
    await drainer.stop()
    await pool.stop()
    state.flush(wait: true)
    state.close()
    logger.info("stopped")
    if let error = failure.error { throw error }
  }
}

/// Why a worker ended; the first reason counts.
final class FailureSlot: Sendable {
  private let slot = Mutex<(any Error)?>(nil)

  var error: (any Error)? { slot.withLock { $0 } }

  func set(_ error: (any Error)?) { slot.withLock { $0 = $0 ?? error } }
}
