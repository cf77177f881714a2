import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import SequiturTopics
import Synchronization

/// What the output topics take, and what becomes of a transaction that is refused.
///
/// - **One record is refused for what it is** (``OutputErrorClass/record``). A topic's limit may be lowered while a worker
///   runs: it is looked up again, the transaction is discarded, and its commands are processed again with outcomes that fit.
///   Else the command is looked for (`RefusalSearch`), and rejected as `too-large` or `output-refused`.
/// - **Writing is refused, whatever the record** (``OutputErrorClass/output``): the worker is unhealthy and tries again,
///   ever more slowly, until the broker takes it. No command is rejected, none passed over.
final class OutputLimits: Sendable {
  private struct State {
    var messageBytesMax: Int
    var search = RefusalSearch(commandsMax: 0)
    /// How the commands are rejected that were found, by partition.
    var rejections: [Int32: Rejection] = [:]
    var incidents = OutputIncidents()
  }

  private let topics: TopicNames
  private let admin: KafkaAdmin
  private let call: Duration
  private let statistics: WorkerStatistics
  private let logger: Logger
  private let state: Mutex<State>
  private let searches = Atomic(false)
  private let start = ContinuousClock.now

  /// - Parameters:
  ///   - messageBytesMax: what the topics take at the start.
  ///   - commandsMax: the most commands of a transaction.
  init(
    topics: TopicNames, messageBytesMax: Int, commandsMax: Int, admin: KafkaAdmin, call: Duration,
    statistics: WorkerStatistics, logger: Logger
  ) {
    self.topics = topics
    self.admin = admin
    self.call = call
    self.statistics = statistics
    self.logger = logger
    state = Mutex(
      State(messageBytesMax: messageBytesMax, search: RefusalSearch(commandsMax: commandsMax)))
  }

  /// The smallest `max.message.bytes` of the output topics, as it was looked up last.
  var messageBytesMax: Int { state.withLock { $0.messageBytesMax } }

  /// These limits with records as large as the topics take.
  func bounding(_ limits: Limits) -> Limits {
    var bounded = limits
    bounded.recordBytesMax = min(limits.recordBytesMax, messageBytesMax)
    return bounded
  }

  // MARK: The search for a command

  /// Whether ``commandsMax(of:)`` may give anything; cheap.
  var isSearching: Bool { searches.load(ordering: .relaxed) }

  /// The most commands that a transaction with commands of these partitions may have; nil: as ever.
  func commandsMax(of partitions: [Int32]) -> Int? {
    state.withLock { $0.search.commandsMax(of: partitions) }
  }

  /// The command of a partition, from a position on, whose outcome is refused, and its rejection.
  func convict(of partition: Int32, from position: Int64) -> (offset: Int64, rejection: Rejection)? {
    state.withLock { state in
      guard let offset = state.search.convict(of: partition, from: position),
        let rejection = state.rejections[partition]
      else { return nil }
      return (offset, rejection)
    }
  }

  // MARK: What brokers answer

  /// A record of a lane's transaction was refused for what it is. Blocks.
  ///
  /// - Returns: how long to wait before its commands are processed again; zero when that is worth while at once.
  func recordRefused(
    _ error: KafkaError, _ parts: [TransactionPart], commands: Int, by lane: String
  ) -> Duration {
    if error.isOfSize {
      let before = messageBytesMax
      lookUp()
      guard messageBytesMax == before else { return .zero }
    }
    let finding = state.withLock { state in
      // These two may also come of what is between worker and broker, and then of every record.
      let isOwnForSure = error.code != .invalidRecord && error.code != .invalidMessageSize
      let finding = state.search.refused(
        parts, commands: commands, partition: error.partition, isOwnForSure: isOwnForSure)
      if case .convict(let partition, _) = finding { state.rejections[partition] = rejection(error) }
      return finding
    }
    searches.store(true, ordering: .relaxed)
    switch finding {
    case .divide:
      logger.info(
        "an outcome is refused; its command is looked for in smaller transactions",
        metadata: ["commands": "\(commands)", "error": "\(error)"])
      return .zero
    case .convict(let partition, let offset):
      logger.warning(
        "a command's outcome is refused; the command is rejected",
        metadata: [
          "command": "\(topics.commands)/\(partition)/\(offset)", "error": "\(error)",
          "cure": "\(OutputErrorClass.cure(error))",
        ])
      return .zero
    case .everything:
      return refused(error, parts, by: lane)
    }
  }

  /// A lane's outcomes are refused, whatever they are.
  ///
  /// - Returns: how long to wait before the next try.
  func refused(_ error: KafkaError, _ parts: [TransactionPart], by lane: String) -> Duration {
    let text = fault(error, parts)
    let told = state.withLock { state in
      state.incidents.refused(
        lane, kind: "\(error.code.name) \(error.topic ?? "")", text: text, at: ContinuousClock.now - start)
    }
    statistics.outputRefused(text)
    if told.isToBeTold { logger.error("the brokers refuse outcomes", metadata: ["reason": "\(text)"]) }
    return told.pause
  }

  /// A lane's transaction was committed.
  func accepted(_ parts: [TransactionPart], isAccepted: Bool, by lane: String) {
    let (isSearching, wasRefused, isOver, text) = state.withLock { state in
      state.search.committed(parts, isAccepted: isAccepted)
      let wasRefused = !state.incidents.isEmpty
      let isOver = wasRefused && state.incidents.accepted(lane)
      return (state.search.isActive, wasRefused, isOver, state.incidents.text)
    }
    searches.store(isSearching, ordering: .relaxed)
    guard wasRefused else { return }
    statistics.outputAccepted(still: text)
    if isOver { logger.notice("the brokers take the outcomes again") }
  }

  private func rejection(_ error: KafkaError) -> Rejection {
    let topic = error.topic ?? "an output topic"
    return Rejection(
      error.isOfSize ? .tooLarge : .outputRefused,
      "Expected outputs of the command that \(topic) takes, but the broker refuses one: \(error.code).")
  }

  private func fault(_ error: KafkaError, _ parts: [TransactionPart]) -> String {
    let commands = parts.map { "\(topics.commands)/\($0.partition) \($0.start)..<\($0.end)" }
    let limit = error.isOfSize ? " The output topics take records of \(messageBytesMax) bytes." : ""
    return
      "Expected the brokers to take the outcomes of the commands \(commands.joined(separator: ", ")), but "
      + "\(error).\(limit) \(OutputErrorClass.cure(error)) Commands wait, and go on by themselves."
  }

  /// Looks the topics' limits up; blocks. What cannot be looked up stays as it was.
  func lookUp() {
    var found: [Int] = []
    for topic in topics.outputs {
      do throws(KafkaError) {
        let properties = try admin.describeTopicConfiguration(topic, timeout: call)
        if let bytes = properties["max.message.bytes"].flatMap({ Int($0) }) { found.append(bytes) }
      } catch {
        return logger.warning("a topic's limit cannot be looked up", metadata: ["error": "\(error)"])
      }
    }
    guard let least = found.min(), least != messageBytesMax else { return }
    logger.warning(
      "the output topics' limit has changed; larger outcomes are rejected as too-large",
      metadata: ["before": "\(messageBytesMax)", "now": "\(least)"])
    state.withLock { $0.messageBytesMax = least }
  }
}

extension KafkaError {
  /// Whether a record, or what it was sent with, is too large.
  fileprivate var isOfSize: Bool { [.messageTooLarge, .recordListTooLarge].contains(code) }
}
