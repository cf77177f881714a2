import KafkaClient
import ReadableText

/// Something about the topics that is not as a worker needs it, and what to do about it.
public struct TopicFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of fault it is, for programs.
  public enum Kind: String, Sendable, Hashable {
    case unreachable, property, name, missing, unusable, sameName, partitionCount, leader, replication
    case cleanupPolicy, retention, timestamps, owner, strayRecord, notRead, notCreated, notDescribed
  }

  /// How bad it is.
  public enum Severity: String, Sendable, Hashable {
    /// A worker cannot start.
    case error
    /// A worker can start.
    case warning
    /// Nothing is wrong; this is what the topic means.
    case note
  }

  /// What kind of fault it is.
  public let kind: Kind
  /// Whether a worker can start with it.
  public let severity: Severity
  /// The topic concerned; nil when it is several, or the cluster.
  public let topic: String?
  /// What was expected and what was found: a sentence.
  public let message: String
  /// What to do: a sentence.
  public let cure: String

  init(
    _ kind: Kind, severity: Severity = .error, topic: String? = nil, _ message: String, cure: String
  ) {
    self.kind = kind
    self.severity = severity
    self.topic = topic
    self.message = message
    self.cure = cure
  }

  /// Message and cure.
  public var description: String { "\(severity == .error ? "" : "\(severity.rawValue): ")\(message) \(cure)" }
}

extension TopicFault {
  package static func unreachable(_ servers: String, _ error: KafkaError) -> TopicFault {
    guard error.code != .invalidArgument else {
      return TopicFault(.property, "\(error).", cure: "Correct it: the cluster was not asked.")
    }
    let found =
      error.connection.map { "the connection to \($0.address) failed: \($0.reason)" } ?? error.detail
    return TopicFault(
      .unreachable,
      "Expected an answer from the Kafka cluster at \(servers), but \(found) (\(error.code.name)).",
      cure: error.cure
        ?? "Check that the broker runs and that --bootstrap-servers and the --kafka properties are right.")
  }

  package static func missing(_ name: String) -> TopicFault {
    TopicFault(
      .missing, topic: name, "Expected the topic \(name), but it does not exist.",
      cure: "Create it: sequitur topics create. A user without the right to Describe it sees the same: "
        + "\(grant("Describe", name)).")
  }

  /// The command that gives the user a right on a topic.
  static func grant(_ right: String, _ topic: String) -> String {
    KafkaError.grant([right], on: "--topic \(topic)")
  }

  static func unusable(_ name: String, _ code: KafkaError.Code) -> TopicFault {
    TopicFault(
      .unusable, topic: name, "Expected to use the topic \(name), but the cluster answers \(code).",
      cure: code == .topicAuthorizationFailed
        ? "Give the user the right: \(grant("Describe", name))." : "Check the name and the user's rights.")
  }

  static func sameName(_ name: String) -> TopicFault {
    TopicFault(
      .sameName, topic: name, "Expected four different topics, but \(name) has two roles.",
      cure: "Change one of --commands-topic, --valid-topic, --invalid-topic, --changelog-topic.")
  }

  package static func partitionCounts(_ counts: [(String, Int)], cure: String? = nil) -> TopicFault {
    let list = counts.map { "\($0.0) has \($0.1)" }.joined(separator: ", ")
    return TopicFault(
      .partitionCount, "Expected the same number of partitions of all topics, but \(list).",
      cure: cure ?? "Outputs go to their command's partition number: recreate the topics that differ.")
  }

  static func otherShape(_ name: String, found: Int, asked: Int) -> TopicFault {
    TopicFault(
      .partitionCount, topic: name,
      "Expected the topic \(name) with \(asked.counted("partition")), but it exists with \(found).",
      cure: "Ask for --partitions \(found), or choose other topic names; nothing was created.")
  }

  static func withoutLeader(_ name: String, _ partitions: [Int32]) -> TopicFault {
    TopicFault(
      .leader, topic: name,
      "Expected a leader of each partition of \(name), but partition \(partitions[0]) has none"
        + (partitions.count > 1 ? ", and \(partitions.count - 1) more." : "."),
      cure: "Check that all brokers of the cluster run.")
  }

  static func unevenReplication(_ name: String, _ factors: [Int]) -> TopicFault {
    TopicFault(
      .replication, severity: .warning, topic: name,
      "Expected as many replicas of each partition of \(name), but some have \(factors[0]) and some "
        + "\(factors[factors.count - 1]).",
      cure: "Reassign the replicas.")
  }

  static func notCompacted(_ name: String, _ policy: String?) -> TopicFault {
    TopicFault(
      .cleanupPolicy, topic: name,
      "Expected cleanup.policy=compact of the changelog \(name), but it is \(policy ?? "not set").",
      cure: "It would lose states. Set it: kafka-configs.sh --alter --topic \(name) "
        + "--add-config cleanup.policy=compact.")
  }

  static func shortDeleteRetention(
    _ name: String, milliseconds: Int64, _ forgetAfter: Duration
  ) -> TopicFault {
    TopicFault(
      .retention, topic: name,
      "Expected the changelog \(name) to keep tombstones for longer than the command ids of forgotten objects are wanted "
        + "(--forget-after, \(forgetAfter.milliseconds) ms), but delete.retention.ms is \(milliseconds).",
      cure:
        "A restore would not find them any more, and take a repeated command for a new one. Set it: kafka-configs.sh "
        + "--alter --topic \(name) --add-config delete.retention.ms=\(max(86_400_000, 2 * forgetAfter.milliseconds)), or "
        + "lower --forget-after.")
  }

  static func compacted(_ name: String, _ policy: String) -> TopicFault {
    TopicFault(
      .cleanupPolicy, topic: name,
      "Expected cleanup.policy=delete of the topic \(name), but it is \(policy): records with the same key "
        + "would vanish.",
      cure: "Set it: kafka-configs.sh --alter --topic \(name) --add-config cleanup.policy=delete.")
  }

  static func validRetention(_ name: String, milliseconds: Int) -> TopicFault {
    TopicFault(
      .retention, severity: .warning, topic: name,
      "Expected the topic \(name) to keep events for ever (retention.ms=-1), but it deletes them after "
        + "\(days(milliseconds)).",
      cure: "Set retention.ms=-1 if it is the book of record.")
  }

  static func shortRetention(_ name: String, milliseconds: Int) -> TopicFault {
    TopicFault(
      .retention, severity: .warning, topic: name,
      "Expected the topic \(name) to keep rejections for at least a day, but it deletes them after "
        + "\(days(milliseconds)).",
      cure: "Raise retention.ms; 30 days is what sequitur topics create sets.")
  }

  static func commandsAppendTime(_ name: String) -> TopicFault {
    TopicFault(
      .timestamps, severity: .note, topic: name,
      "The topic \(name) has message.timestamp.type=LogAppendTime: a command's time, which ce_time tells and deciders "
        + "see, is when the broker took it, not when its producer made it.",
      cure: "Set message.timestamp.type=CreateTime if the producers' times are meant.")
  }

  static func eventsAppendTime(_ name: String) -> TopicFault {
    TopicFault(
      .timestamps, severity: .warning, topic: name,
      "Expected the topic \(name) to keep its events' timestamps (message.timestamp.type=CreateTime), but it has "
        + "LogAppendTime: the record's time is when the event was written, and its command's time stands in ce_time "
        + "only, which the compact envelope leaves out.",
      cure:
        "Set message.timestamp.type=CreateTime unless that is meant; sequitur verify then judges ce_time alone."
    )
  }

  static func notCreated(_ name: String, _ error: KafkaError) -> TopicFault {
    TopicFault(
      .notCreated, topic: name,
      "Expected to create the topic \(name), but \(told(error)).",
      cure: error.isMissingRight
        ? "Give the user the right Create on the topic, \(grant("Create", name)), or on the cluster (--cluster)."
        : error.cure ?? "Check the replication factor and the user's rights.")
  }

  static func notDescribed(_ name: String, _ error: KafkaError) -> TopicFault {
    TopicFault(
      .notDescribed, severity: .warning, topic: name,
      "Expected to read the properties of the topic \(name), but \(told(error)).",
      cure: "Compaction, retention and max.message.bytes were not checked."
        + (error.code == .topicAuthorizationFailed ? " The right: \(grant("DescribeConfigs", name))." : "")
        + (error.cure.map { " \($0)" } ?? ""))
  }

  /// What happened, with the client's last failed connection where that may be why.
  private static func told(_ error: KafkaError) -> String {
    "\(error.detail) (\(error.code.name))" + (error.connection.map { "; \($0)" } ?? "")
  }

  /// Records of another application.
  static func foreign(
    _ finding: OutputOwner.Finding, _ place: String, _ says: String, of setup: TopicSetup,
    _ severity: Severity
  ) -> TopicFault {
    let flag = "--\(finding.role.rawValue)-topic"
    return TopicFault(
      .owner, severity: severity, topic: finding.topic,
      "Expected \(finding.topic) to hold \(finding.role.records) of the application \(setup.applicationID) for commands "
        + "on \(setup.topics.commands) only, but the record \(place) is another's: \(says).",
      cure: severity == .warning
        ? "It was accepted by --accept-foreign-records: sequitur verify will report it."
        : "Two applications on one output topic spoil it for both: name another one with \(flag), or with "
          + "--application-id and --commands-topic the application whose it is. A worker that shall go on beside "
          + "records that came there by mistake is told so with --accept-foreign-records.")
  }

  /// A record of no application.
  static func stray(_ finding: OutputOwner.Finding, _ place: String, _ says: String) -> TopicFault {
    TopicFault(
      .strayRecord, severity: .warning, topic: finding.topic,
      "Expected \(finding.topic) to hold \(finding.role.records) only, but the record \(place) is something else: "
        + "\(says).",
      cure:
        "Nobody but the workers may write there: find out who did. Its readers must be able to pass it over.")
  }

  static func unread(_ name: String, _ error: KafkaError) -> TopicFault {
    TopicFault(
      .notRead, severity: .warning, topic: name,
      "Expected to read the last records of \(name), but \(error.detail) (\(error.code.name)).",
      cure: "Whether they are another application's was not checked. It takes the right Read on the topic.")
  }

  private static func days(_ milliseconds: Int) -> String {
    let days = Double(milliseconds) / 86_400_000
    return days >= 1 ? Int(days).counted("day") : (milliseconds / 1000).counted("second")
  }
}
