import Foundation
import Logging
import RocksDB
import Synchronization

/// The thread that writes committed objects to the store, behind the lanes' backs.
///
/// A write that fails (a full disk, say) is tried again for ever: meanwhile the objects stay in memory, the
/// undrained bytes reach their limit, and the lane pauses. Nothing is lost, since the changelog has it all.
/// RocksDB takes no write after some errors until it is opened again, so that is tried from time to time; and a
/// store that a write finds damaged is replaced by an empty one. Either way the partitions are restored anew.
final class Drainer: Sendable {
  private enum Job {
    case write(DrainJob)
    case barrier(OneTimeEvent)
  }

  private struct State {
    var jobs: [Job] = []
    var isStopping = false
    var fault: String?
    var failingSince: ContinuousClock.Instant?
    /// The news of ends that may not have reached their partitions: of each, the last.
    var endings: [ObjectIdentifier: Task<Void, Never>] = [:]
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let directory: StateDirectory
  private let memory: MemoryBudget
  private let statistics: WorkerStatistics
  private let logger: Logger
  private let thread = Mutex<WorkerThread?>(nil)

  init(
    state directory: StateDirectory, memory: MemoryBudget, statistics: WorkerStatistics, logger: Logger
  ) {
    self.directory = directory
    self.memory = memory
    self.statistics = statistics
    self.logger = logger
    thread.withLock { $0 = WorkerThread(name: "drain") { [self] in run() } }
  }

  /// What keeps the store from being written, for the health of the worker; `nil` when all is well.
  var fault: String? { state.withLock { $0.fault } }

  func submit(_ job: DrainJob) { append(.write(job)) }

  /// Returns when all drains submitted so far have ended, and their partitions know. A restore waits for this: a
  /// drain of the same partition that came later would put old states over what the restore wrote.
  func settle() async {
    let event = OneTimeEvent()
    append(.barrier(event))
    await event.wait()
  }

  /// Ends the thread once all jobs are written; those that cannot be are given up.
  func stop() async {
    state.withLock { $0.isStopping = true }
    arrived.signal()
    await thread.withLock { $0 }?.join()
  }

  private func append(_ job: Job) {
    state.withLock { $0.jobs.append(job) }
    arrived.signal()
  }

  private func run() {
    while true {
      arrived.wait()
      let (job, isStopping) = state.withLock { state in
        (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isStopping)
      }
      switch job {
      case .write(let job): write(job)
      case .barrier(let event): signal(event)
      case nil: if isStopping { return }
      }
    }
  }

  private func write(_ job: DrainJob) {
    do throws(RocksDBError) {
      try directory.checkRoom()
      waitForMemtables()
      try job.write()
      clearFault()
      end(job, .written)
    } catch {
      guard !error.isStale else { return end(job, .storeLost) }
      report(error)
      if heal(error) { return end(job, .storeLost) }
      // The partition keeps the objects and drains them again with its next turn.
      Thread.sleep(forTimeInterval: DrainLimits.retryInterval)
      end(job, .failed)
    }
  }

  /// Waits while the memtables are above their share: RocksDB flushes them, but stalls nobody for it.
  private func waitForMemtables() {
    let deadline = ContinuousClock.now + DrainLimits.memtableWait
    while ContinuousClock.now < deadline,
      let usage = try? directory.database.memoryUsage(),
      usage.memtableBytes > UInt64(memory.memtableBytesMax)
    {
      Thread.sleep(forTimeInterval: DrainLimits.memtableInterval)
    }
  }

  private func end(_ job: DrainJob, _ ending: DrainEnding) {
    let news = Task { await job.end(ending) }
    state.withLock { $0.endings[job.partitionIdentity] = news }
  }

  private func signal(_ event: OneTimeEvent) {
    let endings = state.withLock { state in
      defer { state.endings = [:] }
      return Array(state.endings.values)
    }
    Task {
      for ending in endings { await ending.value }
      event.signal()
    }
  }

  /// Opens the store again when that is the way out; says whether it did.
  private func heal(_ error: RocksDBError) -> Bool {
    let failing = state.withLock { state in state.failingSince.map { ContinuousClock.now - $0 } } ?? .zero
    // Where there is no room, opening again needs some.
    guard error.isDamage || (failing >= DrainLimits.reopenInterval && directory.lackOfRoom() == nil) else {
      return false
    }
    state.withLock { $0.failingSince = .now }
    do {
      try directory.reopen(isDamaged: error.isDamage)
      return true
    } catch {
      logger.error("the store could not be opened again", metadata: ["error": "\(error)"])
      return true
    }
  }

  private func report(_ error: RocksDBError) {
    let isNew = state.withLock { state in
      defer { state.fault = "\(error)" }
      if state.fault == nil { state.failingSince = .now }
      return state.fault == nil
    }
    guard isNew else { return }
    statistics.storeFailed("\(error)")
    logger.error(
      "the store cannot be written; partitions pause when their memory is full",
      metadata: ["error": "\(error)"])
  }

  private func clearFault() {
    let wasFaulty = state.withLock { state in
      defer { state.fault = nil }
      return state.fault != nil
    }
    guard wasFaulty else { return }
    statistics.storeFailed(nil)
    logger.notice("the store can be written again")
  }
}

/// The bounds of the drain.
enum DrainLimits {
  /// Seconds between two tries of a write that fails.
  static let retryInterval = 1.0
  /// Seconds between two looks at the memtables' size.
  static let memtableInterval = 0.005
  /// How long a drain waits for memtables; beyond it, the flush has failed, and the write will say why.
  static let memtableWait = Duration.seconds(5)
  /// How long writes fail before the store is opened again; RocksDB's own recovery looks every five seconds.
  static let reopenInterval = Duration.seconds(15)
}
