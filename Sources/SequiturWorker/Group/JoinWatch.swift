import KafkaClient
import Logging
import Synchronization

/// Tells of what keeps this worker out of its group: at once, and again while it lasts, since librdkafka tells an error of
/// its coordinator once and then tries on in silence.
final class JoinWatch: Sendable {
  /// What follows from an error.
  enum Consequence: Sendable {
    /// The consumer tries on; or the error says nothing about joining.
    case goOn
    /// The worker was no member yet, and this does not pass by itself.
    case end(WorkerStartFault)
  }

  private struct State {
    var fault: JoinFault?
    var toldAt = ContinuousClock.now
    var wasMember = false
  }

  private let group: String
  private let timeouts: WorkerTimeouts
  private let statistics: WorkerStatistics
  private let logger: Logger
  private let state = Mutex(State())

  init(group: String, timeouts: WorkerTimeouts, statistics: WorkerStatistics, logger: Logger) {
    self.group = group
    self.timeouts = timeouts
    self.statistics = statistics
    self.logger = logger
  }

  /// The consumer reports an error. Nil: it is not of joining.
  func met(_ error: KafkaError) -> Consequence? {
    guard let fault = JoinFault(error, group: group, timeouts: timeouts) else { return nil }
    let (isNew, wasMember) = state.withLock { state in
      defer { state.fault = fault }
      return (state.fault != fault, state.wasMember)
    }
    statistics.joinRefused(fault.description)
    if fault.isLasting && !wasMember { return .end(WorkerStartFault(reasons: [fault.description])) }
    if isNew { tell(fault) }
    return .goOn
  }

  /// The group has assigned partitions, were it none.
  func joined() {
    statistics.joined()
    let fault = state.withLock { state in
      defer { state.fault = nil }
      state.wasMember = true
      return state.fault
    }
    guard fault != nil else { return }
    statistics.joinRefused(nil)
    logger.notice("the worker is a member of its group again")
  }

  /// The group took partitions back, or gave them to others.
  func left(isLost: Bool) { statistics.left(isLost: isLost) }

  /// Tells of a fault that lasts, at times.
  func remind() {
    let now = ContinuousClock.now
    let fault = state.withLock { state in
      now - state.toldAt > GroupLimits.joinReportInterval ? state.fault : nil
    }
    if let fault { tell(fault) }
  }

  private func tell(_ fault: JoinFault) {
    state.withLock { $0.toldAt = .now }
    logger.error("the worker cannot join its group", metadata: ["reason": "\(fault)"])
  }
}
