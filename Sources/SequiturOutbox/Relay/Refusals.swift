import KafkaClient
import Synchronization

/// Rows that brokers refused for what they are, as delivery reports tell them.
final class Refusals: Sendable {
  private let refused = Mutex<[Int: PoisonReason]>([:])

  var rows: [Int: PoisonReason] { refused.withLock { $0 } }
  var isEmpty: Bool { refused.withLock { $0.isEmpty } }

  func reset() { refused.withLock { $0 = [:] } }

  /// Called for each row; its tag is its number, from 1.
  func record(_ report: DeliveryReport) {
    guard let error = report.error, Self.isOfRecord(error) else { return }
    refused.withLock { $0[Int(report.tag) - 1] = .refused("\(error)") }
  }

  /// INVALID_MSG_SIZE MSG_SIZE_TOO_LARGE RECORD_LIST_TOO_LARGE INVALID_TIMESTAMP INVALID_RECORD: about records, not about
  /// the topic.
  static func isOfRecord(_ error: KafkaError) -> Bool { [4, 10, 18, 32, 87].contains(error.code.rawValue) }
}
