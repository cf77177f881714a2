import Foundation
import PartitionEngine
import Sequitur
import SequiturHTTP
import SequiturMetrics
import SequiturWorker

/// A worker as its operations door sees it.
package struct WorkerService: OperatedService {
  private let worker: Worker
  private let metricsSystem: PrometheusMetrics
  private let version: String
  private let rules: String?
  private let settings: [ServiceStatus.Setting]
  private let startedAt = Date().timeIntervalSince1970

  /// - Parameters:
  ///   - metricsSystem: that the worker's metrics go to.
  ///   - version: of the program.
  ///   - rules: what decides, and its fingerprint; nil for a decider in Swift.
  ///   - settings: all that it uses.
  package init(
    worker: Worker, metricsSystem: PrometheusMetrics, version: String, rules: String?,
    settings: [ServiceStatus.Setting]
  ) {
    self.worker = worker
    self.metricsSystem = metricsSystem
    self.version = version
    self.rules = rules
    self.settings = settings
  }

  package func metrics() -> (contentType: String, text: String) {
    (PrometheusMetrics.contentType, metricsSystem.text())
  }

  package func status() -> ServiceStatus {
    let health = worker.health
    let snapshot = worker.statistics.snapshot
    var status = ServiceStatus(
      service: "worker", version: version, application: worker.configuration.applicationID,
      startedAt: startedAt, now: Date().timeIntervalSince1970, ready: health.isReady)
    let topics = worker.configuration.topics
    status.topics = [
      "commands": topics.commands, "valid": topics.valid, "invalid": topics.invalid,
      "changelog": topics.changelog,
    ]
    status.rules = rules
    status.troubles = health.troubles.map(Self.shown)
    status.accepted = snapshot.accepted
    status.rejected = Dictionary(uniqueKeysWithValues: snapshot.rejected.map { ($0.key.rawValue, $0.value) })
    status.transactions = snapshot.transactions
    let durations = snapshot.commitDurations.map { $0 / .seconds(1) }.sorted()
    if !durations.isEmpty {
      status.commitMedian = durations[durations.count / 2]
      status.commitSlow = durations[min(durations.count - 1, durations.count * 99 / 100)]
    }
    status.partitions = health.partitions.map(Self.shown)
    status.storeBytes = worker.statistics.store.tableBytes
    status.undrainedBytes = worker.statistics.store.undrainedBytes
    status.settings = settings
    return status
  }

  private static func shown(_ trouble: WorkerHealth.Trouble) -> ServiceStatus.Trouble {
    ServiceStatus.Trouble(
      reason: trouble.reason.rawValue, partition: trouble.partition, sentence: trouble.reason.sentence,
      detail: trouble.detail, seconds: trouble.seconds, cure: trouble.reason.cure)
  }

  private static func shown(_ partition: WorkerHealth.Partition) -> ServiceStatus.Partition {
    var shown = ServiceStatus.Partition(
      number: partition.number, role: partition.role.rawValue, lagSeconds: partition.lagSeconds,
      commitAgeSeconds: partition.commitAgeSeconds)
    shown.position = partition.position
    shown.end = partition.end
    shown.lag = partition.lagRecords
    shown.lane = partition.lane
    shown.restore = partition.restore.map { restore in
      ServiceStatus.Restore(
        records: restore.records, remaining: restore.remaining, recordsPerSecond: restore.recordsPerSecond,
        secondsLeft: restore.records == 0 ? nil : restore.secondsLeft)
    }
    return shown
  }
}
