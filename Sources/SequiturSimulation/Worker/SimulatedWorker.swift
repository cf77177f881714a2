import PartitionEngine

/// One worker process: what `SequiturWorker` does with its threads, as events.
///
///     membership ─▶ assignments ─▶ restores ─▶ lanes ─▶ committers
///                                     ▲          └────▶ drainer
///                                     └── settle ────────┘
final class SimulatedWorker {
  static let laneCount = 2

  let world: World
  let process: SimulatedProcess
  let instance: String?
  let disk: SimulatedDisk
  let drainer: SimulatedDrainer
  private(set) var lanes: [SimulatedLane] = []
  private(set) var membership: SimulatedMembership!
  private(set) var inputWatch: SimulatedInputWatch!
  var assignments = AssignmentMachine(
    lanes: SimulatedWorker.laneCount, needsAll: false,
    backoff: Backoff(first: .milliseconds(20), longest: .milliseconds(100)))
  var restores: [AssignmentMachine.Term: SimulatedRestore] = [:]
  /// News of lanes that have not come to the assignments.
  var newsUnderWay = 0
  /// Where the consumer fetched before a partition was detached; only a mutation goes on from there.
  var lastFetchPosition: [Int32: Int64] = [:]
  /// How many processes had this name before.
  private let incarnation: Int
  let baseName: String
  private var isStopping = false
  /// Another process has the state directory.
  private var isRefused = false
  /// Whether a process that comes after this one was made: there is only one.
  var hasSuccessor = false

  init(
    world: World, name: String, instance: String?, disk: SimulatedDisk, incarnation: Int = 0
  ) {
    self.world = world
    baseName = name
    self.incarnation = incarnation
    self.instance = instance
    self.disk = disk
    process = SimulatedProcess(world: world, name: incarnation == 0 ? name : "\(name).\(incarnation)")
    drainer = SimulatedDrainer(process: process)
    membership = SimulatedMembership(worker: self)
    inputWatch = SimulatedInputWatch(worker: self)
    let owner = instance ?? "\(name)@\(disk.identity)"
    lanes = (0..<Self.laneCount).map {
      SimulatedLane(worker: self, index: $0, transactionalID: "\(owner)-\($0)")
    }
  }

  /// The process that is started after this one.
  func successor(disk: SimulatedDisk) -> SimulatedWorker {
    hasSuccessor = true
    return SimulatedWorker(
      world: world, name: baseName, instance: instance, disk: disk, incarnation: incarnation + 1)
  }

  /// Fences the predecessor, then joins the group.
  func start() {
    guard !process.isDead else { return }
    // A second process on the same state directory is refused until the first one has ended.
    guard disk.owner?.isDead ?? true else {
      isRefused = true
      return process.after(100) { [self] in start() }
    }
    isRefused = false
    disk.owner = process
    disk.open()
    world.note("\(process.name) starts")
    var missing = lanes.count
    for lane in lanes {
      lane.committer.initialize { [self] in
        missing -= 1
        guard missing == 0 else { return }
        membership.join()
        inputWatch.start()
      }
    }
  }

  /// Leaves in order.
  func stop() {
    guard !isStopping else { return }
    isStopping = true
    world.note("\(process.name) stops")
    membership.leave()
  }

  /// Commands arrived for a partition.
  func wakeLane(serving partition: Int32) {
    for lane in lanes where lane.machine.partition(partition) != nil { lane.wake() }
  }

  /// Whether nothing is under way.
  var isQuiet: Bool {
    if process.isHanging { return false }
    if isStopping || isRefused { return true }
    return lanes.allSatisfy(\.isQuiet) && membership.isStable
      && newsUnderWay == 0 && restores.isEmpty
  }

  /// What it is busy with, for a failure's message.
  var state: String {
    let lanes = lanes.map {
      $0.isQuiet ? "quiet" : "\($0.machine.openCommands) open, committing: \($0.machine.isCommitting)"
    }
    return "lanes \(lanes), stable membership: \(membership.isStable), assigned \(assignments.partitions)"
  }

  /// Lets go of everything that holds this worker.
  func dismantle() {
    process.die()
    restores = [:]
    for lane in lanes { lane.dismantle() }
    drainer.dismantle()
    membership = nil
  }

  /// At the end: a last drain brings every store to what was committed.
  func checkStores() {
    guard !isStopping else { return }
    drainer.finishAtOnce()
    for actor in lanes.flatMap(\.machine.partitions) {
      actor.takeDrain()?.write()
      let records = world.committed[Int(actor.partition)].records
      if let difference = world.difference(actor.store.current.records, records) {
        world.fail(
          "\(process.name)'s store of partition \(actor.partition) is not the changelog: \(difference)")
      }
    }
  }
}
