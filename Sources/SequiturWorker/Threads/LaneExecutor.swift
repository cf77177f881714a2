import BlockingThreads
import Dispatch
import Foundation
import Synchronization

/// A lane's thread as a Swift executor: the lane and its partitions' actors all run on it, so that one calls
/// another without changing threads, and blocking calls to librdkafka hold up nobody else.
///
/// While the lane waits, a job that arrives ends the wait, and so does ``notify()``.
final class LaneExecutor: SerialExecutor {
  private struct State: ~Copyable {
    var jobs: [UnownedJob] = []
    var isStopping = false
    var hasEnded = false
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let finished = OneTimeEvent()
  /// For jobs that come after the end, such as the news of the last drain: a job that never ran would keep its
  /// partition's memory for ever.
  private let late = DispatchQueue(label: "lane-late")

  init(name: String) {
    let thread = Thread { [self] in
      BlockingThread.nameCurrent(name)
      serve()
      finished.signal()
    }
    thread.stackSize = 4 << 20
    thread.start()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let hasEnded = state.withLock { state in
      if !state.hasEnded { state.jobs.append(job) }
      return state.hasEnded
    }
    if hasEnded { return late.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) } }
    arrived.signal()
  }

  /// Something has arrived for the lane: ends its wait, or the next one at once. Any thread may call it.
  func notify() { arrived.signal() }

  /// Blocks the lane's thread until a job or a notice has arrived or the time is over. Only for code on this executor.
  func wait(atMost timeout: Duration) {
    let end = DispatchTime.now() + .nanoseconds(Int(timeout.nanoseconds))
    guard arrived.wait(timeout: end) == .success else { return }
    // Each job has its signal; a notice's is used up by the wait that it ended.
    if state.withLock({ !$0.jobs.isEmpty }) { arrived.signal() }
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
