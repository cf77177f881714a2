import SequiturFollower

/// What a view knows of one partition.
struct ViewSlot<Value: Sendable>: Sendable {
  /// What is read.
  var table: any ViewTable<Value>
  /// What is filled beside it, and then takes its place.
  var replacement: (any ViewTable<Value>)?
  /// Of the one that is being filled.
  var watch: TombstoneWatch
  /// Everything that was there at the start has been taken, and no deletion was missed.
  var isCaughtUp = false
  /// Not in the middle of a transaction.
  var isWhole = true
  /// It was empty at the start, and is filled for the first time.
  var isFirstFilled: Bool
  var status: FollowStatus?
  /// Milliseconds since 1970: when it was last written down that the table was current, and flushed.
  var notedAt: Int64
  /// Readings from the beginning since it was whole.
  var rebuilds = 0
  /// Why the last one began.
  var rebuildReason = ""

  init(_ table: any ViewTable<Value>, kept: Duration) {
    self.table = table
    watch = TombstoneWatch(kept: kept, at: table.mark)
    notedAt = table.mark.currentAt
    isFirstFilled = table.mark.position == nil
  }

  /// The table that takes what is read.
  var filled: any ViewTable<Value> { replacement ?? table }
  var isReadable: Bool { isCaughtUp && isWhole }
}
