import KafkaClient
import Testing

@testable import SequiturWorker

/// What each of librdkafka's codes asks for when outcomes are written.
@Suite struct OutputErrorClassTests {
  private static let rows: [(OutputErrorClass, String)] = [
    (
      .passing,
      """
      _FAIL _TRANSPORT _RESOLVE _MSG_TIMED_OUT _ALL_BROKERS_DOWN _TIMED_OUT _QUEUE_FULL _ISR_INSUFF _NODE_UPDATE
      _WAIT_COORD _IN_PROGRESS _PREV_IN_PROGRESS _OUTDATED _TIMED_OUT_QUEUE _WAIT_CACHE _INTR _PARTIAL _RETRY
      _UNKNOWN_BROKER _NOOP NO_ERROR INVALID_MSG LEADER_NOT_AVAILABLE NOT_LEADER_FOR_PARTITION REQUEST_TIMED_OUT
      BROKER_NOT_AVAILABLE REPLICA_NOT_AVAILABLE STALE_CTRL_EPOCH NETWORK_EXCEPTION COORDINATOR_LOAD_IN_PROGRESS
      COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR NOT_CONTROLLER CONCURRENT_TRANSACTIONS REASSIGNMENT_IN_PROGRESS
      FENCED_LEADER_EPOCH UNKNOWN_LEADER_EPOCH STALE_BROKER_EPOCH OFFSET_NOT_AVAILABLE
      PREFERRED_LEADER_NOT_AVAILABLE ELIGIBLE_LEADERS_NOT_AVAILABLE UNSTABLE_OFFSET_COMMIT
      THROTTLING_QUOTA_EXCEEDED
      """
    ),
    (
      .membership,
      """
      _MAX_POLL_EXCEEDED _ASSIGNMENT_LOST ILLEGAL_GENERATION UNKNOWN_MEMBER_ID REBALANCE_IN_PROGRESS
      MEMBER_ID_REQUIRED FENCED_INSTANCE_ID
      """
    ),
    (.record, "MSG_SIZE_TOO_LARGE RECORD_LIST_TOO_LARGE INVALID_MSG_SIZE INVALID_TIMESTAMP INVALID_RECORD"),
    (
      .output,
      """
      TOPIC_AUTHORIZATION_FAILED GROUP_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED
      TRANSACTIONAL_ID_AUTHORIZATION_FAILED _AUTHENTICATION SASL_AUTHENTICATION_FAILED UNSUPPORTED_SASL_MECHANISM
      ILLEGAL_SASL_STATE _SSL SECURITY_DISABLED _UNKNOWN_PARTITION _UNKNOWN_TOPIC UNKNOWN_TOPIC_OR_PART
      TOPIC_EXCEPTION NOT_ENOUGH_REPLICAS NOT_ENOUGH_REPLICAS_AFTER_APPEND POLICY_VIOLATION
      UNSUPPORTED_COMPRESSION_TYPE UNSUPPORTED_FOR_MESSAGE_FORMAT UNSUPPORTED_VERSION _UNSUPPORTED_FEATURE
      INVALID_TRANSACTION_TIMEOUT KAFKA_STORAGE_ERROR LOG_DIR_NOT_FOUND OFFSET_METADATA_TOO_LARGE
      INVALID_COMMIT_OFFSET_SIZE INVALID_GROUP_ID GROUP_ID_NOT_FOUND INCONSISTENT_GROUP_PROTOCOL
      INVALID_SESSION_TIMEOUT GROUP_MAX_SIZE_REACHED NON_EMPTY_GROUP GROUP_SUBSCRIBED_TO_TOPIC
      OPERATION_NOT_ATTEMPTED _BAD_COMPRESSION _PARTITION_EOF _FS _INVALID_ARG _UNKNOWN_GROUP
      _EXISTING_SUBSCRIPTION _ASSIGN_PARTITIONS _REVOKE_PARTITIONS _UNKNOWN_PROTOCOL _NOT_IMPLEMENTED _NO_OFFSET
      _KEY_SERIALIZATION _VALUE_SERIALIZATION _KEY_DESERIALIZATION _VALUE_DESERIALIZATION _READ_ONLY _NOENT
      _UNDERFLOW _INVALID_TYPE _NOT_CONFIGURED _APPLICATION _AUTO_OFFSET_RESET UNKNOWN OFFSET_OUT_OF_RANGE
      INVALID_REQUIRED_ACKS TOPIC_ALREADY_EXISTS INVALID_PARTITIONS INVALID_REPLICATION_FACTOR
      INVALID_REPLICA_ASSIGNMENT INVALID_CONFIG INVALID_REQUEST DELEGATION_TOKEN_AUTH_DISABLED
      DELEGATION_TOKEN_NOT_FOUND DELEGATION_TOKEN_OWNER_MISMATCH DELEGATION_TOKEN_REQUEST_NOT_ALLOWED
      DELEGATION_TOKEN_AUTHORIZATION_FAILED DELEGATION_TOKEN_EXPIRED INVALID_PRINCIPAL_TYPE
      FETCH_SESSION_ID_NOT_FOUND INVALID_FETCH_SESSION_EPOCH LISTENER_NOT_FOUND TOPIC_DELETION_DISABLED
      ELECTION_NOT_NEEDED NO_REASSIGNMENT_IN_PROGRESS RESOURCE_NOT_FOUND DUPLICATE_RESOURCE
      UNACCEPTABLE_CREDENTIAL INCONSISTENT_VOTER_SET INVALID_UPDATE_VERSION FEATURE_UPDATE_FAILED
      PRINCIPAL_DESERIALIZATION_FAILURE
      """
    ),
    (.fenced, "_FENCED INVALID_PRODUCER_EPOCH PRODUCER_FENCED"),
    (
      .producer,
      """
      _BAD_MSG _DESTROY _CRIT_SYS_RESOURCE _STATE _CONFLICT _FATAL _INCONSISTENT _GAPLESS_GUARANTEE _PURGE_QUEUE
      _PURGE_INFLIGHT OUT_OF_ORDER_SEQUENCE_NUMBER DUPLICATE_SEQUENCE_NUMBER INVALID_TXN_STATE
      INVALID_PRODUCER_ID_MAPPING TRANSACTION_COORDINATOR_FENCED UNKNOWN_PRODUCER_ID
      """
    ),
  ]

  private func error(_ code: KafkaError.Code, topic: String? = nil) -> KafkaError {
    KafkaError(code: code, operation: "commit the transaction", detail: "it failed", topic: topic)
  }

  @Test func `every code of this librdkafka has its row`() {
    let known = KafkaError.Code.all
    #expect(known.count > 150)
    #expect(Set(known.map(\.rawValue)).subtracting(OutputErrorClass.codes).isEmpty)
    let names = Self.rows.flatMap { $0.1.split { $0 == " " || $0 == "\n" }.map(String.init) }
    #expect(Set(names).count == names.count && Set(names) == Set(known.map(\.name)))
  }

  @Test func `each code is of its class`() {
    let codes = Dictionary(uniqueKeysWithValues: KafkaError.Code.all.map { ($0.name, $0) })
    for (kind, names) in Self.rows {
      for name in names.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        #expect(codes[String(name)].map { OutputErrorClass(error($0)) } == kind, "\(name)")
      }
    }
  }

  @Test func `a code that nobody knows refuses the output, and rejects nothing`() {
    #expect(OutputErrorClass(error(KafkaError.Code(rawValue: 4711))) == .output)
    #expect(!OutputErrorClass.cure(error(KafkaError.Code(rawValue: 4711))).isEmpty)
  }

  @Test func `a missing right is told with the topic and the command that grants it`() {
    let cure = OutputErrorClass.cure(error(.topicAuthorizationFailed, topic: "shop-invalid"))
    #expect(
      cure.contains("kafka-acls.sh") && cure.contains("--operation Write") && cure.contains("shop-invalid"))
    for code in [KafkaError.Code.transactionalIDAuthorizationFailed, .clusterAuthorizationFailed] {
      #expect(OutputErrorClass.cure(error(code)).contains("kafka-acls.sh"))
    }
    #expect(
      OutputErrorClass.cure(error(.invalidTimestamp, topic: "v")).contains("message.timestamp.before.max.ms"))
  }

  @Test func `an incident is told once, and again when it lasts, and each try waits longer`() {
    var incidents = OutputIncidents()
    var told: [Bool] = []
    var pauses: [Duration] = []
    var now = Duration.zero
    for _ in 0..<9 {
      let next = incidents.refused("lane-0", kind: "A", text: "a", at: now)
      told.append(next.isToBeTold)
      pauses.append(next.pause)
      now += next.pause
    }
    #expect(told == [true] + Array(repeating: false, count: 8))
    #expect(
      pauses.map { $0 / .milliseconds(1) } == [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
    // The same trouble of another lane is the same incident; another trouble is not.
    #expect(!incidents.refused("lane-1", kind: "A", text: "a", at: now).isToBeTold)
    #expect(incidents.refused("lane-2", kind: "B", text: "b", at: now).isToBeTold)
    #expect(incidents.refused("lane-0", kind: "A", text: "a", at: .seconds(61)).isToBeTold)
    #expect(!incidents.accepted("lane-9") && !incidents.accepted("lane-0") && incidents.text == "a")
    #expect(!incidents.accepted("lane-1") && incidents.text == "b")
    #expect(incidents.accepted("lane-2") && incidents.isEmpty && incidents.text == nil)
    // What comes back after its end is told at once.
    #expect(incidents.refused("lane-0", kind: "A", text: "a", at: .seconds(62)).isToBeTold)
  }
}
