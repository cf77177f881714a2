/// Every bound that this module sets by itself.
enum PostgreSQLLimits {
  /// Seconds for making a connection, where neither the connection string, nor the environment, nor a service says it.
  static let connectSeconds = 10
  /// Longest wait for an answer of the server, unless the connection is told otherwise.
  static let response = Duration.seconds(300)
  /// Bytes of COPY data that are queued before they are written to the socket.
  static let copyBytesQueuedMax = 64 << 10
  /// Parameters of one statement: the protocol counts them in 16 bits (`PQ_QUERY_PARAM_MAX_LIMIT`).
  static let parametersMax = 65_535
  /// Bytes of one parameter: the server's own limit for a value.
  static let parameterBytesMax = 1 << 30
  /// Bytes libpq may write of an error of a cancel request (libpq-fe.h recommends 256).
  static let cancelTextBytes = 256
  /// Longest single wait that is passed to poll(2), in milliseconds; longer ones are taken in pieces.
  static let pollMillisecondsMax: Int64 = 3_600_000
}
