/// A worker's state directory: one store a partition. It outlives the process.
final class SimulatedDisk {
  private unowned let world: World
  private(set) var stores: [SimulatedStore] = []
  /// The process that holds the directory's lock.
  var owner: SimulatedProcess?
  /// Kept in the directory; names the transactional ids of a worker without an instance id.
  private(set) var identity: Int

  init(world: World, partitions: Int, identity: Int) {
    self.world = world
    self.identity = identity
    stores = (0..<partitions).map { SimulatedStore(world: world, partition: Int32($0)) }
  }

  /// kill -9: what was not flushed is lost. What reached the operating system is not.
  func crash() {
    let survived = stores.map { $0.crash() }
    if survived.contains(.part) { world.reach(.flushedInPart) }
    if survived.contains(where: { $0 != .all }) { world.reach(.crashBeforeFlush) }
  }

  /// The machine loses power, and its disk may lose what it had acknowledged: a manifest that ends early is an
  /// older one to RocksDB, tables may be torn, and a file that was made a moment ago may be empty.
  func losePower() {
    world.reach(.powerLost)
    crash()
    if world.random.chance(perMille: 300) {
      world.reach(.flushLost)
      for store in stores { store.loseLastFlush() }
    }
    let flushed = stores.filter(\.hasFlushed)
    if !flushed.isEmpty, world.random.chance(perMille: 900) { world.random.pick(flushed).tear() }
    guard world.random.chance(perMille: 100) else { return }
    world.reach(.identityLost)
    identity = world.newIdentity()
  }

  /// What a new process does first: a store that is damaged is set aside, and so rebuilt.
  ///
  /// A manifest is every partition's; a torn table is one partition's, and found by the first read.
  func open() {
    guard stores.contains(where: \.isTorn), world.mutation != .damagedStoreServed else { return }
    world.reach(.damagedStoreSetAside)
    world.note("a store is damaged and set aside")
    let isManifest = world.random.chance(perMille: 500)
    for store in stores where isManifest || store.isTorn { store.removeAll() }
  }
}
