import Sequitur

extension PartitionProcessor {
  /// Asks the decider, and carries out its answer.
  @inlinable @inline(always)
  mutating func decide(
    _ command: D.Command, on object: ObjectRecord?, id: CommandIDHash?, hash: UInt64,
    _ record: borrowing CommandRecord, _ headers: CommandHeaders, into output: inout OutputBatch
  ) -> Refusal? {
    let version = object?.version ?? 0
    do {
      let state: D.State? = if let object { try readState(of: object) } else { nil }
      let context = DecisionContext(
        key: RawSpan.unsafe(record.unsafeKey), position: record.position, timestamp: record.timestamp,
        version: version)
      switch try decider.decide(command, on: state, in: context) {
      case .reject(let rejection):
        return Refusal(rejection, objectVersion: version)
      case .accept(let event):
        try encode(event, index: 0, version: version &+ 1, record, headers, into: &output)
        try stage(decider.evolve(state, by: event), version: version &+ 1, id: id, hash: hash, record)
      case .acceptAll(let events):
        guard !events.isEmpty else { return .acceptedWithoutEvent(version: version) }
        try accept(events, on: state, version: version, id: id, hash: hash, record, headers, into: &output)
      }
      return nil
    } catch {
      if error is GraveFound {
        return decideAnew(command, id: id, hash: hash, record, headers, into: &output)
      }
      return .whileDeciding(error, version: version)
    }
  }

  /// The same for several events, apart: most commands make one.
  @inlinable @inline(never)
  mutating func accept(
    _ events: [D.Event], on state: D.State?, version: UInt64, id: CommandIDHash?, hash: UInt64,
    _ record: borrowing CommandRecord, _ headers: CommandHeaders, into output: inout OutputBatch
  ) throws {
    let next = try apply(events, to: state, version: version, record, headers, into: &output)
    // The ids that a former life had say nothing of this one.
    if next.isAnew { commandIDs.truncate(to: 0) }
    try stage(next.state, version: next.version, id: id, hash: hash, record)
  }

  /// Encodes several events of one command, and evolves the object by them.
  @inlinable
  func apply(
    _ events: [D.Event], to state: D.State?, version: UInt64,
    _ record: borrowing CommandRecord, _ headers: CommandHeaders, into output: inout OutputBatch
  ) throws -> (state: D.State?, version: UInt64, isAnew: Bool) {
    var next = (state: state, version: version, isAnew: false)
    let start = output.byteCount
    for (index, event) in events.enumerated() {
      // A forgotten object begins anew.
      if index > 0, next.state == nil { (next.version, next.isAnew) = (0, true) }
      next.version += 1
      try encode(event, index: index, version: next.version, record, headers, into: &output)
      next.state = decider.evolve(next.state, by: event)
      guard output.byteCount - start <= limits.transactionBytesMax else {
        throw Refusal.tooManyEvents(limit: limits.transactionBytesMax)
      }
    }
    return next
  }

  /// Encodes an event.
  @inlinable @inline(always)
  func encode(
    _ event: D.Event, index: Int, version: UInt64,
    _ record: borrowing CommandRecord, _ headers: CommandHeaders, into output: inout OutputBatch
  ) throws {
    let payload = output.arena.count
    let type = try decider.encode(event, into: &output.arena)
    let value = ByteRange(offset: payload, count: output.arena.count &- payload)
    if output.templatePartition != identity.partition {
      output.beginTemplate(of: identity, envelope, type: type, timestamp: record.timestamp)
    }
    let size = output.appendEvent(
      type: type, payload: value, version: version, index: index, of: record, headers,
      contentType: decider.eventContentType)
    guard size <= limits.recordBytesMax else {
      throw Refusal.tooLarge("event \(type)", byteCount: size, limit: limits.recordBytesMax)
    }
  }

  /// Writes the object's new record into the open transaction; `nil` forgets the object.
  ///
  /// - Parameter version: that the last event made.
  @inlinable @inline(always)
  mutating func stage(
    _ state: D.State?, version: UInt64, id: CommandIDHash?, hash: UInt64, _ record: borrowing CommandRecord
  ) throws {
    guard let state else { return bury(version: version, id: id, hash: hash, record) }
    if id != nil || commandIDs.count > 0 { remember(id, version: version) }
    let offset = open.arena.count
    ObjectRecord.append(
      to: &open.arena, version: version, schemaVersion: decider.schemaVersion,
      commandIDs: commandIDs.bytes)
    do {
      try decider.encodeState(state, into: &open.arena)
    } catch {
      open.arena.truncate(to: offset)
      throw error
    }
    let size =
      open.arena.count &- offset &+ record.unsafeKey.count &+ OutputBatch.framingBytes
      &+ OutputBatch.changelogHeaderBytes
    guard size <= limits.recordBytesMax else {
      open.arena.truncate(to: offset)
      throw Refusal.tooLarge("the object's state", byteCount: size, limit: limits.recordBytesMax)
    }
    open.stage(record.unsafeKey, hash: hash, at: openPlace, recordFrom: offset)
  }

  /// Adds the command's id to those in `commandIDs`, and drops the oldest beyond the limit.
  @inlinable @inline(never)
  mutating func remember(_ id: CommandIDHash?, version: UInt64) {
    if let id, limits.recentCommandIDsMax > 0 {
      commandIDs.append(bigEndian: id.high)
      commandIDs.append(bigEndian: id.low)
      commandIDs.append(bigEndian: version)
    }
    let excess = commandIDs.count - limits.recentCommandIDsMax * ObjectRecord.commandIDBytes
    if excess > 0 { commandIDs.removeFirst(excess) }
  }
}
