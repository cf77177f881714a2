/// A setting that can also come from the environment or from the configuration file, named like its flag.
///
/// What is known of each stands in ``setting``, in one place.
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
  case recentIDs = "recent-ids"
  case forgetAfter = "forget-after"
  case database = "database"
  case partitions = "partitions"
  case replicationFactor = "replication-factor"
  case logLevel = "log-level"
  case logFormat = "log-format"
  case http = "http"
  case httpCertificate = "http-certificate"
  case httpKey = "http-key"
  case httpNames = "http-names"
  case auth = "auth"
  case kafka = "kafka"

  package var kind: Setting.Kind { setting.kind }

  /// Like `SEQUITUR_BOOTSTRAP_SERVERS`.
  package var environmentName: String {
    "SEQUITUR_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }
}
