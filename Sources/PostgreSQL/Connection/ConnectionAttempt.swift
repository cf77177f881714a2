import CPostgreSQL
import Glibc

/// Makes one connection.
///
/// Not by `PQconnectdbParams`: only a connection that is polled can be told to put the server's code into its message,
/// and the code is what tells a wrong password from a server that is starting.
enum ConnectionAttempt {
  private static let operation = "connect to PostgreSQL"

  static func run(
    _ pairs: [(String, String)], notices: NoticeObserverBox?
  ) throws(PostgreSQLError) -> ConnectionHandle {
    guard let raw = start(pairs) else {
      throw PostgreSQLError(kind: .resources, operation: operation, message: "memory is short")
    }
    let handle = ConnectionHandle(owning: raw, notices: notices)
    PQsetErrorVerbosity(raw, PQERRORS_VERBOSE)
    PostgreSQLNotice.install(notices, on: raw)
    let limit = Duration.seconds(timeoutSeconds(of: raw))
    try poll(handle, limit: limit)
    guard PQsetnonblocking(raw, 1) == 0 else { throw failure(of: handle) }
    return handle
  }

  /// `PQconnectStartParams`; the string in `dbname` is taken apart by libpq, and what follows wins over it.
  private static func start(_ pairs: [(String, String)]) -> OpaquePointer? {
    var keywords = pairs.map { UnsafePointer(strdup($0.0)) } + [nil]
    var values = pairs.map { UnsafePointer(strdup($0.1)) } + [nil]
    defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }
    return PQconnectStartParams(&keywords, &values, 1)
  }

  /// The limit in force: connection string, environment, service, or the default; 0 and less mean none, as for libpq.
  private static func timeoutSeconds(of raw: OpaquePointer) -> Int {
    guard let options = PQconninfo(raw) else { return PostgreSQLLimits.connectSeconds }
    defer { PQconninfoFree(options) }
    guard let text = ConnectionString.values(of: options)["connect_timeout"], let seconds = Int(text) else {
      return PostgreSQLLimits.connectSeconds
    }
    return seconds > 0 ? seconds : Int(PostgreSQLLimits.pollMillisecondsMax / 1000)
  }

  private static func poll(_ handle: ConnectionHandle, limit: Duration) throws(PostgreSQLError) {
    let deadline = ContinuousClock.now + limit
    // A connection that has just been started is to be waited for as if it wanted to write (libpq's manual).
    var events = Int16(POLLOUT)
    guard PQstatus(handle.raw) != CONNECTION_BAD else { throw failure(of: handle) }
    while true {
      let ready = try handle.poll(for: events, within: deadline - .now, operation)
      if ready == 0 {
        guard ContinuousClock.now < deadline else { throw timedOut(handle, limit) }
        continue
      }
      switch PQconnectPoll(handle.raw) {
      case PGRES_POLLING_OK: return
      case PGRES_POLLING_READING: events = Int16(POLLIN)
      case PGRES_POLLING_WRITING: events = Int16(POLLOUT)
      default: throw failure(of: handle)
      }
    }
  }

  private static func timedOut(_ handle: ConnectionHandle, _ limit: Duration) -> PostgreSQLError {
    handle.located(
      PostgreSQLError(
        kind: .cannotConnect, operation: operation, message: "no connection came about within \(limit)"))
  }

  /// libpq's text, and the server's code out of it: `FATAL:  28P01: password authentication failed …`.
  private static func failure(of handle: ConnectionHandle) -> PostgreSQLError {
    let lines = String(cString: PQerrorMessage(handle.raw)).split { $0.isNewline }
    // Where in the server's source it was, which helps nobody here.
    let text = PostgreSQLError.oneLine(lines.filter { !$0.hasPrefix("LOCATION:") }.joined(separator: "\n"))
    let code = text.firstMatch(of: #/:  ([0-9A-Z]{5}): /#)
    var error = PostgreSQLError(
      kind: .cannotConnect, operation: operation, message: text.replacing(#/:  [0-9A-Z]{5}: /#) { _ in ": " },
      sqlState: code.flatMap { SQLState($0.1) })
    if PQconnectionNeedsPassword(handle.raw) == 1 {
      error.hint = "Give the password by a password file (PGPASSFILE) or PGPASSWORD."
    }
    return handle.located(error)
  }
}
