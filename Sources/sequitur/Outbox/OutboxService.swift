import CoreMetrics
import Foundation
import SequiturHTTP
import SequiturMetrics
import SequiturOutbox
import Synchronization

/// A relay as its operations door sees it. Of the database it tells what it was told last, so that no question waits for it.
final class OutboxService: OperatedService {
  /// Between two looks at the database.
  private static let lookInterval = Duration.seconds(10)

  private let relay: OutboxRelay
  private let configuration: OutboxConfiguration
  private let settings: [ServiceStatus.Setting]
  private let startedAt = Date().timeIntervalSince1970
  private let system = PrometheusMetrics(OutboxMetric.allCases.map(\.definition))
  private let look = Mutex<(status: OutboxStatus, at: ContinuousClock.Instant)?>(nil)
  /// What the counters were set to last, and the reasons that have a series.
  private let told = Mutex<(counts: [OutboxMetric: Int], reasons: Set<String>)>(([:], []))

  init(_ relay: OutboxRelay, _ configuration: OutboxConfiguration, settings: [ServiceStatus.Setting]) {
    self.relay = relay
    self.configuration = configuration
    self.settings = settings
  }

  /// Looks at the database again and again, until it is cancelled.
  func run() async {
    while !Task.isCancelled {
      // While the database is away the relay tells it; here the last look grows old.
      if let status = try? await OutboxStatus.readDatabase(configuration) {
        look.withLock { $0 = (status, .now) }
      }
      try? await Task.sleep(for: Self.lookInterval)
    }
  }

  // MARK: Status

  func status() -> ServiceStatus {
    let (health, figures) = (relay.health, relay.figures)
    var status = ServiceStatus(
      service: "outbox", version: SequiturCommand.version, application: configuration.applicationID,
      startedAt: startedAt, now: Date().timeIntervalSince1970, ready: health.isReady)
    status.topics = ["commands": configuration.topic, "outbox": "\(configuration.applicationID)-outbox"]
    status.troubles = troubles(health)
    status.accepted = figures.sent
    status.transactions = figures.transactions
    var numbers = [
      "sent": figures.sent, "parked": figures.parked, "recovered": figures.recovered,
      "transactions": figures.transactions, "failures": health.failures,
    ].mapValues(Double.init)
    if let look = look.withLock({ $0 }) {
      status.rejected = look.status.parked
      for (metric, value) in Self.gauges(look.status, age: look.at.duration(to: .now)) {
        numbers[String(metric.rawValue.dropFirst("sequitur_outbox_".count))] = value
      }
    }
    status.figures = numbers
    status.settings = settings
    return status
  }

  private func troubles(_ health: OutboxHealth) -> [ServiceStatus.Trouble] {
    let all = health.troubles.map { trouble in
      ServiceStatus.Trouble(
        reason: Self.reason(trouble.cause), partition: nil, sentence: "\(trouble.place): \(trouble.cause).",
        detail: trouble.detail, seconds: trouble.began.duration(to: .now) / .seconds(1), cure: trouble.cure)
    }
    guard all.isEmpty, !health.isServing else { return all }
    return [
      ServiceStatus.Trouble(
        reason: "starting", partition: nil, sentence: "The relay takes the outbox over.", detail: "",
        seconds: Date().timeIntervalSince1970 - startedAt, cure: "Wait.")
    ]
  }

  /// `the database is away` as a word: `database-is-away`.
  private static func reason(_ cause: String) -> String {
    let words = cause.split(whereSeparator: { !$0.isLetter }).map(String.init)
    return (words.first == "the" || words.first == "a" ? Array(words.dropFirst()) : words).joined(
      separator: "-")
  }

  // MARK: Metrics

  func metrics() -> (contentType: String, text: String) {
    record()
    return (PrometheusMetrics.contentType, system.text())
  }

  private func record() {
    let (health, figures) = (relay.health, relay.figures)
    count([
      .sent: figures.sent, .parked: figures.parked, .recovered: figures.recovered,
      .transactions: figures.transactions, .failures: health.failures,
    ])
    set(.ready, health.isReady ? 1 : 0)
    guard let look = look.withLock({ $0 }) else { return }
    for (metric, value) in Self.gauges(look.status, age: look.at.duration(to: .now)) { set(metric, value) }
    let reasons = told.withLock { told in
      told.reasons.formUnion(look.status.parked.keys)
      return told.reasons
    }
    for reason in reasons {
      system.makeMeter(label: OutboxMetric.parkedRows.rawValue, dimensions: [("reason", reason)])
        .set(Int64(look.status.parked[reason] ?? 0))
    }
  }

  private func count(_ counts: [OutboxMetric: Int]) {
    told.withLock { told in
      for (metric, count) in counts {
        system.makeCounter(label: metric.rawValue, dimensions: [])
          .increment(by: Int64(count - (told.counts[metric] ?? 0)))
        told.counts[metric] = count
      }
    }
  }

  private func set(_ metric: OutboxMetric, _ value: Double) {
    system.makeMeter(label: metric.rawValue, dimensions: []).set(value)
  }

  private static func gauges(_ status: OutboxStatus, age: Duration) -> [OutboxMetric: Double] {
    var all: [OutboxMetric: Double] = [.lookAge: age / .seconds(1)]
    all[.waiting] = status.waiting.map(Double.init)
    all[.oldest] = status.waiting.map { $0 == 0 ? 0 : status.oldestSeconds ?? 0 }
    all[.oldestTransaction] = status.oldestTransactionSeconds ?? 0
    all[.slotPending] = status.pendingLogBytes.map(Double.init)
    all[.slotRetained] = status.retainedLogBytes.map(Double.init)
    return all
  }
}
