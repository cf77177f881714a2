import PartitionEngine
import Sequitur
import SequiturTesting

/// One simulated world: brokers, workers, disks and a clock, all from one seed and on one thread.
final class World {
  // Milliseconds of simulated time; in the proportions of production.
  static let callTimeout = 400
  static let heartbeatInterval = 100
  static let sessionTimeout = 1000
  static let rebalanceTimeout = 1500
  static let transactionTimeout = 2500
  /// How long partitions stay without an owner, where only an operator can help.
  static let ownerlessTime = 2000
  /// How long after the last fault every command must have its outcome.
  static let recoveryTime = 40_000

  let seed: UInt64
  let mutation: SimulationMutation?
  let isTraced: Bool
  let profile: SimulationProfile
  var random: SimulationRandom
  private(set) var now = 0
  private var queue = EventQueue()
  private(set) var kafka: SimulatedKafka!
  /// What each partition's changelog says.
  private(set) var committed: [CommittedChangelog] = []
  private(set) var views: [SimulatedView] = []
  private(set) var newcomers: [SimulatedNewcomer] = []
  var workers: [SimulatedWorker] = []
  private var identitiesMade = 0
  var stream: CommandStream
  private(set) var commandsSent = 0

  /// Up to where each partition's commands have outcomes that are decided.
  var decidedPositions: [Int64]

  private(set) var reached: [Int]
  private(set) var trace: [String] = []
  private(set) var failure: String?
  private var stepsTaken = Array(repeating: 0, count: SimulationStep.allCases.count)
  private(set) var steps = 0
  /// While it lasts, no broker answers.
  var outageEnd = 0
  /// While it lasts, a coordinator is on its way to another broker.
  var moveEnds: [SimulationStep.Coordinator: Int] = [:]
  /// Changelog partitions that were truncated or recreated while no worker ran.
  var damagedPartitions: Set<Int32> = []
  /// Partitions whose commands are not the ones any more that the position belongs to: they must be refused.
  var brokenInputs: Set<Int32> = []
  /// Commands that were deleted before they were processed, where that is accepted.
  var lostCommands: [Int32: Range<Int64>] = [:]
  var foreignCommands = 0
  private var incarnationsMade: Int64 = 0
  /// How often each fault struck at each step.
  private(set) var struck = Array(
    repeating: 0, count: SimulationStep.allCases.count * SimulationFault.allCases.count)

  init(seed: UInt64, mutation: SimulationMutation?, isTraced: Bool) {
    self.seed = seed
    self.mutation = mutation
    self.isTraced = isTraced
    random = SimulationRandom(seed: seed)
    profile = SimulationProfile(&random, mutation: mutation)
    decidedPositions = Array(repeating: 0, count: profile.partitions)
    reached = Array(repeating: 0, count: SimulationSituation.allCases.count)
    stream = CommandStream(keys: 6, partitions: profile.partitions)
    kafka = SimulatedKafka(world: self, partitions: profile.partitions)
    committed = (0..<profile.partitions).map { CommittedChangelog(kafka: kafka, partition: Int32($0)) }
    kafka.group.isCooperative = profile.isCooperative
  }

  /// An empty state directory.
  func newDisk() -> SimulatedDisk {
    SimulatedDisk(world: self, partitions: profile.partitions, identity: newIdentity())
  }

  func newIdentity() -> Int {
    identitiesMade += 1
    return identitiesMade
  }

  /// Production draws it at random.
  func nextIncarnation() -> Int64 {
    incarnationsMade += 1
    return incarnationsMade
  }

  func run() {
    note("world \(seed): \(profile)")
    kafka.tick()
    scheduleCommands()
    for index in 0..<profile.workers {
      let worker = SimulatedWorker(
        world: self, name: "w\(index)", instance: profile.isStatic ? "w\(index)" : nil,
        disk: newDisk())
      workers.append(worker)
      after(random.below(200)) { worker.start() }
    }
    scheduleTrouble()
    startFollowers()
    watch()
    while failure == nil, !isFinished, let event = queue.next() {
      now = event.time
      perform(event.event)
    }
    if failure == nil { checkTheEnd() }
    dismantle()
  }

  /// Breaks the circles of closures, which would keep a world in memory for ever.
  private func dismantle() {
    queue.removeAll()
    kafka.group.members = []
    for worker in workers { worker.dismantle() }
    workers = []
    views = []
    newcomers = []
  }

  private func startFollowers() {
    for partition in 0..<Int32(profile.partitions) {
      let events = CommittedEvents(kafka: kafka, partition: partition)
      views.append(SimulatedView(world: self, partition: partition, events: events))
      newcomers.append(SimulatedNewcomer(world: self, partition: partition, events: events))
    }
    for view in views { view.start() }
    for newcomer in newcomers { newcomer.start() }
  }

  private(set) var isFinished = false

  /// Looks whether all is done, or too late.
  private func watch() {
    after(200) { [unowned self] in
      if now > SimulationProfile.faultsEnd, isQuiet { isFinished = true }
      if now > SimulationProfile.faultsEnd + Self.recoveryTime {
        fail("progress: \(missingOutcomes) \(Self.recoveryTime) ms after the last fault")
      }
      keepOneWorker()
      watch()
    }
  }

  // MARK: Time and chance

  /// Does it when the time has come; if it is a process's, when that does not stand still, and unless it died.
  func after(_ delay: Int, of process: SimulatedProcess? = nil, _ body: @escaping () -> Void) {
    queue.add(at: now + delay, EventQueue.Event(process: process, body: body))
  }

  /// Lets so much time pass in a world that does not run, but whose brokers are asked by hand.
  func advance(by milliseconds: Int) {
    var isOver = false
    after(milliseconds) { isOver = true }
    while !isOver, let event = queue.next() {
      now = event.time
      perform(event.event)
    }
  }

  private func perform(_ event: EventQueue.Event) {
    guard let process = event.process else { return event.body() }
    guard !process.isDead else { return }
    guard !process.isHanging else { return queue.add(at: process.stoppedUntil, event) }
    event.body()
  }

  func latency() -> Int {
    if random.chance(perMille: 10) { return random.within(20...150) }
    return random.within(1...4)
  }

  /// How long after its marker a transaction's offsets become visible.
  func completionDelay() -> Int {
    guard random.chance(perMille: profile.slowCompletion), now < SimulationProfile.faultsEnd else { return 0 }
    return random.within(20...400)
  }

  func markerDelay() -> Int {
    if random.chance(perMille: profile.slowMarker), now < SimulationProfile.faultsEnd {
      return random.within(100...1500)
    }
    return random.within(1...6)
  }

  /// How long a record may take to its broker.
  var produceDelay: Int {
    now < SimulationProfile.faultsEnd
      ? profile.produceDelay : min(profile.produceDelay, SimulationProfile.produceDelayWhenWell)
  }

  /// What strikes at this step, if anything.
  func fault(at step: SimulationStep, of process: SimulatedProcess) -> SimulationFault? {
    steps += 1
    stepsTaken[step.rawValue] += 1
    guard now < SimulationProfile.faultsEnd else { return nil }
    guard let fault = chooseFault(at: step, of: process) else { return nil }
    struck[step.rawValue * SimulationFault.allCases.count + fault.rawValue] += 1
    return fault
  }

  private func chooseFault(at step: SimulationStep, of process: SimulatedProcess) -> SimulationFault? {
    if step.isRemote {
      if now < outageEnd { return .requestLost }
      if process.isCutOff {
        reach(.requestOfCutOffWorker)
        return .requestLost
      }
      if let coordinator = step.coordinator, now < moveEnds[coordinator] ?? 0 {
        reach(coordinator == .group ? .groupCoordinatorMoved : .transactionCoordinatorMoved)
        return .retriableError
      }
    }
    if let target = profile.target, target.step == step, target.occurrence == stepsTaken[step.rawValue] {
      return target.fault
    }
    if step == .sendOffsets, random.chance(perMille: profile.offsetFault) {
      return random.pick([.requestLost, .retriableError])
    }
    if step == .sendOffsets, profile.troubles.contains(.zombiesReturn), random.chance(perMille: 100) {
      return .standstillBefore
    }
    if step == .commit, random.chance(perMille: profile.commitFault) {
      return random.pick([.responseLost, .clientFailed, .clientFailed])
    }
    guard random.chance(perMille: step == .heartbeat ? profile.fault / 4 : profile.fault) else { return nil }
    return random.chance(perMille: 750)
      ? random.pick([.requestLost, .responseLost, .retriableError, .clientFailed])
      : random.pick(SimulationFault.allCases)
  }

  // MARK: What is written down

  func reach(_ situation: SimulationSituation) {
    reached[situation.rawValue] += 1
    note("reached \(situation)")
  }

  func note(_ text: @autoclosure () -> String) {
    guard isTraced else { return }
    trace.append("\(now) ms  \(text())")
  }

  /// A guarantee is broken: the world ends.
  func fail(_ reason: String) {
    guard failure == nil else { return }
    failure = "at \(now) ms: \(reason)"
    note("FAILED: \(reason)")
  }

  // MARK: Commands

  private func scheduleCommands() {
    var time = 100
    for _ in 0..<profile.commands {
      time += random.chance(perMille: 300) ? random.within(50...250) : random.within(0...20)
      after(time) { [unowned self] in
        let (partition, record) = stream.next(&random, time: now)
        if !mayOutgrowUnseen(Int32(partition)) { send(record, to: kafka.log(.commands, Int32(partition))) }
        commandsSent += 1
        for worker in workers where !worker.process.isDead { worker.wakeLane(serving: Int32(partition)) }
      }
    }
  }

  /// A transactional producer's commit leaves a control record behind its commands.
  private func send(_ command: LogRecord, to log: SimulatedLog) {
    guard profile.sendsTransactions, random.chance(perMille: 500) else {
      log.append(command)
      return
    }
    kafka.lastTransaction += 1
    log.append(command, transaction: kafka.lastTransaction)
    log.end(transaction: kafka.lastTransaction, isCommit: true)
  }
}
