import Sequitur

extension PartitionProcessor {
  /// Asks the decider, and carries out its answer.
  @inlinable
  mutating func decide(
    _ command: D.Command, on current: CurrentObject<D.State>, id: CommandIDHash?, hash: UInt64,
    _ record: borrowing CommandRecord, _ headers: CommandHeaders, into output: inout OutputBatch
  ) -> Refusal? {
    let context = DecisionContext(
      key: RawSpan.unsafe(record.unsafeKey), position: record.position, timestamp: record.timestamp,
      version: current.version)
    do {
      var next = NextObject(version: current.version, state: current.state)
      switch try decider.decide(command, on: current.state, in: context) {
      case .reject(let rejection):
        return Refusal(rejection, objectVersion: current.version)
      case .accept(let event):
        try append(event, index: 0, to: &next, record, headers, into: &output)
      case .acceptAll(let events):
        guard !events.isEmpty else { return .acceptedWithoutEvent(version: current.version) }
        let start = output.byteCount
        for (index, event) in events.enumerated() {
          try append(event, index: index, to: &next, record, headers, into: &output)
          guard output.byteCount - start <= limits.transactionBytesMax else {
            throw Refusal.tooManyEvents(limit: limits.transactionBytesMax)
          }
        }
      }
      try stage(next, id: id, hash: hash, record)
      return nil
    } catch let refusal as Refusal {
      return refusal.at(version: current.version)
    } catch {
      return .deciderFailed(error, version: current.version)
    }
  }

  /// Evolves the object by one event and encodes the event.
  @inlinable
  mutating func append(
    _ event: D.Event, index: Int, to next: inout NextObject<D.State>,
    _ record: borrowing CommandRecord, _ headers: CommandHeaders, into output: inout OutputBatch
  ) throws {
    let version = next.version + 1
    next.state = decider.evolve(next.state, by: event)
    next.version = next.state == nil ? 0 : version
    let payload = output.arena.count
    let type = try decider.encode(event, into: &output.arena)
    let size = output.appendEvent(
      type: type, payload: ByteRange(offset: payload, count: output.arena.count - payload), version: version,
      index: index, of: record, headers,
      contentType: decider.eventContentType, identity: identity, envelope: envelope)
    guard size <= limits.recordBytesMax else {
      throw Refusal.tooLarge("event \(type)", byteCount: size, limit: limits.recordBytesMax)
    }
  }

  /// Writes the object's new record into the open transaction.
  @inlinable
  mutating func stage(
    _ next: NextObject<D.State>, id: CommandIDHash?, hash: UInt64, _ record: borrowing CommandRecord
  ) throws {
    guard let state = next.state else {
      open.stage(record.unsafeKey, hash: hash, at: openPlace, recordFrom: nil)
      return
    }
    if id != nil || commandIDs.count > 0 { remember(id, version: next.version) }
    let offset = open.arena.count
    ObjectRecord.append(
      to: &open.arena, version: next.version, schemaVersion: decider.schemaVersion,
      commandIDs: commandIDs.bytes)
    do {
      try decider.encodeState(state, into: &open.arena)
    } catch {
      open.arena.truncate(to: offset)
      throw error
    }
    let size =
      open.arena.count - offset + record.unsafeKey.count + OutputBatch.framingBytes
      + OutputBatch.changelogHeaderBytes
    guard size <= limits.recordBytesMax else {
      open.arena.truncate(to: offset)
      throw Refusal.tooLarge("the object's state", byteCount: size, limit: limits.recordBytesMax)
    }
    open.stage(record.unsafeKey, hash: hash, at: openPlace, recordFrom: offset)
  }

  /// Adds the command's id to those in `commandIDs`, and drops the oldest beyond the limit.
  @inlinable
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

/// An object while a command's events are applied to it.
@usableFromInline
struct NextObject<State> {
  /// The version after the last event; 0 when the object was forgotten.
  @usableFromInline var version: UInt64
  @usableFromInline var state: State?

  @usableFromInline
  init(version: UInt64, state: State?) {
    self.version = version
    self.state = state
  }
}
