import Logging
import ReadableText

/// Tells trouble once when it begins, again once a minute while it goes on, and that it is over. One thread's.
struct IncidentLog {
  private let logger: Logger
  private let place: String
  private let health: HealthBoard
  private var current: String?
  private var began = ContinuousClock.now
  private var told = ContinuousClock.now

  init(_ logger: Logger, place: String, _ health: HealthBoard) {
    self.logger = logger
    self.place = place
    self.health = health
  }

  /// Whether trouble was told that is not over.
  var isOpen: Bool { current != nil }

  /// A step failed, and will be made again.
  mutating func failed(_ step: String, _ error: any Error) {
    let trouble = Trouble(error)
    let cause = trouble?.cause ?? "a step failed"
    let detail = ShownText.line("\(error)", atMost: 1_000)
    health.failed(place, cause, detail, cure: trouble?.cure ?? "")
    let now = ContinuousClock.now
    let isNews = current != cause
    guard isNews || now - told >= OutboxLimits.reminder else { return }
    if current == nil { began = now }
    current = cause
    told = now
    var metadata: Logger.Metadata = [
      "outbox": "\(place)", "step": "\(step)", "error": "\(detail)",
    ]
    if let cure = trouble?.cure { metadata["cure"] = "\(cure)" }
    if !isNews { metadata["seconds"] = "\((now - began).components.seconds)" }
    logger.warning("the outbox waits: \(cause)", metadata: metadata)
  }

  /// A step that had failed succeeded.
  mutating func succeeded() {
    guard let current else { return }
    logger.notice(
      "the outbox goes on",
      metadata: [
        "outbox": "\(place)", "after": "\(current)",
        "seconds": "\((ContinuousClock.now - began).components.seconds)",
      ])
    self.current = nil
    health.succeeded(place)
  }
}
