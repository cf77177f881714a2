extension KafkaError {
  /// Whether the brokers refuse this user a right (KIP-11).
  public var isMissingRight: Bool {
    [
      .topicAuthorizationFailed, .groupAuthorizationFailed, .transactionalIDAuthorizationFailed,
      .clusterAuthorizationFailed,
    ]
    .contains(code)
  }

  /// Which right the user lacks, as a sentence with the command that gives it; nil for another error.
  ///
  /// A broker says on what a right is missing, and not which one: that follows from what was to be done.
  var rightCure: String? {
    let topic = topic ?? "…"
    switch code {
    case .topicAuthorizationFailed:
      let right =
        switch operation {
        case Self.consuming: "Read"
        case Self.delivering: "Write"
        default: "Describe"
        }
      return
        "Give the user the right \(right) on the topic \(topic): \(Self.grant([right], on: "--topic \(topic)"))."
    case .groupAuthorizationFailed:
      return "Give the user the right Read on the group: \(Self.grant(["Read"], on: "--group …"))."
    case .transactionalIDAuthorizationFailed:
      return
        "Give the user the rights Write and Describe on transactional ids that begin with the application id: "
        + "\(Self.grant(["Write", "Describe"], on: "--transactional-id …- --resource-pattern-type prefixed"))."
    case .clusterAuthorizationFailed:
      return
        "Give the user the right on the cluster: \(Self.grant(["Create"], on: "--cluster")), or IdempotentWrite before "
        + "Kafka 2.8."
    default: return nil
    }
  }

  /// As librdkafka's reports of fetches and deliveries are told.
  static let consuming = "consume records"
  static let delivering = "deliver a record"

  /// The command that gives the user rights.
  ///
  /// - Parameter resource: its options, such as `--topic orders-valid`.
  public static func grant(_ rights: [String], on resource: String) -> String {
    "kafka-acls.sh --bootstrap-server … --add --allow-principal User:… "
      + rights.map { "--operation \($0) " }.joined() + resource
  }
}
