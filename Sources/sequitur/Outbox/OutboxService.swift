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
  private let meters = FigureMeters(OutboxMetric.allCases.map(\.definition))
  private let look = Mutex<(status: OutboxStatus, at: ContinuousClock.Instant)?>(nil)

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
    let (health, figures) = (relay.health, relay.figures)
    let counts: [OutboxMetric: Int] = [
      .sent: figures.sent, .parked: figures.parked, .recovered: figures.recovered,
      .transactions: figures.transactions, .failures: health.failures,
    ]
    for (metric, count) in counts { meters.count(metric.rawValue, count) }
    meters.set(OutboxMetric.ready.rawValue, health.isReady ? 1 : 0)
    if let look = look.withLock({ $0 }) {
      for (metric, value) in Self.gauges(look.status, age: look.at.duration(to: .now)) {
        meters.set(metric.rawValue, value)
      }
      meters.set(
        OutboxMetric.parkedRows.rawValue, by: "reason", look.status.parked.mapValues(Double.init))
    }
    return meters.exposition
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
