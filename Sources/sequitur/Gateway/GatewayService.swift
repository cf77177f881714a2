import Foundation
import SequiturGateway
import SequiturHTTP
import SequiturMetrics
import SequiturTopics
import SequiturViews

/// A gateway as its operations door sees it.
final class GatewayService: OperatedService {
  /// A cluster that owes an answer for so long is silent.
  private static let silenceMax = 10.0

  private let gateway: Gateway
  private let topics: TopicNames
  private let application: String
  private let settings: [ServiceStatus.Setting]
  private let startedAt = Date().timeIntervalSince1970
  private let meters = FigureMeters(GatewayMetric.allCases.map(\.definition))

  init(_ gateway: Gateway, _ topics: TopicNames, of application: String, settings: [ServiceStatus.Setting]) {
    self.gateway = gateway
    self.topics = topics
    self.application = application
    self.settings = settings
  }

  func status() -> ServiceStatus {
    let health = gateway.health
    var status = ServiceStatus(
      service: "gateway", version: SequiturCommand.version, application: application,
      startedAt: startedAt, now: Date().timeIntervalSince1970,
      ready: Self.isReady(health) && Self.trouble(gateway.view) == nil)
    status.topics = ["commands": topics.commands, "valid": topics.valid, "invalid": topics.invalid]
    status.troubles = Self.troubles(health) + [Self.trouble(gateway.view)].compactMap { $0 }
    status.accepted = health.answers.filter { 200..<300 ~= $0.key }.values.reduce(0, +)
    status.rejected = Dictionary(
      uniqueKeysWithValues: health.answers.filter { $0.key >= 400 }.map { ("\($0.key)", $0.value) })
    status.figures = ["held": Double(health.held), "outcomes": Double(health.outcomes)]
    status.settings = settings
    return status
  }

  func metrics() -> (contentType: String, text: String) {
    let health = gateway.health
    meters.set(GatewayMetric.ready.rawValue, Self.isReady(health) ? 1 : 0)
    meters.set(GatewayMetric.held.rawValue, Double(health.held))
    meters.set(GatewayMetric.silence.rawValue, health.silence)
    meters.count(GatewayMetric.outcomes.rawValue, health.outcomes)
    for (status, count) in health.answers {
      meters.count(GatewayMetric.answers.rawValue, count, ("status", "\(status)"))
    }
    meters.set(
      GatewayMetric.stalled.rawValue, by: "partition",
      Dictionary(uniqueKeysWithValues: health.stalls.map { ("\($0.partition)", Double($0.behind)) }))
    return meters.exposition
  }

  /// A gateway whose workers stand still takes requests and says so to each: no balancer should leave it for that.
  private static func isReady(_ health: GatewayHealth) -> Bool { health.silence < silenceMax }

  /// A gateway that is to tell objects, and cannot, is none that a balancer should choose.
  private static func trouble(_ view: ViewStatus?) -> ServiceStatus.Trouble? {
    func trouble(_ reason: String, _ sentence: String, _ detail: String, _ cure: String)
      -> ServiceStatus.Trouble
    {
      ServiceStatus.Trouble(
        reason: reason, partition: nil, sentence: sentence, detail: detail, seconds: 0, cure: cure)
    }
    switch view?.phase {
    case nil, .current, .waiting: return nil
    case .starting:
      return trouble(
        "starting", "The view has not begun.", "no partition is known yet", "Wait for the brokers.")
    case .catchingUp(_, _, let remaining, _):
      return trouble(
        "catching-up", "The view does not have all objects yet.", "\(remaining) offsets are missing", "Wait.")
    case .ended(let reason):
      return trouble(
        "view-ended", "The view has ended: objects cannot be read.", reason ?? "it was stopped",
        "Do what the reason says, and start the gateway again.")
    }
  }

  private static func troubles(_ health: GatewayHealth) -> [ServiceStatus.Trouble] {
    var troubles: [ServiceStatus.Trouble] = []
    if health.silence >= silenceMax {
      troubles.append(
        ServiceStatus.Trouble(
          reason: "broker-silent", partition: nil, sentence: "The cluster does not answer.",
          detail: health.fault ?? "no call was answered", seconds: health.silence,
          cure: "Look at the brokers, and at the network between. The gateway goes on by itself."))
    }
    return troubles
      + health.stalls.map { stall in
        ServiceStatus.Trouble(
          reason: "no-outcome", partition: stall.partition,
          sentence: "Commands wait, and no outcome comes.",
          detail: "\(stall.behind) commands of this gateway wait", seconds: stall.seconds,
          cure: "Look at the workers: none serves the partition, or it stands still there.")
      }
  }
}
