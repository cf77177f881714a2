/// A setting that can also come from the environment or from the configuration file, named like its flag.
package enum SettingKey: String, CaseIterable, Sendable {
  case bootstrapServers = "bootstrap-servers"
  case applicationID = "application-id"
  case commandsTopic = "commands-topic"
  case validTopic = "valid-topic"
  case invalidTopic = "invalid-topic"
  case changelogTopic = "changelog-topic"
  case stateDirectory = "state-dir"
  case rules = "rules"
  case instanceID = "instance-id"
  case lanes = "lanes"
  case assignmentStrategy = "assignment-strategy"
  case sessionTimeout = "session-timeout"
  case heartbeatInterval = "heartbeat-interval"
  case maxPollInterval = "max-poll-interval"
  case transactionTimeout = "transaction-timeout"
  case revokeTimeout = "revoke-timeout"
  case callTimeout = "call-timeout"
  case startupTimeout = "startup-timeout"
  case restoreTimeout = "restore-timeout"
  case envelope = "envelope"
  case createTopics = "create-topics"
  case memory = "memory"
  case crashGuard = "crash-guard"
  case partitions = "partitions"
  case replicationFactor = "replication-factor"
  case logLevel = "log-level"
  case kafka = "kafka"

  /// What the configuration file must hold.
  enum Kind: String {
    case text
    case integer
    case boolean
    case duration
    case properties

    /// Like `an integer`.
    var phrase: String {
      switch self {
      case .text: "a text"
      case .integer: "an integer"
      case .boolean: "true or false"
      case .duration: "a time like 500ms, 15s or 2m"
      case .properties: "a mapping of librdkafka properties"
      }
    }
  }

  var kind: Kind {
    switch self {
    case .lanes, .partitions, .replicationFactor: .integer
    case .createTopics, .crashGuard: .boolean
    case .sessionTimeout, .heartbeatInterval, .maxPollInterval, .transactionTimeout, .revokeTimeout,
      .callTimeout, .startupTimeout, .restoreTimeout:
      .duration
    case .kafka: .properties
    default: .text
    }
  }

  /// Like `SEQUITUR_BOOTSTRAP_SERVERS`.
  var environmentName: String {
    "SEQUITUR_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }
}
