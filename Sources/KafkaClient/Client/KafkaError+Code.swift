import CRdKafka

extension KafkaError {
  /// An error code: the raw value of `rd_kafka_resp_err_t`. Codes below 0 are the client's own.
  ///
  /// Extensible: brokers newer than this library send codes without a constant here.
  public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The value of `rd_kafka_resp_err_t`.
    public var rawValue: Int32

    /// The code of a raw value.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    init(_ raw: rd_kafka_resp_err_t) { rawValue = raw.rawValue }

    var raw: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue: rawValue) }

    /// The C constant without its prefix, such as `_TIMED_OUT` (`rd_kafka_err2name`).
    public var name: String { String(cString: rd_kafka_err2name(raw)) }

    /// The name and what it means, such as `_TIMED_OUT: Local: Timed out` (`rd_kafka_err2str`).
    public var description: String { "\(name): \(String(cString: rd_kafka_err2str(raw)))" }
  }
}

extension KafkaError.Code {
  // The client's own.

  /// The wait was over first.
  public static let timedOut = Self(RD_KAFKA_RESP_ERR__TIMED_OUT)
  /// The producer's queue has no room (`queue.buffering.max.messages`, `queue.buffering.max.kbytes`).
  public static let queueFull = Self(RD_KAFKA_RESP_ERR__QUEUE_FULL)
  /// The record did not reach the broker within `message.timeout.ms`.
  public static let messageTimedOut = Self(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
  /// The connection to a broker failed.
  public static let transport = Self(RD_KAFKA_RESP_ERR__TRANSPORT)
  /// No broker can be reached.
  public static let allBrokersDown = Self(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
  /// A broker's name has no address.
  public static let resolve = Self(RD_KAFKA_RESP_ERR__RESOLVE)
  /// The end of a partition was reached; an event rather than an error.
  public static let endOfPartition = Self(RD_KAFKA_RESP_ERR__PARTITION_EOF)
  /// The call is illegal now.
  public static let state = Self(RD_KAFKA_RESP_ERR__STATE)
  /// The same operation is still being ended, as when a partition stops and starts anew.
  public static let previousInProgress = Self(RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS)
  /// An argument or a property's value is not valid.
  public static let invalidArgument = Self(RD_KAFKA_RESP_ERR__INVALID_ARG)
  /// The client lacks a property it needs.
  public static let notConfigured = Self(RD_KAFKA_RESP_ERR__NOT_CONFIGURED)
  /// A producer with the same `transactional.id` took over, or the broker timed the transaction out.
  public static let fenced = Self(RD_KAFKA_RESP_ERR__FENCED)
  /// An earlier error ended the client.
  public static let fatal = Self(RD_KAFKA_RESP_ERR__FATAL)
  /// The consumer did not poll within `max.poll.interval.ms` and left its group.
  public static let maxPollExceeded = Self(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED)
  /// The topic is not known to the cluster (the client's view).
  public static let unknownTopic = Self(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
  /// The partition is not known to the cluster (the client's view).
  public static let unknownPartition = Self(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
  /// The group is not known to the client.
  public static let unknownGroup = Self(RD_KAFKA_RESP_ERR__UNKNOWN_GROUP)
  /// The committed offset is gone and `auto.offset.reset` is `error`.
  public static let autoOffsetReset = Self(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
  /// The record was dropped by a purge, as by an abort.
  public static let purgedFromQueue = Self(RD_KAFKA_RESP_ERR__PURGE_QUEUE)
  /// The record was dropped by a purge while on its way.
  public static let purgedInFlight = Self(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
  /// The client and the broker do not speak of this.
  public static let unsupportedFeature = Self(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
  /// A failure inside the client.
  public static let failure = Self(RD_KAFKA_RESP_ERR__FAIL)
  /// The client is being destroyed.
  public static let destroyed = Self(RD_KAFKA_RESP_ERR__DESTROY)
  /// A broker refused the client's credentials or its SASL mechanism.
  public static let authentication = Self(RD_KAFKA_RESP_ERR__AUTHENTICATION)
  /// The TLS layer failed.
  public static let ssl = Self(RD_KAFKA_RESP_ERR__SSL)
  /// The request was not sent in time.
  public static let timedOutInQueue = Self(RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE)
  /// The coordinator is not known yet.
  public static let waitingForCoordinator = Self(RD_KAFKA_RESP_ERR__WAIT_COORD)

  // The broker's.

  /// No error.
  public static let noError = Self(RD_KAFKA_RESP_ERR_NO_ERROR)
  /// The offset lies outside the log.
  public static let offsetOutOfRange = Self(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
  /// The topic or partition does not exist.
  public static let unknownTopicOrPartition = Self(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
  /// The partition has no leader at the moment.
  public static let leaderNotAvailable = Self(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
  /// The broker asked does not lead the partition: another does, or none yet.
  public static let notLeaderForPartition = Self(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION)
  /// The leader is so new that it does not know its high watermark yet (KIP-207).
  public static let offsetNotAvailable = Self(RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE)
  /// The record is larger than the topic's `max.message.bytes`.
  public static let messageTooLarge = Self(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
  /// The batch of records is larger than a log's segment (`segment.bytes`).
  public static let recordListTooLarge = Self(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE)
  /// The broker cannot make sense of a record's size.
  public static let invalidMessageSize = Self(RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE)
  /// The broker's checks of records refuse one, as for its timestamp or a key missing on a compacted topic.
  public static let invalidRecord = Self(RD_KAFKA_RESP_ERR_INVALID_RECORD)
  /// A record's timestamp lies outside what the topic takes (`message.timestamp.before.max.ms` and the like).
  public static let invalidTimestamp = Self(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP)
  /// A policy of the broker refuses the request.
  public static let policyViolation = Self(RD_KAFKA_RESP_ERR_POLICY_VIOLATION)
  /// The topic or broker does not take the compression.
  public static let unsupportedCompressionType = Self(RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE)
  /// The coordinator is loading its state.
  public static let coordinatorLoadInProgress = Self(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS)
  /// The coordinator is not available.
  public static let coordinatorNotAvailable = Self(RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE)
  /// This broker is not the coordinator.
  public static let notCoordinator = Self(RD_KAFKA_RESP_ERR_NOT_COORDINATOR)
  /// The generation is from before a rebalance.
  public static let illegalGeneration = Self(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
  /// The coordinator does not know the member (any more).
  public static let unknownMemberID = Self(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
  /// The group's members have other assignors.
  public static let inconsistentGroupProtocol = Self(RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL)
  /// The group's name is not possible.
  public static let invalidGroupID = Self(RD_KAFKA_RESP_ERR_INVALID_GROUP_ID)
  /// `session.timeout.ms` lies outside what the broker allows.
  public static let invalidSessionTimeout = Self(RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT)
  /// The group has as many members as the broker allows.
  public static let groupMaxSizeReached = Self(RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED)
  /// The group is rebalancing.
  public static let rebalanceInProgress = Self(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
  /// The topic exists already.
  public static let topicAlreadyExists = Self(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
  /// The topic may not be accessed.
  public static let topicAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
  /// The group may not be accessed.
  public static let groupAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
  /// The cluster may not be accessed.
  public static let clusterAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
  /// The transactional id may not be used.
  public static let transactionalIDAuthorizationFailed = Self(
    RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  /// The producer's epoch is old.
  public static let invalidProducerEpoch = Self(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
  /// A newer producer has the same `transactional.id`.
  public static let producerFenced = Self(RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
  /// Another consumer has the same `group.instance.id`.
  public static let fencedInstanceID = Self(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
  /// The transaction is in another state.
  public static let invalidTransactionState = Self(RD_KAFKA_RESP_ERR_INVALID_TXN_STATE)
  /// The id's previous transaction is still being completed.
  public static let concurrentTransactions = Self(RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
  /// The transaction's time-out lies outside what the broker allows.
  public static let invalidTransactionTimeout = Self(RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT)
  /// The producer id is no more known.
  public static let unknownProducerID = Self(RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID)
  /// An open transaction holds offsets of the partition.
  public static let unstableOffsetCommit = Self(RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT)
}

extension KafkaError.Code {
  /// Every code that this librdkafka knows (`rd_kafka_get_err_descs`).
  package static var all: [KafkaError.Code] {
    var descriptions: UnsafePointer<rd_kafka_err_desc>?
    var count = 0
    rd_kafka_get_err_descs(&descriptions, &count)
    // Of numbers without a code, the table has empty rows.
    return UnsafeBufferPointer(start: descriptions, count: count).filter { $0.desc != nil }.map {
      Self($0.code)
    }
  }
}
