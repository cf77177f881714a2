import CPostgreSQL
import Glibc

/// A connection to a PostgreSQL server, over libpq.
///
///     let connection = try PostgreSQLConnection("postgresql://app@db.example/shop?sslmode=verify-full")
///     try connection.withTransaction {
///       try connection.query("update stock set n = n - 1 where id = $1", [.integer(7)])
///     }
///
/// **Thread rule.** One thread at a time; the class is not Sendable, so that the compiler holds this. All calls block,
/// on the network or on locks of other transactions: keep them on a thread of its own, off Swift's cooperative pool.
/// Only a ``Canceller`` may be used from another thread.
///
/// **Credentials and TLS** by libpq's own means: the connection string, `PGHOST`, `PGUSER`, `PGSSLMODE`,
/// `PGSSLROOTCERT` …, a password file (`PGPASSFILE`, `~/.pgpass`), a service file (`PGSERVICE`). Prefer the files: a
/// password in a connection string is seen by who sees the process's arguments. No error shows one.
///
/// **Text** is UTF-8 both ways (`client_encoding`), whatever the database's own encoding.
///
/// **A connection that is lost** stays lost: every call throws `connectionLost`. Making another one, and deciding what
/// became of the transaction under way, is the caller's.
///
/// **End.** ``close()`` or the last reference closes it; an open transaction is rolled back by the server.
///
/// Wraps `PGconn`.
public final class PostgreSQLConnection {
  private var current: ConnectionHandle?
  var statementsMade = 0

  /// Connects. Blocks until the server is ready for statements, or `connect_timeout` is over.
  ///
  /// That time is the connection string's, `PGCONNECT_TIMEOUT`'s or the service's, else 10 s; here it is one limit for
  /// all hosts of the string together. Looking up a host's name is not bounded by it.
  /// - Parameters:
  ///   - conninfo: `postgresql://…` or `host=… dbname=…`; empty takes everything from the environment.
  ///   - applicationName: what `pg_stat_activity` shows, where the connection string does not name another.
  ///   - isReplication: a connection for logical replication of its database (`replication=database`); it speaks the
  ///     simple protocol only, so ``execute(_:)`` and ``startCopyBoth(_:)``. Replication commands are written in capitals.
  ///   - onNotice: receives notices; nil drops them.
  /// - Throws: `invalidArgument` for a string that libpq cannot read, and `cannotConnect`, with the server's
  ///   ``PostgreSQLError/sqlState`` where it answered.
  public init(
    _ conninfo: String, applicationName: String = "", isReplication: Bool = false,
    onNotice: NoticeObserver? = nil
  ) throws(PostgreSQLError) {
    let string = try ConnectionString(conninfo)
    let pairs: [(String, String)] =
      [("dbname", string.text), ("client_encoding", "UTF8"), ("fallback_application_name", applicationName)]
      + (isReplication ? [("replication", "database")] : [])
    let box = onNotice.map { NoticeObserverBox($0) }
    current = try ConnectionAttempt.run(pairs, notices: box)
  }

  /// Closes the connection; later calls throw `connectionLost`. Idempotent. C: `PQfinish`.
  public func close() { current = nil }

  /// The handle of an open connection.
  func handle(_ operation: String) throws(PostgreSQLError) -> ConnectionHandle {
    guard let current else {
      throw PostgreSQLError(kind: .connectionLost, operation: operation, message: "the connection is closed")
    }
    try current.checkUsable(operation)
    return current
  }

  /// Whether calls can succeed, as far as is known: a server that is gone is only noticed by a call.
  public var isUsable: Bool { current?.isUsable ?? false }

  /// Longest wait for the server's answer to one call; 5 minutes unless set, nil for ever.
  ///
  /// When it is over the call throws `timedOut`, and the connection cannot be used any more. It is for servers that are
  /// gone without a word; `statement_timeout` and `lock_timeout` are kinder limits for statements.
  public var responseTimeout: Duration? {
    get { current?.responseTimeout }
    set { current?.responseTimeout = newValue }
  }

  /// Where the session stands between statements (`PQtransactionStatus`).
  public var transactionStatus: TransactionStatus {
    guard let current, current.isUsable else { return .unknown }
    return switch PQtransactionStatus(current.raw) {
    case PQTRANS_IDLE: .idle
    case PQTRANS_INTRANS: .open
    case PQTRANS_INERROR: .failed
    case PQTRANS_ACTIVE: .active
    default: .unknown
    }
  }

  /// The server's version, such as 150018 for 15.18 (`PQserverVersion`).
  public var serverVersion: Int { Int(current.map { PQserverVersion($0.raw) } ?? 0) }

  /// The process that serves this connection (`PQbackendPID`).
  public var backendProcessID: Int32 { current.map { PQbackendPID($0.raw) } ?? 0 }

  /// `host:port/database`, for messages.
  public var server: String { current?.server ?? "" }

  /// A setting that the server reports by itself, such as `server_encoding` (`PQparameterStatus`).
  public func reportedSetting(_ name: String) -> String? {
    current.flatMap { PQparameterStatus($0.raw, name) }.map { String(cString: $0) }
  }

  /// Whether the connection is encrypted by TLS (`PQsslInUse`).
  public var isEncrypted: Bool { current.map { PQsslInUse($0.raw) == 1 } ?? false }

  /// What another thread can cancel this connection's running statement with (`PQgetCancel`).
  public func makeCanceller() throws(PostgreSQLError) -> Canceller {
    let handle = try handle("prepare a cancellation")
    guard let raw = PQgetCancel(handle.raw) else { throw handle.failure("prepare a cancellation") }
    return Canceller(owning: raw, server: handle.server)
  }
}

/// Where a session stands between statements.
public enum TransactionStatus: Sendable, Hashable {
  /// No transaction is open.
  case idle
  /// A transaction is open.
  case open
  /// A statement of the open transaction failed: only a rollback is possible.
  case failed
  /// A statement is running, or a COPY is under way.
  case active
  /// The connection is lost.
  case unknown
}
