/// What one client, and all of them together, may take of a server.
///
/// Memory is bounded by them: at most ``connectionsMax`` connections, each with one head of ``headBytesMax``, one body of what
/// its route takes, and ``unsentBytesMax`` that the client has not read.
public struct HTTPLimits: Sendable, Hashable {
  /// Connections at once; others wait in the system's backlog until one is free.
  public var connectionsMax = 256
  /// Requests that are being answered at once, event streams not counted; others are answered 503.
  public var requestsMax = 64
  /// Event streams at once; others are answered 503.
  public var streamsMax = 32
  /// Bytes of all header fields of a request; more is answered 431.
  public var headBytesMax = 16 << 10
  /// Header fields of a request; more is answered 431.
  public var fieldsMax = 100
  /// How long a connection may be without a complete head: idle, or with one that comes too slowly (408).
  public var headTime = Duration.seconds(30)
  /// How long a body may bring nothing while it is waited for (408).
  public var bodyPause = Duration.seconds(15)
  /// How long a body that is collected may take as a whole (408).
  public var bodyTime = Duration.seconds(60)
  /// How long a client may leave an answer unread before its connection is closed.
  public var unreadTime = Duration.seconds(30)
  /// How long a connection stays open after an answer that ends it, so that the client can read the answer.
  public var lingerTime = Duration.seconds(2)
  /// How long answers under way may take when the server stops.
  public var drainTime = Duration.seconds(5)
  /// What is written to a client at once, before it is waited for that it reads.
  public static let unsentBytesMax = 64 << 10

  /// The defaults, for a door that people and machines look through.
  public init() {}
}
