import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import Synchronization

/// How large records the output topics take, and what becomes of a transaction of which a broker refuses one.
///
/// A topic's limit may be lowered while a worker runs. Sending the same bytes again would not help then: the limit is
/// looked up again, the transaction is discarded, and its commands are processed again, in batches that fit and with
/// outcomes that fit; a command whose own outcome does not is rejected as `too-large`. When not even that is taken (a
/// limit below the checkpoint record, or another reason to refuse), the worker is unhealthy and tries again, ever more
/// slowly, until the broker takes it.
final class OutputLimits: Sendable {
  private struct State {
    var messageBytesMax: Int
    /// Refusals in a row, by lane, and what the last one said.
    var refusals: [String: (count: Int, fault: String)] = [:]
  }

  private let topics: TopicNames
  private let admin: KafkaAdmin
  private let call: Duration
  private let statistics: WorkerStatistics
  private let logger: Logger
  private let state: Mutex<State>

  /// - Parameter messageBytesMax: what the topics take at the start.
  init(
    topics: TopicNames, messageBytesMax: Int, admin: KafkaAdmin, call: Duration, statistics: WorkerStatistics,
    logger: Logger
  ) {
    self.topics = topics
    self.admin = admin
    self.call = call
    self.statistics = statistics
    self.logger = logger
    state = Mutex(State(messageBytesMax: messageBytesMax))
  }

  /// The smallest `max.message.bytes` of the output topics, as it was looked up last.
  var messageBytesMax: Int { state.withLock { $0.messageBytesMax } }

  /// These limits with records as large as the topics take.
  func bounding(_ limits: Limits) -> Limits {
    var bounded = limits
    bounded.recordBytesMax = min(limits.recordBytesMax, messageBytesMax)
    return bounded
  }

  /// A broker refused a record of a lane's transaction. Looks the limits up; blocks.
  ///
  /// - Parameter pause: waits, longer with each refusal; not called when the limits have changed, since then doing it
  ///   again is worth while at once.
  func refused(_ error: KafkaError, _ parts: [TransactionPart], by lane: String, pause: (Duration) -> Void) {
    let before = messageBytesMax
    lookUp()
    let count = state.withLock { state in
      let count = (state.refusals[lane]?.count ?? 0) + 1
      state.refusals[lane] = (count, fault(error, parts, state.messageBytesMax))
      return count
    }
    report()
    guard messageBytesMax == before else { return }
    pause(min(.milliseconds(100) * (1 << min(count, 7)), Self.pauseMax))
    // It may have been raised meanwhile: then nothing must be rejected for a limit that was.
    lookUp()
  }

  /// A lane's transaction was committed.
  func accepted(by lane: String) {
    guard state.withLock({ $0.refusals.removeValue(forKey: lane) }) != nil else { return }
    logger.notice("the brokers take the outcomes again", metadata: ["lane": "\(lane)"])
    report()
  }

  private func fault(_ error: KafkaError, _ parts: [TransactionPart], _ limit: Int) -> String {
    let commands = parts.map { "\(topics.commands)/\($0.partition) \($0.start)..<\($0.end)" }
    return
      "Expected the brokers to take the outcomes of the commands \(commands.joined(separator: ", ")), but "
      + "\(error). The output topics take records of \(limit) bytes. Raise max.message.bytes of "
      + "\(topics.outputs.joined(separator: ", ")) where it is too low; commands wait, and go on by themselves."
  }

  private func report() {
    let faults = state.withLock { $0.refusals.sorted { $0.key < $1.key }.map(\.value.fault) }
    statistics.outputRefused(faults.first)
    for fault in faults { logger.error("the brokers refuse outcomes", metadata: ["reason": "\(fault)"]) }
  }

  /// What cannot be looked up stays as it was.
  private func lookUp() {
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

  /// The longest pause between two tries.
  private static let pauseMax = Duration.seconds(10)
}

extension KafkaError {
  /// Whether a broker refuses the records themselves: the same bytes would be refused again.
  var isRefusal: Bool { [.messageTooLarge, .recordListTooLarge, .invalidRecord].contains(code) }
}
