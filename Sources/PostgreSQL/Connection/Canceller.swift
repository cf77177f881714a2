import CPostgreSQL

/// Cancels the statement that a connection is running, from another thread.
///
/// It outlives its connection; then it does nothing. Owner of one `PGcancel`.
public final class Canceller: Sendable {
  private let pointer: SharedPointer
  private let server: String

  init(owning raw: OpaquePointer, server: String) {
    pointer = SharedPointer(raw: raw)
    self.server = server
  }

  deinit { PQfreeCancel(pointer.raw) }

  /// Asks the server to cancel what the connection is running now. Blocks: it makes a connection of its own, without TLS
  /// (libpq 15). That the request was sent does not mean that the statement ends: it may have been done already.
  /// - Throws: `cannotConnect`.
  public func cancel() throws(PostgreSQLError) {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: PostgreSQLLimits.cancelTextBytes)
    defer { text.deallocate() }
    guard PQcancel(pointer.raw, text, Int32(PostgreSQLLimits.cancelTextBytes)) == 0 else { return }
    var error = PostgreSQLError(
      kind: .cannotConnect, operation: "cancel a statement", message: PostgreSQLError.oneLine(text))
    error.server = server
    throw error
  }
}

/// A C handle that any thread may use.
///
/// Safe by libpq's manual: `PQcancel` is thread-safe for a `PGcancel`, and a `PGresult` is read-only after its creation
/// "and so can be passed around freely between threads". The pointer never changes, and only its owner frees it.
struct SharedPointer: @unchecked Sendable {
  let raw: OpaquePointer
}
