/// How far the restore of a partition is.
public struct RestoreProgress: Sendable, Hashable {
  /// Changelog records read so far.
  public var records = 0
  /// Of their keys and values.
  public var bytes = 0
  /// Since the restore began to read.
  public var seconds = 0.0
  /// Records still to be read, at most: those of aborted transactions and markers count too.
  public var remaining: Int64 = 0

  /// Progress of so much.
  public init(records: Int = 0, bytes: Int = 0, seconds: Double = 0, remaining: Int64 = 0) {
    self.records = records
    self.bytes = bytes
    self.seconds = seconds
    self.remaining = remaining
  }

  /// Over the whole restore so far.
  public var recordsPerSecond: Double { Double(records) / max(seconds, 0.001) }

  /// At the rate so far; 0 when nothing is left, and infinite before anything was read.
  public var secondsLeft: Double { remaining == 0 ? 0 : Double(remaining) / recordsPerSecond }
}
