import CPostgreSQL
import Glibc

/// Owner of one `PGconn`, always non-blocking: every wait is a wait on its socket, with a deadline.
///
/// libpq allows one thread at a time for a `PGconn` (its manual, "Behavior in Threaded Programs"): the class is not
/// Sendable, so that the compiler holds that.
final class ConnectionHandle {
  let raw: OpaquePointer
  /// Longest wait for an answer; nil waits for ever.
  var responseTimeout: Duration? = PostgreSQLLimits.response
  /// Why the connection cannot be used any more although libpq believes in it.
  private var abandonment: String?
  private let notices: NoticeObserverBox?

  init(owning raw: OpaquePointer, notices: NoticeObserverBox?) {
    self.raw = raw
    self.notices = notices
  }

  deinit { PQfinish(raw) }

  var isUsable: Bool { abandonment == nil && PQstatus(raw) == CONNECTION_OK }

  /// `host:port/database`.
  var server: String {
    func text(_ value: UnsafeMutablePointer<CChar>?) -> String { value.map { String(cString: $0) } ?? "" }
    return "\(text(PQhost(raw))):\(text(PQport(raw)))/\(text(PQdb(raw)))"
  }

  /// When a call that begins now must have its answer.
  var deadline: ContinuousClock.Instant? { responseTimeout.map { .now + $0 } }

  /// Throws when the connection is of no more use.
  func checkUsable(_ operation: String) throws(PostgreSQLError) {
    if let abandonment { throw lost(operation, abandonment) }
    guard PQstatus(raw) == CONNECTION_OK else {
      throw lost(operation, PostgreSQLError.oneLine(PQerrorMessage(raw)))
    }
  }

  /// From here on every call throws: what the server sends next could not be told apart from the answer to it.
  func abandon(because reason: String) { abandonment = reason }

  /// The error of a C function that failed without a result.
  func failure(_ operation: String) -> PostgreSQLError {
    let text = PostgreSQLError.oneLine(PQerrorMessage(raw))
    guard PQstatus(raw) == CONNECTION_OK else { return lost(operation, text) }
    return located(PostgreSQLError(kind: .invalidArgument, operation: operation, message: text))
  }

  /// The error that a result carries.
  func failure(_ result: OpaquePointer, _ operation: String) -> PostgreSQLError {
    var error = PostgreSQLError(result, operation: operation)
    if PQstatus(raw) != CONNECTION_OK { error.kind = .connectionLost }
    return located(error)
  }

  func located(_ error: PostgreSQLError) -> PostgreSQLError {
    var error = error
    error.server = server
    return error
  }

  private func lost(_ operation: String, _ reason: String) -> PostgreSQLError {
    located(PostgreSQLError(kind: .connectionLost, operation: operation, message: reason))
  }

  /// Writes everything that is queued to the socket, taking in what arrives meanwhile (`PQflush`).
  ///
  /// Without the reading, both sides could wait for each other with full buffers.
  func flush(_ operation: String, by deadline: ContinuousClock.Instant?) throws(PostgreSQLError) {
    while true {
      switch PQflush(raw) {
      case 0: return
      case 1:
        let ready = try wait(for: Int16(POLLIN | POLLOUT), by: deadline, operation)
        if ready & Int16(POLLIN | POLLHUP | POLLERR) != 0 { try consume(operation) }
      default: throw failure(operation)
      }
    }
  }

  /// Takes in what has arrived (`PQconsumeInput`).
  func consume(_ operation: String) throws(PostgreSQLError) {
    guard PQconsumeInput(raw) == 1 else {
      throw lost(operation, PostgreSQLError.oneLine(PQerrorMessage(raw)))
    }
  }

  /// The next result of the command that is running, nil after the last one (`PQgetResult`). The caller clears it.
  func nextResult(_ operation: String, by deadline: ContinuousClock.Instant?) throws(PostgreSQLError)
    -> OpaquePointer?
  {
    try flush(operation, by: deadline)
    while PQisBusy(raw) == 1 {
      _ = try wait(for: Int16(POLLIN), by: deadline, operation)
      // A connection that breaks here becomes a result that says so: the server's last words are in it.
      if PQconsumeInput(raw) == 0 { break }
    }
    return PQgetResult(raw)
  }

  /// Waits until the socket is ready; the events it is ready for.
  /// - Throws: `timedOut` after the deadline, and then the connection is abandoned.
  private func wait(
    for events: Int16, by deadline: ContinuousClock.Instant?, _ operation: String
  ) throws(PostgreSQLError) -> Int16 {
    while true {
      let rest = deadline.map { $0 - .now } ?? .seconds(3600)
      let ready = try poll(for: events, within: rest, operation)
      if ready != 0 { return ready }
      guard let deadline, ContinuousClock.now >= deadline else { continue }
      abandon(because: "an earlier call ended without an answer of the server")
      throw located(
        PostgreSQLError(
          kind: .timedOut, operation: operation,
          message: "the server did not answer within \(responseTimeout ?? .zero)"))
    }
  }

  /// Waits once, at most so long; 0 when the time is over. (poll(2))
  func poll(for events: Int16, within time: Duration, _ operation: String) throws(PostgreSQLError) -> Int16 {
    let socket = PQsocket(raw)
    guard socket >= 0 else { throw lost(operation, "the connection is closed") }
    var descriptor = pollfd(fd: socket, events: events, revents: 0)
    let code = Glibc.poll(&descriptor, 1, time.pollMilliseconds)
    guard code >= 0 || errno == EINTR else {
      throw lost(operation, "waiting for the socket failed: \(String(cString: strerror(errno)))")
    }
    return code > 0 ? descriptor.revents : 0
  }
}

extension Duration {
  /// Whole milliseconds for poll(2): rounded up, never negative, which would mean "for ever".
  var pollMilliseconds: Int32 {
    guard self > .zero else { return 0 }
    let (seconds, attoseconds) = components
    guard seconds < PostgreSQLLimits.pollMillisecondsMax / 1000 else {
      return Int32(PostgreSQLLimits.pollMillisecondsMax)
    }
    return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
