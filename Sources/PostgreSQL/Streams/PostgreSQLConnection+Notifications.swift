import CPostgreSQL
import Glibc

/// What another session said with NOTIFY.
public struct PostgreSQLNotification: Sendable, Hashable {
  /// The channel.
  public var channel: String
  /// The text that came with it; often empty.
  public var payload: String
  /// The process that served the session that sent it.
  public var backendProcessID: Int32
}

extension PostgreSQLConnection {
  private static var operation: String { "wait for notifications" }

  /// Subscribes to a channel; lasts as long as the session. Outside of a transaction.
  public func listen(to channel: String) throws(PostgreSQLError) {
    try execute("listen \(try SQLText.identifier(channel))")
  }

  /// The notifications that have come; waits for the first one, at most so long. C: `PQnotifies`.
  ///
  /// The server sends them between transactions only. They also come with the answers to other calls, and are kept until
  /// this is called.
  /// - Returns: none when the time is over.
  /// - Throws: `connectionLost`.
  public func notifications(within time: Duration) throws(PostgreSQLError) -> [PostgreSQLNotification] {
    let handle = try handle(Self.operation)
    let deadline = ContinuousClock.now + time
    while true {
      try handle.consume(Self.operation)
      let found = handle.takeNotifications()
      let rest = deadline - .now
      guard found.isEmpty, rest > .zero else { return found }
      _ = try handle.poll(for: Int16(POLLIN), within: rest, Self.operation)
    }
  }
}

extension ConnectionHandle {
  fileprivate func takeNotifications() -> [PostgreSQLNotification] {
    var found: [PostgreSQLNotification] = []
    while let notification = PQnotifies(raw) {
      found.append(
        PostgreSQLNotification(
          channel: String(cString: notification.pointee.relname),
          payload: String(cString: notification.pointee.extra),
          backendProcessID: notification.pointee.be_pid))
      PQfreemem(notification)
    }
    return found
  }
}
