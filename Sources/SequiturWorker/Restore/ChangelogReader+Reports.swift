import Logging

/// How far the reading is, for the statistics and the log.
extension ChangelogReader {
  func stalled() -> RestoreStalled {
    RestoreStalled(
      topic: job.topics.changelog, partition: job.partition, position: position, target: target,
      after: job.timeouts.restoreProgress, lastError: lastError)
  }

  func progress(_ remaining: Int64) -> RestoreProgress {
    RestoreProgress(
      records: records, bytes: bytes, seconds: (ContinuousClock.now - start).seconds, remaining: remaining)
  }

  func reportProgress(_ remaining: Int64) {
    let progress = progress(remaining)
    job.logger.info(
      "restoring",
      metadata: [
        "partition": "\(job.partition)", "records": "\(records)", "bytes": "\(bytes)",
        "remaining": "\(remaining)", "records-per-second": "\(Int(progress.recordsPerSecond))",
        "seconds-left": "\(Int(progress.secondsLeft))",
      ])
  }

  func reportEnd() {
    job.statistics.events.send(.changelogRead(job.partition, records: records))
    job.logger.info(
      "changelog read",
      metadata: [
        "partition": "\(job.partition)", "records": "\(records)", "bytes": "\(bytes)",
        "seconds": "\((ContinuousClock.now - start).seconds)",
      ])
  }
}
