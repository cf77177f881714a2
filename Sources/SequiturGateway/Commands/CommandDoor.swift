import KafkaClient
import Logging
import Sequitur
import SequiturTopics
import Synchronization

/// Takes one command: admits it, appends it, and waits for its outcome.
///
///     admit ─▶ append ─▶ acknowledged at p-o ─▶ wait ─▶ outcome, or not in time
///
/// Any thread.
final class CommandDoor: Sendable {
  /// What became of a command that was taken.
  enum Answer: Sendable, Hashable {
    case decided(CommandOutcome)
    /// It was appended; the caller does not wait, or not so long.
    case appended(CommandPosition)
  }

  /// Why it is not known what became of a command, or that nothing did.
  enum Failure: Error, Sendable {
    case refused(CommandAdmission.Refusal)
    /// The topic takes no record as large.
    case tooLarge(KafkaError)
    /// No broker has it.
    case notAppended(KafkaError)
    /// A broker may have it.
    case unknown(KafkaError)
  }

  private let partitions: Int32
  private let producer: CommandProducer
  private let watch: OutcomeWatch
  private let search: @Sendable (CommandPosition) async throws -> OutcomeSearch.Finding
  private let admission: Mutex<CommandAdmission>

  init(
    partitions: Int32, producer: CommandProducer, watch: OutcomeWatch, requestsMax: Int,
    search: @escaping @Sendable (CommandPosition) async throws -> OutcomeSearch.Finding
  ) {
    self.partitions = partitions
    self.producer = producer
    self.watch = watch
    self.search = search
    admission = Mutex(CommandAdmission(heldMax: requestsMax))
  }

  /// Requests that are held.
  var held: Int { admission.withLock { $0.held } }

  /// Partitions whose commands wait and get no outcome.
  var stalls: [CommandAdmission.Stall] {
    admission.withLock { admission in
      let now = ContinuousClock.now
      for partition in 0..<partitions { admission.look(partition, watch.progress(partition), now: now) }
      return admission.stalls(now: now)
    }
  }

  /// A command on its way: to be finished once.
  struct Ticket: Sendable {
    fileprivate let acknowledgement: CommandProducer.Acknowledgement
    fileprivate let wait: Duration
  }

  /// Takes a command.
  func take(_ request: CommandRequest) async throws(Failure) -> Answer {
    try await finish(try begin(request))
  }

  /// Admits a command and hands it to the producer, behind all that were begun before. ``finish(_:)`` must follow.
  func begin(_ request: CommandRequest) throws(Failure) -> Ticket {
    let partition = Murmur2.partition(of: request.key, among: partitions)
    try admit(partition, request)
    return Ticket(acknowledgement: producer.append(request, to: partition), wait: request.wait)
  }

  /// Waits for the acknowledgement, and for the outcome.
  func finish(_ ticket: Ticket) async throws(Failure) -> Answer {
    defer { admission.withLock { $0.leave() } }
    let position: CommandPosition
    switch await ticket.acknowledgement.value {
    case .success(let appended): position = appended
    case .failure(let failure): throw Self.failure(failure)
    }
    admission.withLock { $0.appended(position, now: .now) }
    guard ticket.wait > .zero else { return .appended(position) }
    switch await watch.outcome(of: position, within: ticket.wait) {
    case .outcome(let outcome): return .decided(outcome)
    case .none: return .appended(position)
    case .gone:
      guard case .found(let outcome)? = try? await search(position) else { return .appended(position) }
      return .decided(outcome)
    }
  }

  private func admit(_ partition: Int32, _ request: CommandRequest) throws(Failure) {
    let progress = watch.progress(partition)
    // Who does not wait may be late, but not for ever.
    let wait = request.wait > .zero ? request.wait : GatewayLimits.waitMax
    let refusal = admission.withLock { admission -> CommandAdmission.Refusal? in
      do throws(CommandAdmission.Refusal) {
        try admission.enter(
          partition, wait: wait, progress, now: .now)
        return nil
      } catch {
        return error
      }
    }
    if let refusal { throw .refused(refusal) }
  }

  private static func failure(_ failure: CommandProducer.Failure) -> Failure {
    let error = failure.error
    if [.messageTooLarge, .recordListTooLarge].contains(error.code) { return .tooLarge(error) }
    return failure.isNotAppended ? .notAppended(error) : .unknown(error)
  }
}
