import Dispatch
import Foundation
import Synchronization

/// A lane's thread as a Swift executor: the lane and its partitions' actors all run on it, so that one calls
/// another without changing threads, and blocking calls to librdkafka hold up nobody else.
///
/// While the lane blocks in a poll, a job that arrives ends the poll by `wake`.
final class LaneExecutor: SerialExecutor {
  private struct State: ~Copyable {
    var jobs: [UnownedJob] = []
    var isStopping = false
    var hasEnded = false
    var thread: pthread_t?
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let wake: @Sendable () -> Void
  private let finished = OneTimeEvent()
  /// For jobs that come after the end, such as the news of the last drain: a job that never ran would keep its
  /// partition's memory for ever.
  private let late = DispatchQueue(label: "lane-late")

  /// - Parameter wake: ends a blocking call of the lane's thread; called from any thread.
  init(name: String, wake: @escaping @Sendable () -> Void) {
    self.wake = wake
    let thread = Thread { [self] in
      state.withLock { $0.thread = pthread_self() }
      serve()
      finished.signal()
    }
    thread.name = name
    thread.stackSize = 4 << 20
    thread.start()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let (hasEnded, isOwnThread) = state.withLock { state in
      if !state.hasEnded { state.jobs.append(job) }
      return (state.hasEnded, state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false)
    }
    if hasEnded { return late.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) } }
    arrived.signal()
    // What the lane enqueues itself, such as its own next turn, must not end its own next poll.
    if !isOwnThread { wake() }
  }

  /// Blocks the lane's thread until a job has arrived or the time is over. Only for code on this executor.
  func waitForJob(timeout: Duration) {
    let (seconds, attoseconds) = timeout.components
    let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    if arrived.wait(timeout: .now() + .nanoseconds(Int(nanoseconds))) == .success { arrived.signal() }
  }

  /// Ends the thread once the jobs at hand are done.
  func stop() async {
    state.withLock { $0.isStopping = true }
    arrived.signal()
    await finished.wait()
  }

  private func serve() {
    while true {
      arrived.wait()
      let (job, hasEnded) = state.withLock { state in
        let job = state.jobs.isEmpty ? nil : state.jobs.removeFirst()
        state.hasEnded = job == nil && state.isStopping
        return (job, state.hasEnded)
      }
      if hasEnded { return }
      job?.runSynchronously(on: asUnownedSerialExecutor())
    }
  }
}
