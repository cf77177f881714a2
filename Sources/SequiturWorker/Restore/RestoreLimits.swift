/// The bounds of a restore.
enum RestoreLimits {
  /// Records from which on table files are worth it.
  static let recordsForRuns: Int64 = 10_000
  /// Changelog records from one flush of a partition's memtable to the next: what a crash makes to be read
  /// again, besides what no drain has taken.
  static let replayRecordsMax: Int64 = 500_000
  /// How often a restore looks whether the transaction that it waits for has ended.
  static let stableInterval = Duration.milliseconds(50)
  static let reportInterval = Duration.seconds(2)
}
