/// PostgreSQL's error code, five characters (its manual, Appendix A).
public struct SQLState: Hashable, Sendable, CustomStringConvertible {
  /// The five characters.
  public let description: String

  /// A code; nil when the text is not five characters of `0…9A…Z`.
  public init?(_ text: some StringProtocol) {
    guard text.utf8.count == 5, text.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) })
    else { return nil }
    description = String(text)
  }

  private init(code: StaticString) { description = "\(code)" }

  /// The first two characters: the class of the error.
  public var classCode: String { String(description.prefix(2)) }

  /// `read_only_sql_transaction`, such as every write on a standby.
  public static let readOnlyTransaction = SQLState(code: "25006")
  /// `invalid_authorization_specification`: the role is not known, may not log in, or `pg_hba.conf` has no line for it.
  public static let invalidAuthorization = SQLState(code: "28000")
  /// `configuration_limit_exceeded`, such as no replication slot that is free.
  public static let configurationLimitExceeded = SQLState(code: "53400")
  /// `serialization_failure`.
  public static let serializationFailure = SQLState(code: "40001")
  /// `deadlock_detected`.
  public static let deadlockDetected = SQLState(code: "40P01")
  /// `unique_violation`.
  public static let uniqueViolation = SQLState(code: "23505")
  /// `insufficient_privilege`.
  public static let insufficientPrivilege = SQLState(code: "42501")
  /// `undefined_table`.
  public static let undefinedTable = SQLState(code: "42P01")
  /// `undefined_column`.
  public static let undefinedColumn = SQLState(code: "42703")
  /// `undefined_object`, such as a publication, a role or a replication slot.
  public static let undefinedObject = SQLState(code: "42704")
  /// `duplicate_object`.
  public static let duplicateObject = SQLState(code: "42710")
  /// `object_in_use`, such as a replication slot that another process reads.
  public static let objectInUse = SQLState(code: "55006")
  /// `object_not_in_prerequisite_state`, such as a `wal_level` that is too low, or a lost replication slot.
  public static let objectNotInPrerequisiteState = SQLState(code: "55000")
  /// `lock_not_available`.
  public static let lockNotAvailable = SQLState(code: "55P03")
  /// `query_canceled`.
  public static let queryCanceled = SQLState(code: "57014")
  /// `admin_shutdown`.
  public static let adminShutdown = SQLState(code: "57P01")
  /// `crash_shutdown`.
  public static let crashShutdown = SQLState(code: "57P02")
  /// `cannot_connect_now`: the server starts, recovers or stops.
  public static let cannotConnectNow = SQLState(code: "57P03")
  /// `database_dropped`.
  public static let databaseDropped = SQLState(code: "57P04")
  /// `idle_session_timeout`.
  public static let idleSessionTimeout = SQLState(code: "57P05")
  /// `idle_in_transaction_session_timeout`.
  public static let idleInTransactionSessionTimeout = SQLState(code: "25P03")
  /// `invalid_password`.
  public static let invalidPassword = SQLState(code: "28P01")
  /// `invalid_catalog_name`: there is no such database.
  public static let invalidCatalogName = SQLState(code: "3D000")
  /// `too_many_connections`.
  public static let tooManyConnections = SQLState(code: "53300")
}
