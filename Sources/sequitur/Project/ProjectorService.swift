import Foundation
import SequiturHTTP
import SequiturMetrics
import SequiturProjections

/// A projector as its operations door sees it.
struct ProjectorService: OperatedService {
  let projector: Projector
  let configuration: ProjectorConfiguration
  let metricsSystem: PrometheusMetrics
  let settings: [ServiceStatus.Setting]
  let startedAt = Date().timeIntervalSince1970

  func metrics() -> (contentType: String, text: String) {
    (PrometheusMetrics.contentType, metricsSystem.text())
  }

  func status() -> ServiceStatus {
    let snapshot = projector.statistics.snapshot
    let troubles = Self.troubles(snapshot)
    var status = ServiceStatus(
      service: "projection", version: SequiturCommand.version, application: configuration.applicationID,
      startedAt: startedAt, now: Date().timeIntervalSince1970,
      ready: troubles.isEmpty && snapshot.hasJoined)
    status.topics = ["valid": configuration.topics.valid]
    status.rules = "\(configuration.definition.name), generation \(configuration.definition.generation)"
    status.troubles = troubles
    status.accepted = snapshot.events
    status.rejected = snapshot.setAside
    status.transactions = snapshot.transactions
    status.partitions = snapshot.partitions.sorted { $0.key < $1.key }.map { number, partition in
      var shown = ServiceStatus.Partition(
        number: number, role: partition.stoppedReason == nil ? "projecting" : "stopped",
        lagSeconds: partition.behind / .seconds(1))
      shown.position = partition.position
      shown.lag = partition.lag
      return shown
    }
    status.settings = settings
    return status
  }

  private static func troubles(_ snapshot: ProjectionStatistics.Snapshot) -> [ServiceStatus.Trouble] {
    var troubles = snapshot.partitions.sorted { $0.key < $1.key }.compactMap { number, partition in
      partition.stoppedReason.map { reason in
        ServiceStatus.Trouble(
          reason: "event-not-taken", partition: number,
          sentence: "The partition waits at an event that is not taken.",
          detail: reason, seconds: partition.behind / .seconds(1),
          cure: "Mend it, or leave the event out with sequitur project skip.")
      }
    }
    if let trouble = snapshot.trouble {
      let seconds = snapshot.troubleSince.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0
      troubles.append(
        ServiceStatus.Trouble(
          reason: "database", partition: nil, sentence: "A transaction is tried again.", detail: trouble,
          seconds: seconds, cure: "Look at the database; the projector goes on by itself."))
    }
    if snapshot.isPaused {
      troubles.append(
        ServiceStatus.Trouble(
          reason: "paused", partition: nil, sentence: "The projection is paused.", detail: "", seconds: 0,
          cure: "sequitur project resume."))
    }
    return troubles
  }
}
