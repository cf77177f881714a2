import KafkaClient
import Logging
import PartitionEngine
import Synchronization

/// Looks from time to time whether the commands topic is still the one that the served partitions' positions belong to.
///
/// A topic that is deleted and created again while a worker runs has the same name, and may have outgrown the position
/// before the client's next fetch. Then nothing in the client tells (librdkafka 2.0 knows no topic ids).
///
/// And whether an idle partition's position has only control records behind it (`IdleInput`).
final class InputWatch: Sendable {
  private let topic: String
  private let admin: KafkaAdmin
  private let reader: CommandReader
  private let call: Duration
  private let logger: Logger
  private let known = Mutex<[Int32: InputCheck]>([:])
  private let idle = Mutex(IdleInput())

  /// What a look finds.
  enum Finding: Sendable, Hashable {
    /// All is as it should be, or cannot be told now.
    case nothing
    /// The commands are not the ones any more that were processed.
    case otherCommands
    /// From the position up to this end there are control records of transactions and nothing else.
    case controlRecords(from: Int64, to: Int64)
  }

  init(topic: String, admin: KafkaAdmin, reader: CommandReader, call: Duration, logger: Logger) {
    self.topic = topic
    self.admin = admin
    self.reader = reader
    self.call = call
    self.logger = logger
  }

  /// A partition is about to be served; nil: nothing is known of its commands yet.
  func begin(_ partition: Int32, _ check: InputCheck?) {
    known.withLock { $0[partition] = check }
    idle.withLock { $0.begin(partition) }
  }

  /// Commands of it were committed.
  func committed(_ part: TransactionPart) {
    known.withLock { $0[part.partition] = InputCheck(position: part.end, last: part.lastCommand) }
  }

  /// Looks at a partition. Blocks. What cannot be asked now is asked the next time.
  ///
  /// Commands that were deleted before they were processed are no sign: they may have been fetched before. When they
  /// were not, the client's next fetch fails.
  func look(at partition: Int32) -> Finding {
    guard let check = known.withLock({ $0[partition] }) else { return .nothing }
    do throws(KafkaError) {
      var bounds = try admin.watermarks(topic: topic, partition: partition, timeout: call)
      var finding = check.bounds(logStart: bounds.low, end: bounds.high)
      if case .compare(let last) = finding {
        let found = try reader.find(at: last.offset, of: partition, timeout: call)
        if found == .nothing {
          bounds = try admin.watermarks(topic: topic, partition: partition, timeout: call)
        }
        finding = check.compared(found, logStart: bounds.low, end: bounds.high)
      }
      switch finding {
      case .broken(.commandsDeleted): return .nothing
      case .broken: return .otherCommands
      case .fits, .compare: return try lookBehind(check.position, of: partition, end: bounds.high)
      }
    } catch {
      logger.warning(
        "the commands topic cannot be looked at",
        metadata: ["partition": "\(partition)", "error": "\(error)"])
      return .nothing
    }
  }

  private func lookBehind(_ position: Int64, of partition: Int32, end: Int64) throws(KafkaError) -> Finding {
    guard idle.withLock({ $0.isDue(partition, position: position, end: end) }),
      let end = try reader.endWithoutRecords(from: position, of: partition, timeout: call), end > position
    else { return .nothing }
    return .controlRecords(from: position, to: end)
  }
}
