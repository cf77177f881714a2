import PartitionEngine

/// Why a call to the simulated brokers failed, as the client sees it.
enum BrokerError: Error {
  /// No answer came: the request or its answer was lost. Whether it was carried out is unknown.
  case timedOut
  case coordinatorLoading
  case concurrentTransactions
  /// A transaction holds offsets of the partition (KIP-447, require_stable).
  case unstableOffset
  case illegalGeneration
  case unknownMember
  case fencedInstance
  /// A newer producer has the transactional id, or the coordinator gave the transaction up.
  case fencedProducer
  case invalidTransactionState
  /// A reader's position is below the log's first offset, or beyond its end.
  case offsetOutOfRange
  /// The worker has no membership at the moment, which it knows by itself.
  case noMembership
  /// The client gave up for a reason of its own; whether the call was carried out is unknown.
  case clientFailed

  /// What librdkafka 2 says of the error.
  var failure: CommitMachine.Failure {
    switch self {
    case .timedOut, .coordinatorLoading, .concurrentTransactions, .unstableOffset, .offsetOutOfRange,
      .noMembership:
      .retriable
    case .illegalGeneration, .unknownMember, .fencedInstance: .abortable
    case .fencedProducer, .invalidTransactionState, .clientFailed: .producerLost
    }
  }
}
