import Logging

/// A restore's wait for the transaction that the partition's last owner left open: said once, with the longest that it
/// can take.
struct PredecessorWait {
  let job: RestoreJob
  /// What cannot be read until then.
  let what: String
  private var isTold = false

  init(job: RestoreJob, what: String) {
    self.job = job
    self.what = what
  }

  /// It is still open, as far as can be seen.
  mutating func goesOn() {
    guard !isTold else { return }
    isTold = true
    job.statistics.waits(job.partition, for: what)
    job.statistics.events.send(.waiting(job.partition, atMost: job.timeouts.predecessorMax))
    job.logger.notice(
      "a partition waits for the transaction that its last owner left open; the others do not",
      metadata: [
        "partition": "\(job.partition)", "for": "\(what)", "at-most": "\(job.timeouts.predecessorMax)",
      ])
  }
}
