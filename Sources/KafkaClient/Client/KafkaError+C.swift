import CRdKafka

/// From librdkafka's error conventions to `KafkaError`: all conversions are here.
extension KafkaError {
  /// A bare code. Only the codes that name passing trouble are retriable: librdkafka keeps that flag for the
  /// error objects of the transactional API.
  init(_ code: rd_kafka_resp_err_t, operation: String, detail: String? = nil) {
    self.init(
      code: Code(code), operation: operation, detail: detail ?? String(cString: rd_kafka_err2str(code)),
      isRetriable: Self.retriableCodes.contains(Code(code)),
      isFatal: code == RD_KAFKA_RESP_ERR__FATAL)
  }

  /// An error object, which is destroyed here (`rd_kafka_error_destroy`).
  init(consuming error: OpaquePointer, operation: String) {
    defer { rd_kafka_error_destroy(error) }
    self.init(
      code: Code(rd_kafka_error_code(error)), operation: operation,
      detail: String(cString: rd_kafka_error_string(error)),
      isRetriable: rd_kafka_error_is_retriable(error) != 0,
      isFatal: rd_kafka_error_is_fatal(error) != 0,
      requiresAbort: rd_kafka_error_txn_requires_abort(error) != 0)
  }

  /// The error with its place.
  func at(_ place: TopicPartition, offset: Int64? = nil) -> KafkaError {
    var error = self
    error.topic = place.topic
    error.partition = place.partition
    error.offset = offset
    return error
  }

  /// `_FATAL` only says that something ended the client earlier: the cause takes its place when it is known.
  func resolvingFatal(of client: OpaquePointer) -> KafkaError {
    guard code == .fatal, let cause = Self.fatal(of: client, operation: operation) else { return self }
    return cause
  }

  /// The error that ended the client (`rd_kafka_fatal_error`), nil while it is alive.
  static func fatal(of client: OpaquePointer, operation: String) -> KafkaError? {
    var code = RD_KAFKA_RESP_ERR_NO_ERROR
    let detail = withErrorText { code = rd_kafka_fatal_error(client, $0, $1) }
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    return KafkaError(code: Code(code), operation: operation, detail: detail, isFatal: true)
  }

  /// Lends a text buffer to a C function and returns what it wrote.
  static func withErrorText(_ body: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: KafkaLimits.errorTextBytes) { buffer in
      buffer.initialize(repeating: 0)
      body(buffer.baseAddress!, buffer.count)
      return String(cString: buffer.baseAddress!)
    }
  }

  /// Whether the partition had no leader at that moment, or the client did not know it.
  var isOfLeaderChange: Bool {
    switch code {
    case .leaderNotAvailable, .notLeaderForPartition, .offsetNotAvailable: true
    default: false
    }
  }

  /// Whether it may come from connections that cannot be made.
  var isOfConnection: Bool { Self.connectionCodes.contains(code) }

  private static let connectionCodes: Set<Code> = [
    .timedOut, .transport, .allBrokersDown, .resolve, .messageTimedOut, .authentication, .ssl,
    .timedOutInQueue, .waitingForCoordinator, .failure,
  ]

  private static let retriableCodes: Set<Code> = [
    .timedOut, .transport, .allBrokersDown, .resolve, .queueFull, .leaderNotAvailable, .notLeaderForPartition,
    .offsetNotAvailable,
    .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .concurrentTransactions,
    .rebalanceInProgress, .unstableOffsetCommit,
  ]
}

/// Throws when a C function returned a code other than success.
func check(_ code: rd_kafka_resp_err_t, _ operation: @autoclosure () -> String) throws(KafkaError) {
  guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
  throw KafkaError(code, operation: operation())
}

/// Throws when a C function returned an error object, which is destroyed.
func check(_ error: OpaquePointer?, _ operation: @autoclosure () -> String) throws(KafkaError) {
  guard let error else { return }
  throw KafkaError(consuming: error, operation: operation())
}
