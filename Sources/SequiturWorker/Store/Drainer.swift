import BlockingThreads
import Foundation
import Logging
import PartitionEngine
import RocksDB
import Synchronization

/// The thread that writes committed objects to the store, behind the lanes' backs.
///
/// A write that fails (a full disk, say) is tried again for ever: meanwhile the objects stay in memory, the
/// undrained bytes reach their limit, and the lane pauses. Nothing is lost, since the changelog has it all.
/// What follows from a failure is `DrainMachine`'s to say. Where the store is opened again, or replaced by an empty one, the
/// partitions are restored anew.
final class Drainer: Sendable {
  private struct State {
    var machine = DrainMachine<any DrainWork>(
      retryInterval: DrainLimits.retryInterval, reopenInterval: DrainLimits.reopenInterval)
    var isStopping = false
    var fault: String?
    /// By partition, who waits until no drain of it is on its way.
    var settling: [Int32: [OneTimeEvent]] = [:]
  }

  private let state = Mutex(State())
  private let start = ContinuousClock.now
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
  var waiting: Int { state.withLock { $0.machine.waiting } }

  /// What keeps the store from being written, for the health of the worker; `nil` when all is well.
  var fault: String? { state.withLock { $0.fault } }

  func submit(_ job: any DrainWork) {
    state.withLock { $0.machine.submitted(job, of: job.partitionNumber) }
    arrived.signal()
  }

  /// Returns when all drains of a partition have ended, and it knows. Its restore waits for this.
  func settle(_ partition: Int32) async {
    let event = OneTimeEvent()
    let isSettled = state.withLock { state in
      guard !state.machine.isSettled(partition) else { return true }
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
        (state.machine.next(), state.isStopping)
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
      end(job, healed(error))
    }
  }

  /// Does what follows from a failure; how the drain ended, then.
  private func healed(_ error: RocksDBError) -> DrainEnding {
    let failure: DrainMachine<any DrainWork>.Failure =
      error.isStale ? .stale : error.isDamage ? .damage : .other
    let hasRoom = directory.lackOfRoom() == nil
    let (verdict, isNews) = state.withLock { state in
      if !error.isStale { state.fault = "\(error)" }
      return state.machine.failed(failure, at: ContinuousClock.now - start, hasRoom: hasRoom)
    }
    if isNews { report(error) }
    switch verdict {
    case .storeLost: return .storeLost
    case .reopen(let isDamaged):
      do {
        try directory.reopen(isDamaged: isDamaged)
      } catch {
        logger.error("the store could not be opened again", metadata: ["error": "\(error)"])
      }
      return .storeLost
    case .retry(let pause):
      Thread.sleep(forTimeInterval: pause.seconds)
      return .failed
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
      state.machine.ended(partition) ? state.settling.removeValue(forKey: partition) ?? [] : []
    }
    for event in events { event.signal() }
  }

  private func report(_ error: RocksDBError) {
    statistics.storeFailed("\(error)")
    logger.error(
      "the store cannot be written; partitions pause when their memory is full",
      metadata: ["error": "\(error)"])
  }

  private func clearFault() {
    let wasFaulty = state.withLock { state in
      state.fault = nil
      return state.machine.written()
    }
    guard wasFaulty else { return }
    statistics.storeFailed(nil)
    logger.notice("the store can be written again")
  }
}
