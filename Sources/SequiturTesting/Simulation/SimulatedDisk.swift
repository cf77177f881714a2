import PartitionEngine
import Sequitur

/// A worker's state directory: one store a partition. It outlives the process.
final class SimulatedDisk {
  private(set) var stores: [SimulatedStore] = []
  /// The process that holds the directory's lock.
  var owner: SimulatedProcess?
  /// Kept in the directory; names the transactional ids of a worker without an instance id.
  let identity: Int

  init(world: World, partitions: Int, identity: Int) {
    self.identity = identity
    stores = (0..<partitions).map { SimulatedStore(world: world, partition: Int32($0)) }
  }

  /// kill -9: what was not flushed is lost.
  func crash() -> Bool {
    var hasLost = false
    for store in stores { hasLost = store.crash() || hasLost }
    return hasLost
  }
}

/// A column family without a WAL: writes go to a memtable, which is flushed as a whole, now and then.
final class SimulatedStore: ObjectStore {
  struct Content {
    var records: [[UInt8]: [UInt8]] = [:]
    var position: RestoreMachine.StoredPosition?
  }

  private unowned let world: World
  private let partition: Int32
  private(set) var current = Content()
  private var flushed = Content()
  private var hasUnflushed = false

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
    hasUnflushed = true
    if world.mutation == .positionInAnotherBatch {
      current.position = position
      if world.random.chance(perMille: 200) { flushed = current }
    }
    for change in changes { current.records[change.key] = change.record }
    current.position = position
    world.checkStore(partition, current)
    if world.random.chance(perMille: world.profile.flush) { flush() }
  }

  /// Objects without a position: only a fault of the protocol does this.
  func writeUncommitted(_ changes: [StoreChange]) {
    for change in changes { current.records[change.key] = change.record }
  }

  func flush() {
    flushed = current
    hasUnflushed = false
  }

  func crash() -> Bool {
    defer { hasUnflushed = false }
    current = flushed
    world.checkStore(partition, current)
    return hasUnflushed
  }

  func removeAll() {
    current = Content()
    flushed = current
  }
}

/// One object on its way to a store; `nil` record: deleted.
struct StoreChange {
  let key: [UInt8]
  let record: [UInt8]?
}
