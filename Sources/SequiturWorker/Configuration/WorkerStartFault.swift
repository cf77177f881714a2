import KafkaClient

/// Why a worker cannot start: everything that was found wrong, each with its cure.
public struct WorkerStartFault: Error, Sendable, CustomStringConvertible {
  /// At least one.
  public let reasons: [String]

  /// One reason a line.
  public var description: String { reasons.joined(separator: "\n") }

  /// No transactional producer can be made.
  static func withoutTransactions(_ error: KafkaError) -> WorkerStartFault {
    let cure =
      switch error.code {
      case _ where error.cure != nil: error.cure ?? ""
      case .invalidTransactionTimeout:
        "Lower --transaction-timeout to the broker's transaction.max.timeout.ms, or raise that."
      case .unsupportedFeature:
        "Sequitur needs a broker with transactions: Kafka 2.5 or later."
      default:
        "Check that the cluster can have its topic __transaction_state: it needs "
          + "transaction.state.log.replication.factor brokers."
      }
    return WorkerStartFault(reasons: ["\(error). \(cure)"])
  }
}
