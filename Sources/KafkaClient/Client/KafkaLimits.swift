/// Every bound that this module sets by itself, and the one that all its users have in common.
package enum KafkaLimits {
  /// One blocking call to the broker, where nothing else is said.
  package static let call = Duration.seconds(10)
  /// Bytes librdkafka may write of a human-readable error. It truncates beyond that.
  static let errorTextBytes = 512
  /// Consumer errors kept between two polls, one for each code and operation. Further ones are only logged.
  static let pendingErrors = 16
  /// Longest single wait inside `close`, so that its own deadline is looked at in time.
  static let closeSlice = Duration.milliseconds(50)
  /// Longest single wait while a full producer queue drains, before the record is tried again.
  static let queueFullSlice = Duration.milliseconds(10)
  /// Longest time `produce` waits for room in a full producer queue, before it throws `queueFull`.
  static let queueFullWait = Duration.seconds(30)
  /// Longest wait for the report of a record that made a transaction fail.
  static let reportWait = Duration.milliseconds(100)
  /// Longest time an abort waits for records that are on their way, so that the coordinator knows the transaction.
  static let abortGrace = Duration.seconds(1)
  /// Wait before a partition's leader is asked again that did not (yet) know itself as such.
  static let leaderSlice = Duration.milliseconds(20)
  /// Longest wait that is passed to librdkafka, about 24 days: it takes milliseconds in 32 bits.
  static let waitMilliseconds: Int64 = 2_000_000_000
  /// Time an admin call waits for its own result beyond the time the broker was given.
  static let adminGrace = Duration.seconds(1)
}
