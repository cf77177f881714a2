import SequiturFollower

/// Where a projection stands in a partition, as the database has it.
struct ProjectionPosition: Sendable, Hashable {
  var nextOffset: Int64
  /// Nil before an event was applied: then the position is a beginning.
  var nextCommand: Int64?
  /// Commands below are covered by the states that the table began with.
  var covered: Int64
  var events: Int64
  /// Updates and deletions that met no row.
  var unmatched: Int64
  var lastOffset: Int64?
  var lastID: String?
  var lastTimestamp: Int64?
  /// How often somebody has changed what is parked.
  var parkedChanges: Int64
  /// The event that stopped the partition.
  var stoppedOffset: Int64?
  var stoppedReason: String?

  /// What the follower is told; nil before an event was applied.
  var followed: FollowPosition? {
    nextCommand.map { FollowPosition(offset: nextOffset, command: $0) }
  }

  static let columns =
    "next_offset, next_command, covered, events, unmatched, last_offset, last_id, last_timestamp, parked_changes, "
    + "stopped_offset, stopped_reason"

  init(_ row: ResultRow, at first: Int = 0) {
    nextOffset = row.integer(first) ?? 0
    nextCommand = row.integer(first + 1)
    covered = row.integer(first + 2) ?? 0
    events = row.integer(first + 3) ?? 0
    unmatched = row.integer(first + 4) ?? 0
    lastOffset = row.integer(first + 5)
    lastID = row.text(first + 6)
    lastTimestamp = row.integer(first + 7)
    parkedChanges = row.integer(first + 8) ?? 0
    stoppedOffset = row.integer(first + 9)
    stoppedReason = row.text(first + 10)
  }
}
