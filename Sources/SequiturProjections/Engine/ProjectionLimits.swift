/// What a projection takes and waits for at most.
enum ProjectionLimits {
  /// How long a statement waits for another session's lock, before the transaction is tried anew and that is told.
  static let lockWait = Duration.seconds(10)
  /// How long a server may be silent before the connection counts as lost.
  static let response = Duration.seconds(60)
  /// The same while a table's key is made: of billions of rows it takes hours.
  static let keyMaking = Duration.seconds(12 * 3_600)
  /// How long a session may sit in a transaction, as one that was stopped does, before the server ends it.
  static let idleTransaction = Duration.seconds(60)
  /// How many statements a connection keeps prepared.
  static let preparedStatements = 500
  /// The first wait before something is tried again, doubled up to the longest.
  static let firstWait = Duration.milliseconds(50)
  static let longestWait = Duration.seconds(10)
  /// Between two looks whether a paused projection goes on.
  static let pause = Duration.seconds(1)
  /// Between two tries of a partition that has stopped.
  static let stoppedWait = Duration.seconds(10)
  /// Between two warnings of the same thing.
  static let warningInterval = Duration.seconds(30)
  /// The bytes of events that one command may have made: a worker writes at most a fourth in one transaction.
  static let commandBytesMax = 64 << 20
  /// The states that are written by one statement.
  static let statesPerStatement = 1_000
  /// New rows are copied (COPY) where there are so many at least: for fewer it costs a round trip more than it saves.
  static let copiedRowsAtLeast = 64
  /// Between two tries to put a new generation in the old one's place.
  static let swapInterval = Duration.seconds(1)
  /// How long the old generation may stand still for that.
  static let swapWait = Duration.seconds(5)
  /// Between two looks whether the positions are still there.
  static let positionLooks = Duration.seconds(5)
  /// Between two commits of the group's offsets, which only tools read.
  static let offsetCommits = Duration.seconds(5)
  /// How long a database may be away when a run begins that is to end by itself.
  static let startWait = Duration.seconds(60)
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
