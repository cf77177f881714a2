import Foundation
import SequiturFollower
import SequiturHTTP
import SequiturMetrics
import SequiturViews

/// A view as its operations door sees it, whether it serves or prints.
final class ViewService: OperatedService {
  /// What is known of the view at a moment.
  struct Look: Sendable {
    var phase: ViewStatus.Phase
    var listeners = 0
    var merged = 0
    var rebuilds = 0
    /// Taken in this run, where that is counted.
    var records: Int?
    var partitions: [ServiceStatus.Partition] = []
  }

  /// A view that knows of nothing new for so long is behind.
  private static let lagMax = 10.0

  private let topic: FollowedTopic
  private let settings: [ServiceStatus.Setting]
  private let look: @Sendable () -> Look
  private let startedAt = Date().timeIntervalSince1970
  private let meters = FigureMeters(ViewMetric.allCases.map(\.definition))

  init(
    _ topic: FollowedTopic, settings: [ServiceStatus.Setting], look: @escaping @Sendable () -> Look
  ) {
    self.topic = topic
    self.settings = settings
    self.look = look
  }

  func status() -> ServiceStatus {
    let look = look()
    let now = Date().timeIntervalSince1970
    let troubles = troubles(look, since: now - startedAt)
    var status = ServiceStatus(
      service: "view", version: SequiturCommand.version, application: topic.applicationID,
      startedAt: startedAt, now: now, ready: troubles.isEmpty)
    status.topics = ["changelog": topic.name]
    status.troubles = troubles
    status.accepted = look.records ?? 0
    status.partitions = look.partitions
    status.figures = [
      "listeners": Double(look.listeners), "mergedChanges": Double(look.merged),
      "rebuilds": Double(look.rebuilds),
    ]
    status.settings = settings
    return status
  }

  func metrics() -> (contentType: String, text: String) {
    let look = look()
    meters.set(ViewMetric.ready.rawValue, troubles(look, since: 0).isEmpty ? 1 : 0)
    meters.set(ViewMetric.listeners.rawValue, Double(look.listeners))
    meters.count(ViewMetric.merged.rawValue, look.merged)
    meters.count(ViewMetric.rebuilds.rawValue, look.rebuilds)
    if let records = look.records { meters.count(ViewMetric.records.rawValue, records) }
    var remaining: Int64 = 0
    switch look.phase {
    case .current(let lag):
      meters.set(ViewMetric.lagRecords.rawValue, Double(lag.records))
      meters.set(ViewMetric.lagSeconds.rawValue, lag.time / .seconds(1))
    case .catchingUp(_, _, let left, _): remaining = left
    case .starting, .waiting, .ended: break
    }
    meters.set(ViewMetric.remaining.rawValue, Double(remaining))
    return meters.exposition
  }

  private func troubles(_ look: Look, since seconds: Double) -> [ServiceStatus.Trouble] {
    func trouble(
      _ reason: String, _ sentence: String, _ detail: String, _ cure: String, seconds: Double
    ) -> [ServiceStatus.Trouble] {
      [
        ServiceStatus.Trouble(
          reason: reason, partition: nil, sentence: sentence, detail: detail, seconds: seconds, cure: cure)
      ]
    }
    switch look.phase {
    case .starting:
      return trouble(
        "starting", "The view is starting.", "", "Wait. If it lasts, read the log.", seconds: seconds)
    case .catchingUp(let records, let rate, let remaining, _):
      return trouble(
        "catching-up", "The view reads what was there.",
        "\(records) records read, \(Int(rate)) a second, \(remaining) offsets to go", "Wait.",
        seconds: seconds)
    case .waiting(let reason):
      return trouble(
        "view-waiting", "Something must pass first.", reason, "What the detail says.", seconds: seconds)
    case .ended(let reason):
      return trouble(
        "view-ended", "The view has ended.", reason ?? "", "Read the log, and start it again.",
        seconds: seconds)
    case .current(let lag):
      let age = lag.time / .seconds(1)
      guard age >= Self.lagMax else { return [] }
      return trouble(
        "view-behind", "The view knows of nothing new.", "\(lag.records) offsets wait",
        "Look whether the brokers answer, and whether a transaction is open on the changelog.",
        seconds: age)
    }
  }
}

extension ViewService.Look {
  /// Of a view that serves.
  init(_ status: ViewStatus) {
    phase = status.phase
    listeners = status.listeners
    merged = status.mergedChanges
    rebuilds = status.rebuilds
  }

  /// Of a follower whose changes are printed.
  init(_ statuses: [Int32: FollowStatus], since start: ContinuousClock.Instant) {
    let all = statuses.values
    let count = all.reduce(0) { $0 + $1.records }
    records = count
    let now = ContinuousClock.now
    if statuses.isEmpty {
      phase = .starting
    } else if all.allSatisfy(\.isCaughtUp) {
      phase = .current(
        lag: ViewStatus.Lag(
          records: all.reduce(0) { $0 + $1.lag },
          time: all.map { now - ($0.currentAt ?? start) }.max() ?? .zero))
    } else {
      let rate = Double(count) / max(0.001, (now - start) / .seconds(1))
      let remaining = all.reduce(Int64(0)) { $0 + max($1.remaining, $1.lag) }
      phase = .catchingUp(
        records: count, perSecond: rate, remaining: remaining,
        secondsLeft: rate > 0 ? Double(remaining) / rate : nil)
    }
    partitions = statuses.sorted { $0.key < $1.key }.map { number, status in
      var shown = ServiceStatus.Partition(
        number: number, role: status.isCaughtUp ? "following" : "catching up",
        lagSeconds: (now - (status.currentAt ?? start)) / .seconds(1))
      shown.position = status.readTo
      shown.lag = status.lag
      return shown
    }
  }
}
