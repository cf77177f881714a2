import KafkaClient
import PostgreSQL
import SequiturTopics

/// What a failure means to a relay: what is told of it, and whether waiting can cure it. Pure.
///
/// The rule: a server that is away, starts, recovers, is a standby or lacks room comes back by itself, and is waited for from
/// the start on. A refusal is somebody's to end. At the start it ends the relay, since nobody has seen it work; later it
/// is waited for as well, since what it is about (a right, a table) was there, and may be put back without the relay.
struct Trouble: Equatable {
  /// What it is, in a few words that stay the same while it goes on.
  let cause: String
  /// What to do, where that is known.
  let cure: String?
  /// Whether it may end without anybody's doing.
  let passes: Bool

  private init(_ cause: String, cure: String? = nil, passes: Bool) {
    self.cause = cause
    self.cure = cure
    self.passes = passes
  }

  /// nil for what no relay can go on after.
  init?(_ error: any Error) {
    switch error {
    case let error as PostgreSQLError: self = Self.database(error)
    case let error as KafkaError: self = Self.brokers(error)
    case let fault as OutboxFault where fault.kind == .database:
      self.init("the database is not as it must be", passes: false)
    case let fault as TopicFault:
      self.init("the topic is not as it must be", cure: fault.cure, passes: fault.kind == .leader)
    default: return nil
    }
  }

  // MARK: The database

  private static func database(_ error: PostgreSQLError) -> Trouble {
    if let state = error.sqlState, let known = refusals[state] { return known }
    switch error.kind {
    case .cannotConnect: return connection(error)
    case .connectionLost, .timedOut: return away
    case .lockNotAvailable:
      return Trouble(
        "another transaction holds rows locked",
        cure:
          "End the transaction that holds them: pg_blocking_pids and pg_stat_activity name it. Rows of an outbox are "
          + "not to be changed.", passes: true)
    case .resources: return Trouble("the database lacks resources", passes: true)
    case .retryable, .cancelled: return Trouble("the database gave a statement up", passes: true)
    case .statement:
      return Trouble(
        "the table is not as it was",
        cure: "`sequitur outbox create` makes the tables; --table and --column name others.", passes: false)
    case .objectState where error.sqlState == .objectInUse:
      return Trouble("the replication slot is in use", passes: true)
    default: return Trouble("the database refuses a statement", passes: false)
    }
  }

  private static let away = Trouble("the database is away", passes: true)
  private static let standby = Trouble(
    "the database is a standby",
    cure:
      "Lead the connection to the primary (target_session_attrs=read-write). Rows that a standby still shows may have "
      + "been sent.", passes: true)
  private static let role = Trouble(
    "the database refuses the role",
    cure:
      "Check the role in --database, that it may log in, its password (PGPASSFILE), and its line in the server's "
      + "pg_hba.conf; --mode tail needs one for the database, not `replication`.", passes: false)

  private static let refusals: [SQLState: Trouble] = [
    .readOnlyTransaction: standby,
    .invalidAuthorization: role,
    .invalidPassword: role,
    .invalidCatalogName: Trouble(
      "there is no such database", cure: "Correct the database's name in --database.", passes: false),
    .insufficientPrivilege: Trouble(
      "a right on the database is missing",
      cure:
        "Grant the role what `sequitur outbox create --print --role ROLE` prints. --mode tail needs `alter role ROLE "
        + "replication` too, and a publication that is made before where the table is another one's.",
      passes: false),
    .configurationLimitExceeded: Trouble(
      "a limit of the database's configuration is reached",
      cure: "Drop replication slots that nobody reads, or raise max_replication_slots.", passes: false),
  ]

  /// What libpq itself says has no code.
  private static func connection(_ error: PostgreSQLError) -> Trouble {
    let text = error.message.lowercased()
    if text.contains("session is read-only") || text.contains("hot standby mode") { return standby }
    if error.hint != nil || text.contains("no password supplied") { return role }
    if encryption.contains(where: text.contains) {
      return Trouble(
        "the connection cannot be encrypted",
        cure: "Check sslmode and sslrootcert (PGSSLMODE, PGSSLROOTCERT), and the server's certificate.",
        passes: false)
    }
    return away
  }

  private static let encryption = ["does not support ssl", "certificate", "private key file", "gssapi"]

  // MARK: The brokers

  private static func brokers(_ error: KafkaError) -> Trouble {
    let isRefused = error.connection.map { connectionRefusals.contains($0.cause) } ?? false
    if isRefused || error.code == .authentication || error.code == .ssl {
      return Trouble("the brokers refuse the connection", cure: error.cure, passes: false)
    }
    if error.severity == .fenced { return Trouble("the producer was fenced", passes: true) }
    if error.isMissingRight {
      return Trouble(
        "a right on the brokers is missing",
        cure:
          "Grant Write and Describe on the commands topic; Read, Write, Describe and DescribeConfigs on the outbox's "
          + "topic; Write and Describe on the transactional ids of the outbox (docs/outbox.md).",
        passes: false)
    }
    if error.code == .invalidArgument {
      return Trouble("a librdkafka property is refused", cure: error.cure, passes: false)
    }
    let isAway = error.isRetriable || error.connection != nil || awayCodes.contains(error.code)
    return Trouble(
      isAway ? "the brokers do not answer" : "the brokers refuse the commands", cure: error.cure, passes: true
    )
  }

  private static let connectionRefusals: Set<ConnectionFailure.Cause> = [
    .credentials, .mechanism, .certificate, .clientCertificate, .plaintextListener, .securedListener,
  ]
  private static let awayCodes: Set<KafkaError.Code> = [.timedOut, .allBrokersDown, .transport]
}
