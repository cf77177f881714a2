import BlockingThreads
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
  private struct State {
    var jobs: [any DrainWork] = []
    var isStopping = false
    var fault: String?
    var failingSince: ContinuousClock.Instant?
    /// Drains whose end has not reached their partition, by its number; and who waits until there are none.
    var pending: [Int32: Int] = [:]
    var settling: [Int32: [OneTimeEvent]] = [:]
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let directory: StateDirectory
  private let memory: MemoryBudget
  private let statistics: WorkerStatistics
  private let logger: Logger
  private let thread = Mutex<BlockingThread?>(nil)

  init(
    state directory: StateDirectory, memory: MemoryBudget, statistics: WorkerStatistics, logger: Logger
  ) {
    self.directory = directory
    self.memory = memory
    self.statistics = statistics
    self.logger = logger
    thread.withLock { $0 = BlockingThread(name: "drain") { [self] in run() } }
  }

  /// Drains that wait, or are written.
  var waiting: Int { state.withLock { $0.pending.values.reduce(0, +) } }

  /// What keeps the store from being written, for the health of the worker; `nil` when all is well.
  var fault: String? { state.withLock { $0.fault } }

  func submit(_ job: any DrainWork) {
    state.withLock { state in
      state.jobs.append(job)
      state.pending[job.partitionNumber, default: 0] += 1
    }
    arrived.signal()
  }

  /// Returns when all drains of a partition have ended, and it knows. Its restore waits for this: a drain that came later
  /// would put old states over what the restore wrote. Other partitions' drains are not waited for.
  func settle(_ partition: Int32) async {
    let event = OneTimeEvent()
    let isSettled = state.withLock { state in
      guard state.pending[partition] != nil else { return true }
      state.settling[partition, default: []].append(event)
      return false
    }
    if !isSettled { await event.wait() }
  }

  /// Ends the thread once all jobs are written; those that cannot be are given up.
  func stop() async {
    state.withLock { $0.isStopping = true }
    arrived.signal()
    await thread.withLock { $0 }?.join()
  }

  private func run() {
    while true {
      arrived.wait()
      let (job, isStopping) = state.withLock { state in
        (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isStopping)
      }
      if let job {
        write(job)
      } else if isStopping {
        return
      }
    }
  }

  private func write(_ job: any DrainWork) {
    let start = ContinuousClock.now
    do throws(RocksDBError) {
      try directory.checkRoom()
      waitForMemtables()
      try job.write()
      clearFault()
      statistics.drained(
        job.partitionNumber, to: job.changelogOffset, objects: job.objectCount,
        duration: ContinuousClock.now - start)
      end(job, .written)
    } catch {
      guard !error.isStale else { return end(job, .storeLost) }
      report(error)
      if heal(error) { return end(job, .storeLost) }
      // The partition keeps the objects and drains them again with its next turn.
      Thread.sleep(forTimeInterval: DrainLimits.retryInterval.seconds)
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
      Thread.sleep(forTimeInterval: DrainLimits.memtableInterval.seconds)
    }
  }

  private func end(_ job: any DrainWork, _ ending: DrainEnding) {
    Task {
      await job.end(ending)
      settled(job.partitionNumber)
    }
  }

  /// A partition knows the end of one of its drains.
  private func settled(_ partition: Int32) {
    let events: [OneTimeEvent] = state.withLock { state in
      let rest = state.pending[partition, default: 1] - 1
      state.pending[partition] = rest > 0 ? rest : nil
      return rest > 0 ? [] : state.settling.removeValue(forKey: partition) ?? []
    }
    for event in events { event.signal() }
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
