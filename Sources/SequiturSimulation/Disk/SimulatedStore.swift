import PartitionEngine
import Sequitur

/// A column family without a write-ahead log: batches go to a memtable, which is flushed now and then.
///
/// RocksDB flushes a memtable when it is full, or all of them are, and between any two batches: what a crash leaves
/// is what was flushed and any number of the batches that followed, in order, and none of them in part.
final class SimulatedStore: ObjectStore {
  struct Content {
    var records: [[UInt8]: [UInt8]] = [:]
    var position: RestoreMachine.StoredPosition?

    mutating func apply(_ batch: Batch) {
      for change in batch.changes { records[change.key] = change.record }
      if let position = batch.position { self.position = position }
    }
  }

  /// What becomes visible, and survives, at once.
  struct Batch {
    var changes: [StoreChange] = []
    var position: RestoreMachine.StoredPosition?
  }

  /// How much of what was written survived a crash.
  enum Survival { case all, part, none }

  private unowned let world: World
  private let partition: Int32
  private(set) var current = Content()
  private var flushed = Content()
  /// What the flush before the last one left.
  private var flushedBefore = Content()
  private var unflushed: [Batch] = []
  /// A table or the manifest is damaged, and nobody has seen it yet.
  private(set) var isTorn = false

  init(world: World, partition: Int32) {
    self.world = world
    self.partition = partition
  }

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
    guard let bytes = current.records[Array(key)] else { return false }
    bytes.withUnsafeBytes { record.append($0) }
    return true
  }

  /// One atomic batch: objects (`nil`: deleted) and the position they stand for.
  func write(_ changes: [StoreChange], position: RestoreMachine.StoredPosition) {
    if world.mutation == .positionInAnotherBatch {
      apply(Batch(position: position))
      apply(Batch(changes: changes))
    } else {
      apply(Batch(changes: changes, position: position))
    }
    world.checkStore(partition, current)
    if world.random.chance(perMille: world.profile.flush) { flush() }
  }

  /// Objects without a position: only a fault of the protocol does this.
  func writeUncommitted(_ changes: [StoreChange]) { apply(Batch(changes: changes)) }

  private func apply(_ batch: Batch) {
    current.apply(batch)
    unflushed.append(batch)
  }

  private func flush() {
    flushedBefore = flushed
    flushed = current
    unflushed = []
  }

  func crash() -> Survival {
    let isFlushing = world.random.chance(perMille: 500)
    let survivors = isFlushing ? world.random.below(unflushed.count + 1) : 0
    let survival: Survival =
      survivors == unflushed.count ? .all : survivors > 0 ? .part : .none
    for batch in unflushed.prefix(survivors) { flushed.apply(batch) }
    restart()
    return survival
  }

  func loseLastFlush() {
    flushed = flushedBefore
    restart()
  }

  /// Whether there are objects on the disk.
  var hasFlushed: Bool { !flushed.records.isEmpty }

  /// Some of what was flushed cannot be read any more.
  func tear() {
    isTorn = true
    let keys = flushed.records.keys.sorted { $0.lexicographicallyPrecedes($1) }
    let first = world.random.below(keys.count)
    for key in keys[first...] { flushed.records[key] = nil }
    current = flushed
  }

  func removeAll() {
    (current, flushed, flushedBefore) = (Content(), Content(), Content())
    unflushed = []
    isTorn = false
  }

  /// As a version wrote it that kept nothing to know a changelog by.
  func forgetChangelog() {
    current.position = current.position?.anonymous
    flushed.position = flushed.position?.anonymous
    flushedBefore.position = flushedBefore.position?.anonymous
  }

  private func restart() {
    current = flushed
    unflushed = []
    world.checkStore(partition, current)
  }
}

extension RestoreMachine.StoredPosition {
  /// What a store says that keeps nothing to know its changelog by.
  var anonymous: Self {
    RestoreMachine.StoredPosition(changelogOffset: changelogOffset, commandPosition: commandPosition)
  }
}

/// One object on its way to a store; `nil` record: deleted.
struct StoreChange {
  let key: [UInt8]
  let record: [UInt8]?
}
