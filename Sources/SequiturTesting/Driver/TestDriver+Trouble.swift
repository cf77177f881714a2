import PartitionEngine
import Sequitur

/// What happens to a worker in production.
extension TestDriver {
  /// The transaction in flight is given up. As in a worker, the partition's processor goes, what is committed goes to the
  /// store with a last drain, the partition is restored, and the command is done again; the same bytes must come of it.
  public func abort() throws(TestFault) {
    guard let aborted = inFlight else { return }
    end(aborted, isCommit: false)
    drain()
    try restart()
    try redo(aborted)
  }

  /// The worker is killed: memory and the transaction in flight are lost, the store is as it was last drained.
  /// The rest is restored from the changelog, and the command whose transaction was lost is done again.
  public func crash() throws(TestFault) {
    let lost = inFlight
    if let lost { end(lost, isCommit: false) }
    try restart()
    if let lost { try redo(lost) }
  }

  /// The partition moves to a worker that has never seen it: the transaction in flight is committed, and
  /// the whole changelog is restored into an empty store.
  public func rebalance() throws(TestFault) {
    acknowledge()
    store.removeAll()
    try restart()
  }

  /// Writes what was committed to the store, as the background drain does.
  public func drain() {
    var changes: [(key: [UInt8], record: [UInt8]?)] = []
    let position = processor.takeDrain { key, record in changes.append((Array(key), record.map { Array($0) }))
    }
    store.write(changes, position: position.stored)
    processor.finishDrain()
  }

  private func redo(_ before: InFlight) throws(TestFault) {
    try begin(at: before.offset)
    guard inFlight?.records == before.records else {
      throw fault(
        .nondeterministic, at: before.offset, "doing the command again after an abort gave other outputs")
    }
  }

  /// Restores, compares with what was committed, and puts a new processor in place.
  private func restart() throws(TestFault) {
    let newest = Int64(commands.count - 1)
    let position = try restore()
    guard store.records == committedObjects, position == groupPosition ?? 0 else {
      throw fault(
        .replay, at: newest, "the changelog does not give the states and the position it was made of")
    }
    decider = makeDecider()
    processor = PartitionProcessor(
      decider: makeDecider(), identity: identity, envelope: envelope, limits: limits, store: store,
      position: position, changelogPosition: changelog.highWatermark, hashSeed: UInt64(transactions) + 2)
  }

  /// Carries out the restore protocol; returns the position to serve from.
  private func restore() throws(TestFault) -> Int64 {
    var machine = RestoreMachine(partitions: identity.partitions)
    var action = machine.start(stored: store.position)
    while true {
      switch action {
      case .readGroupPosition: action = machine.groupPositionRead(groupPosition)
      case .readBounds:
        action = machine.boundsRead(logStart: changelog.logStart, highWatermark: changelog.highWatermark)
      case .setAside:
        store.removeAll()
        action = machine.storeSetAside()
      case .read(let from, let target): action = try read(from: from, to: target, &machine)
      // The driver's changelog keeps nothing of aborted transactions.
      case .readAborted: action = machine.abortedRead(positions: [])
      case .readInputBounds: action = machine.inputBoundsRead(logStart: 0, end: Int64(commands.count))
      case .readLastCommand(let last):
        action = machine.lastCommandRead(.command(lastCommand(at: last.offset)))
      case .serve(let position): return position ?? 0
      case .refuse(let refusal): throw fault(.restore, at: Int64(commands.count - 1), refusal.description)
      }
    }
  }

  private func read(
    from: Int64, to target: Int64, _ machine: inout RestoreMachine
  ) throws(TestFault) -> RestoreMachine.Action {
    var changes: [(key: [UInt8], record: [UInt8]?)] = []
    for (offset, record) in changelog.committed(from: from) {
      let (content, object) = try decode(record, at: Int64(commands.count - 1))
      switch content {
      case .object, .grave, .forgotten:
        guard machine.holds(offset) else { break }
        if let action = machine.heldRecordRead(at: offset) { return action }
        continue
      case .checkpoint(let checkpoint):
        if let action = machine.checkpointRead(checkpoint, at: offset) { return action }
      }
      switch content {
      case .object, .grave: changes.append((record.key ?? [], object))
      case .forgotten: changes.append((record.key ?? [], nil))
      case .checkpoint: break
      }
    }
    store.write(changes, position: machine.storedPosition(at: target))
    guard let action = machine.positionReached(target) else {
      throw fault(.restore, at: Int64(commands.count - 1), "the restore does not end at the changelog's end")
    }
    return action
  }
}
