import Foundation
import Synchronization
import TestBroker

@testable import SequiturWorker

/// Looks at a running worker from outside, and kills it at the moment that is aimed at.
struct KillWatch: Sendable {
  let bench: KillBench
  let worker: RunningProgram

  /// How long a moment is waited for; then the worker is killed wherever it is.
  private static let patience = Duration.seconds(10)
  private static let interval = Duration.microseconds(100)

  /// Kills the worker at once, or when it is where it is to be killed.
  ///
  /// - Returns: whether its drain was at work.
  func kill(in aim: KillMoment.Aim?) async throws -> Bool {
    let drain = ThreadProbe(of: worker, named: "drain")
    guard let aim else {
      defer { worker.kill() }
      return drain.isRunning
    }
    let isMet = try sign(of: aim, drain)
    // A thread of its own: what it looks for lasts a few milliseconds.
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread { [worker] in
        let deadline = ContinuousClock.now + Self.patience
        let pause = Cancellation()
        while !isMet(), worker.exit == nil, ContinuousClock.now < deadline { pause.wait(Self.interval) }
        let isDraining = drain.isRunning
        worker.kill()
        continuation.resume(returning: isDraining)
      }
    }
  }

  /// What shows that the moment has come.
  private func sign(of aim: KillMoment.Aim, _ drain: ThreadProbe) throws -> @Sendable () -> Bool {
    switch aim {
    case .transaction:
      let ends = try ChangelogEnds(bench)
      return { (try? ends.isTransactionOpen()) ?? false }
    case .drain:
      return { drain.isRunning }
    case .flush:
      let tables = Mutex(StoreTables(bench.bench.stateDirectory + "/store"))
      return { tables.withLock { $0.isAnyUnfinished() } }
    case .restore:
      let restore = ThreadProbe(of: worker, named: "restore")
      return { restore.isRunning }
    }
  }
}
