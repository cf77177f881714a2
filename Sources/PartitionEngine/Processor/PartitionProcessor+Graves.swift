import Sequitur

extension PartitionProcessor {
  /// Forgets an object in the open transaction. Where commands may be repeated, their ids stay in a grave for a time.
  ///
  /// - Parameter version: that the event made which forgot it.
  @usableFromInline
  mutating func bury(
    version: UInt64, id: CommandIDHash?, hash: UInt64, _ record: borrowing CommandRecord
  ) {
    if id != nil || commandIDs.count > 0 { remember(id, version: version) }
    dropIDsBeyondRecord(of: record.unsafeKey.count)
    guard commandIDs.count > 0, graveMilliseconds > 0 else {
      return open.stage(record.unsafeKey, hash: hash, at: openPlace, recordFrom: nil)
    }
    let offset = open.arena.count
    ObjectRecord.appendGrave(
      to: &open.arena, lastVersion: version, forgottenAt: record.timestamp, commandIDs: commandIDs.bytes)
    open.stage(record.unsafeKey, hash: hash, at: openPlace, recordFrom: offset)
    lastForgottenAt = max(lastForgottenAt ?? record.timestamp, record.timestamp)
  }

  /// Drops the oldest ids until the grave fits a record: that an object is forgotten must not fail for them.
  private mutating func dropIDsBeyondRecord(of keyBytes: Int) {
    let room = limits.recordBytesMax - keyBytes - OutputBatch.framingBytes - OutputBatch.changelogHeaderBytes
    let fitting = max(0, room / ObjectRecord.commandIDBytes * ObjectRecord.commandIDBytes)
    if commandIDs.count > fitting { commandIDs.removeFirst(commandIDs.count - fitting) }
  }

  /// The time at and before which an object was forgotten whose grave is over, in milliseconds since 1970; `nil`: not known, since
  /// this processor has forgotten none.
  public var gravesOverAt: Int64? { lastForgottenAt.map { $0 &- graveMilliseconds } }

  /// Whether a refusal stands that was given by what is known of the object: a grave that is over knows nothing any more.
  @usableFromInline @inline(never)
  func standing(
    _ refusal: Refusal, _ object: ObjectRecord?, _ expected: ExpectedVersion, at time: Int64
  ) -> Refusal? {
    guard refusal.rejection.code == .duplicate, let object, object.isGrave,
      object.isOver(at: time, after: graveMilliseconds)
    else { return refusal }
    return expected.isMet(by: 0) ? nil : .versionConflict(expected: expected, current: 0)
  }

  /// Decides over an object of which only a grave is there: it does not exist, and a new one begins with ids of its own.
  @inlinable @inline(never)
  mutating func decideAnew(
    _ command: D.Command, id: CommandIDHash?, hash: UInt64, _ record: borrowing CommandRecord,
    _ headers: CommandHeaders, into output: inout OutputBatch
  ) -> Refusal? {
    commandIDs.truncate(to: 0)
    return decide(command, on: nil, id: id, hash: hash, record, headers, into: &output)
  }
}
