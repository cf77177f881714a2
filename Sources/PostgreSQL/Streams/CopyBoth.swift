import CPostgreSQL
import Glibc

/// A stream in both directions, such as a replication stream, whose messages the caller understands.
///
/// **Thread rule.** That of its connection.
public final class CopyBoth {
  /// What a wait for a message came to.
  public enum Received: Sendable, Hashable {
    /// One message.
    case message([UInt8])
    /// The time is over.
    case nothing
    /// The server ended the stream.
    case ended
  }

  private let handle: ConnectionHandle
  private static let operation = "read a stream"

  init(_ handle: ConnectionHandle) { self.handle = handle }

  /// The next message; waits for it at most so long (`PQgetCopyData`).
  /// - Throws: `connectionLost`; the server's error, once it has ended the stream.
  public func receive(within time: Duration) throws(PostgreSQLError) -> Received {
    let deadline = ContinuousClock.now + time
    while true {
      switch try handle.copyDataThatCame(Self.operation) {
      case .piece(let piece): return .message(piece.withBytes { [UInt8]($0) })
      case .ended:
        // Where the server ended its half, ours is still open; where it failed there is none, and this does nothing.
        _ = PQputCopyEnd(handle.raw, nil)
        _ = try handle.results(Self.operation)
        return .ended
      case .nothing: break
      }
      let rest = deadline - .now
      if try handle.poll(for: Int16(POLLIN), within: rest, Self.operation) != 0 {
        try handle.consume(Self.operation)
      } else if rest <= .zero {
        return .nothing
      }
    }
  }

  /// Sends one message (`PQputCopyData`).
  /// - Throws: `connectionLost`, `timedOut`.
  public func send(_ message: [UInt8]) throws(PostgreSQLError) {
    let operation = "write to a stream"
    try handle.checkUsable(operation)
    let code = message.withUnsafeBytes { bytes in
      PQputCopyData(handle.raw, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
    }
    guard code >= 0 else { throw handle.failure(operation) }
    try handle.flush(operation, by: handle.deadline)
  }

  /// Ends the stream and drops what still comes; the connection can run statements again (`PQputCopyEnd`).
  /// - Throws: `connectionLost`, `timedOut`, the server's error.
  public func end() throws(PostgreSQLError) {
    let operation = "end a stream"
    try handle.checkUsable(operation)
    try handle.endCopyIn(operation)
    while try handle.nextCopyData(operation, by: handle.deadline) != nil {}
    _ = try handle.results(operation)
  }
}
