import KafkaClient

/// What an error asks for that was met while outcomes were written: one row for each code of librdkafka.
///
/// What becomes of the *transaction* is librdkafka's to say (`KafkaError.severity`: again, abort, another producer). This
/// says whose fault it is: what becomes of the *commands*, and what an operator is told.
enum OutputErrorClass: Sendable, Hashable, CaseIterable {
  /// Passes by itself: the call or the transaction is made again.
  case passing
  /// The membership that sends the offsets is over: its partitions are on their way elsewhere, or come back.
  case membership
  /// One record is refused for what it is: its command gets another outcome, and the others go on.
  case record
  /// Writing is refused, whatever the record: unhealthy, again ever more slowly, no command is rejected.
  case output
  /// Another producer has this one's id, or the broker gave its transaction up.
  case fenced
  /// The producer is of no more use, and another one is made.
  case producer

  /// A code that this librdkafka does not know refuses the output: it is told, and nothing is lost.
  init(_ error: KafkaError) { self = Self.table[error.code.rawValue]?.kind ?? .output }

  /// What to do about an error of the class `output` or `record`: a sentence.
  static func cure(_ error: KafkaError) -> String {
    if let connection = error.connection { return connection.cure }
    let topic = error.topic ?? "…"
    return table[error.code.rawValue]?.cure?.replacing("TOPIC", with: topic)
      ?? "The brokers' logs tell more."
  }

  private typealias Row = (kind: OutputErrorClass, cure: String?)

  /// Every code that ``table`` has, for the test that none is missing.
  static var codes: Set<Int32> { Set(table.keys) }

  private static let table: [Int32: Row] = {
    var table: [Int32: Row] = [:]
    func add(_ kind: OutputErrorClass, _ codes: [Int32], _ cure: String? = nil) {
      for code in codes {
        precondition(table.updateValue((kind, cure), forKey: code) == nil, "code \(code) stands twice")
      }
    }
    // _FAIL _TRANSPORT _RESOLVE _MSG_TIMED_OUT _ALL_BROKERS_DOWN _TIMED_OUT _QUEUE_FULL _ISR_INSUFF _NODE_UPDATE
    add(.passing, [-196, -195, -193, -192, -187, -185, -184, -183, -182])
    // _WAIT_COORD _IN_PROGRESS _PREV_IN_PROGRESS _OUTDATED _TIMED_OUT_QUEUE _WAIT_CACHE _INTR _PARTIAL _RETRY
    add(.passing, [-180, -178, -177, -167, -166, -164, -163, -158, -153])
    // _UNKNOWN_BROKER _NOOP, success
    add(.passing, [-146, -141, 0])
    // LEADER_NOT_AVAILABLE NOT_LEADER_FOR_PARTITION REQUEST_TIMED_OUT BROKER_NOT_AVAILABLE REPLICA_NOT_AVAILABLE
    // NETWORK_EXCEPTION COORDINATOR_LOAD_IN_PROGRESS COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR
    add(.passing, [5, 6, 7, 8, 9, 13, 14, 15, 16])
    // INVALID_MSG (a checksum), STALE_CTRL_EPOCH NOT_CONTROLLER CONCURRENT_TRANSACTIONS REASSIGNMENT_IN_PROGRESS
    add(.passing, [2, 11, 41, 51, 60])
    // FENCED_LEADER_EPOCH UNKNOWN_LEADER_EPOCH STALE_BROKER_EPOCH OFFSET_NOT_AVAILABLE PREFERRED_LEADER_NOT_AVAILABLE
    // ELIGIBLE_LEADERS_NOT_AVAILABLE UNSTABLE_OFFSET_COMMIT THROTTLING_QUOTA_EXCEEDED
    add(.passing, [74, 75, 77, 78, 80, 83, 88, 89])

    // _MAX_POLL_EXCEEDED _ASSIGNMENT_LOST ILLEGAL_GENERATION UNKNOWN_MEMBER_ID REBALANCE_IN_PROGRESS
    // MEMBER_ID_REQUIRED FENCED_INSTANCE_ID
    add(.membership, [-147, -142, 22, 25, 27, 79, 82])

    // MSG_SIZE_TOO_LARGE RECORD_LIST_TOO_LARGE INVALID_MSG_SIZE
    add(.record, [10, 18, 4], "Raise max.message.bytes of TOPIC where it is too low.")
    // INVALID_TIMESTAMP
    add(
      .record, [32],
      "Raise message.timestamp.before.max.ms or message.timestamp.after.max.ms of TOPIC (before Kafka 3.6 "
        + "message.timestamp.difference.max.ms): events carry their command's timestamp.")
    // INVALID_RECORD
    add(.record, [87], "A check of the brokers refuses it: their logs tell which.")

    addOutput(add)
    // _FENCED INVALID_PRODUCER_EPOCH PRODUCER_FENCED
    add(.fenced, [-144, 47, 90])

    // _BAD_MSG _DESTROY _CRIT_SYS_RESOURCE _STATE _CONFLICT _FATAL _INCONSISTENT _GAPLESS_GUARANTEE _PURGE_QUEUE
    // _PURGE_INFLIGHT
    add(.producer, [-199, -197, -194, -172, -173, -150, -149, -148, -152, -151])
    // OUT_OF_ORDER_SEQUENCE_NUMBER DUPLICATE_SEQUENCE_NUMBER INVALID_TXN_STATE INVALID_PRODUCER_ID_MAPPING
    // TRANSACTION_COORDINATOR_FENCED UNKNOWN_PRODUCER_ID
    add(.producer, [45, 46, 48, 49, 52, 59])
    return table
  }()

  private static func addOutput(_ add: (OutputErrorClass, [Int32], String?) -> Void) {
    let acl = "kafka-acls.sh --bootstrap-server … --add --allow-principal User:… "
    // TOPIC_AUTHORIZATION_FAILED
    add(
      .output, [29], "Give the user the rights: \(acl)--operation Write --operation Describe --topic TOPIC.")
    // GROUP_AUTHORIZATION_FAILED
    add(.output, [30], "Give the user the right Read on the group: \(acl)--operation Read --group ….")
    // CLUSTER_AUTHORIZATION_FAILED
    add(
      .output, [31], "Give the user the right IdempotentWrite: \(acl)--operation IdempotentWrite --cluster.")
    // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    add(
      .output, [53],
      "Give the user the rights: \(acl)--operation Write --operation Describe --transactional-id <application id>- "
        + "--resource-pattern-type prefixed.")
    // _AUTHENTICATION SASL_AUTHENTICATION_FAILED UNSUPPORTED_SASL_MECHANISM ILLEGAL_SASL_STATE _SSL SECURITY_DISABLED
    add(.output, [-169, 58, 33, 34, -181, 54], "Check the security properties of --kafka.")
    // _UNKNOWN_PARTITION _UNKNOWN_TOPIC UNKNOWN_TOPIC_OR_PART TOPIC_EXCEPTION
    add(.output, [-190, -188, 3, 17], "Look whether the topic TOPIC is there: sequitur topics check.")
    // NOT_ENOUGH_REPLICAS NOT_ENOUGH_REPLICAS_AFTER_APPEND
    add(
      .output, [19, 20],
      "Bring the brokers back that have the topic's replicas, or lower min.insync.replicas.")
    // POLICY_VIOLATION
    add(.output, [44], "A policy of the brokers refuses what is written to TOPIC: ask who runs them.")
    // UNSUPPORTED_COMPRESSION_TYPE UNSUPPORTED_FOR_MESSAGE_FORMAT UNSUPPORTED_VERSION _UNSUPPORTED_FEATURE
    add(
      .output, [76, 43, 35, -165],
      "The brokers do not take this: check compression.type of --kafka, and that they are Kafka 2.5 or later."
    )
    // INVALID_TRANSACTION_TIMEOUT
    add(
      .output, [50], "Lower --transaction-timeout to the brokers' transaction.max.timeout.ms, or raise that.")
    // KAFKA_STORAGE_ERROR LOG_DIR_NOT_FOUND
    add(.output, [56, 57], "Look at the brokers' disks.")
    // OFFSET_METADATA_TOO_LARGE INVALID_COMMIT_OFFSET_SIZE INVALID_GROUP_ID GROUP_ID_NOT_FOUND
    // INCONSISTENT_GROUP_PROTOCOL INVALID_SESSION_TIMEOUT GROUP_MAX_SIZE_REACHED NON_EMPTY_GROUP
    // GROUP_SUBSCRIBED_TO_TOPIC
    add(
      .output, [12, 28, 24, 69, 23, 26, 81, 68, 86], "Look at the group: kafka-consumer-groups.sh --describe."
    )
    // OPERATION_NOT_ATTEMPTED
    add(.output, [55], "Another partition of the same transaction was refused: the brokers' logs tell which.")
    addForeign(add)
  }

  /// Codes that no broker should answer to a writer. They are told, and nothing is lost.
  private static func addForeign(_ add: (OutputErrorClass, [Int32], String?) -> Void) {
    // _BAD_COMPRESSION _PARTITION_EOF _FS _INVALID_ARG _UNKNOWN_GROUP _EXISTING_SUBSCRIPTION _ASSIGN_PARTITIONS
    // _REVOKE_PARTITIONS _UNKNOWN_PROTOCOL _NOT_IMPLEMENTED _NO_OFFSET
    add(.output, [-198, -191, -189, -186, -179, -176, -175, -174, -171, -170, -168], nil)
    // The (de)serialisers' four, _READ_ONLY _NOENT _UNDERFLOW _INVALID_TYPE _NOT_CONFIGURED _APPLICATION
    // _AUTO_OFFSET_RESET, unknown
    add(.output, [-162, -161, -160, -159, -157, -156, -155, -154, -145, -143, -140, -1], nil)
    // OFFSET_OUT_OF_RANGE INVALID_REQUIRED_ACKS TOPIC_ALREADY_EXISTS … INVALID_CONFIG, INVALID_REQUEST
    add(.output, [1, 21, 36, 37, 38, 39, 40, 42], nil)
    // Delegation tokens, principals, fetch sessions, listeners, elections
    add(.output, [61, 62, 63, 64, 65, 66, 67, 70, 71, 72, 73, 84, 85], nil)
    // Resources, credentials, voters, features
    add(.output, [91, 92, 93, 94, 95, 96, 97], nil)
  }
}
