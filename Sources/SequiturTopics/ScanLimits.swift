/// The bounds of a read from one offset of a partition to another.
package enum ScanLimits {
  package static let recordsPerBatch = 2000
  /// The longest single wait for a message, so that deadlines and cancellations are looked at in time.
  package static let wait = Duration.milliseconds(100)
  /// How long a broker holds a fetch back that brings nothing; librdkafka's default is 500 ms. The end of each partition
  /// is known by such a fetch.
  package static let fetchWait = Duration.milliseconds(10)
}
