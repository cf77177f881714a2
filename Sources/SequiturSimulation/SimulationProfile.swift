/// How rough one seed's world is; drawn from the seed.
///
/// Swarm testing: each world has some of the troubles below and not the others, so that some worlds are full of
/// one or two, which an even mixture never reaches.
struct SimulationProfile {
  let workers: Int
  let partitions: Int
  let commands: Int
  let isCooperative: Bool
  let isStatic: Bool
  /// In a fixed order, so that the trace is the same each time.
  let troubles: [SimulationTrouble]
  /// Chances in a thousand.
  let fault: Int
  let offsetFault: Int
  let commitFault: Int
  let slowMarker: Int
  let slowCompletion: Int
  let flush: Int
  let drainFailure: Int
  let storeLoss: Int
  /// Milliseconds.
  let produceDelay: Int
  let drainDelay: Int
  let undrainedAge: Int
  let revokeBudget: Int
  let abandonGrace: Int
  /// Bytes.
  let undrainedBytes: Int
  let objectBytes: Int
  let commandsPerTransaction: Int
  /// How often something happens to a worker or to the brokers.
  let strikes: Int
  /// Whether the changelog is compacted now and then.
  let isCompacted: Bool
  /// What somebody does to a changelog partition while no worker runs.
  let damage: ChangelogDamage?
  /// What somebody does to a partition of the commands topic while no worker runs.
  let inputDamage: InputDamage?
  /// Whether it is done while workers serve the partition: only what shows in the bounds can be seen then for sure.
  let damagesInputWhileRunning: Bool
  /// Whether commands are sent in transactions.
  let sendsTransactions: Bool
  /// Whether the workers were started with the order to go on behind deleted commands.
  let acceptsLostCommands: Bool
  /// Whether checkpoints tell the command that was processed last; older versions did not.
  let namesLastCommand: Bool
  /// Whether stores were written by a version that knew no incarnations, when the changelog is replaced.
  let isOldVersion: Bool
  /// One fault at one occurrence of one step, so that a run over many seeds visits all of them.
  let target: (step: SimulationStep, occurrence: Int, fault: SimulationFault)?
  /// From here on the world is well: everything must come to its end.
  static let faultsEnd = 6000
  /// What a record takes at most on its way to a broker that is well, in milliseconds.
  static let produceDelayWhenWell = 60
  /// How many of 1,000 losses of a membership librdkafka does not report, of a cooperative member.
  let silentLosses: Int

  /// - Parameter mutation: one that shows only in a rare world makes every world such a one.
  init(_ random: inout SimulationRandom, mutation: SimulationMutation?) {
    var troubles = SimulationTrouble.draw(&random)
    if mutation?.needsLateCompletion == true { troubles.insert(.completionsLate) }
    if mutation?.needsInterruption == true { troubles = [.zombiesReturn] }
    if mutation == .offsetsSentBeforeRecords { troubles.formUnion([.producesSlowly, .membersComeAndGo]) }
    self.troubles = SimulationTrouble.allCases.filter { troubles.contains($0) }
    workers = random.within(mutation?.needsInterruption == true ? 2...3 : 1...3)
    partitions = random.within(2...4)
    commands = random.within(40...70)
    isCooperative = random.chance(perMille: mutation?.needsInterruption == true ? 1000 : 500)
    isStatic = random.chance(perMille: 400)
    fault = random.pick([0, 4, 12, 30])
    offsetFault = troubles.contains(.offsetsDelayed) ? random.within(200...700) : 0
    commitFault = troubles.contains(.outcomesUnknown) ? random.within(100...300) : 0
    slowMarker = troubles.contains(.markersLate) ? random.within(300...800) : random.pick([0, 50])
    slowCompletion = troubles.contains(.completionsLate) ? random.within(200...600) : 0
    flush = troubles.contains(.processesCrash) ? 50 : random.pick([50, 300, 900])
    let hasStoreTrouble = troubles.contains(.storesFail)
    drainFailure = hasStoreTrouble ? random.within(200...500) : random.pick([0, 0, 50])
    storeLoss = hasStoreTrouble ? 900 : 300
    // So that the transaction after the one under way is sent when the budget is spent, and not yet the grace, and
    // its records arrive when others have read the changelog's end.
    let isSentLate = troubles.isSuperset(of: [.producesSlowly, .offsetsDelayed])
    let produceDelays = troubles.contains(.producesSlowly) ? [300, 600, 1500] : [2, 10, 60]
    produceDelay = isSentLate ? 600 : random.pick(produceDelays)
    let isDrainSlow = troubles.contains(.drainsSlowly)
    drainDelay = isDrainSlow ? random.within(200...900) : random.pick([3, 30])
    undrainedAge = isDrainSlow || hasStoreTrouble ? 30 : random.pick([30, 200, 1000])
    undrainedBytes = random.pick([200, 2000, 1 << 20])
    objectBytes = isDrainSlow ? 0 : random.pick([0, 1000, 1 << 20])
    commandsPerTransaction = isSentLate ? 2 : random.within(2...10)
    let isStruckOften = !troubles.isDisjoint(with: [.membersComeAndGo, .processesCrash, .zombiesReturn])
    strikes = isStruckOften ? random.within(6...12) : random.below(6)
    // Else what outlasts them has its offsets under the old generation, and its records come later.
    let isOutlasted = troubles.contains(.producesSlowly) && !isSentLate
    revokeBudget = isSentLate || isOutlasted ? 30 : random.pick([30, 300])
    abandonGrace = isSentLate ? random.pick([300, 600]) : isOutlasted ? 50 : random.pick([50, 300, 900])
    isCompacted = random.chance(perMille: 500)
    let damage = random.chance(perMille: 90) ? random.pick(ChangelogDamage.allCases) : nil
    self.damage = mutation?.needsReplacedChangelog == true ? .replaced : damage
    target =
      random.chance(perMille: 700)
      ? (
        random.pick(SimulationStep.allCases), random.within(1...12), random.pick(SimulationFault.allCases)
      ) : nil
    let inputDamage = random.chance(perMille: 120) ? random.pick(InputDamage.allCases) : nil
    self.inputDamage = mutation.flatMap { $0.inputDamage(&random) } ?? inputDamage
    let isSeenWhileRunning = self.inputDamage.map {
      [.recreated, .truncated, .cleaned, .copied].contains($0)
    }
    damagesInputWhileRunning =
      isSeenWhileRunning == true && (mutation == .inputNotWatched || random.chance(perMille: 400))
    // A copy of the records alone would lack the control records' offsets.
    let keepsOffsets = self.inputDamage.map { [.overtaken, .cleaned].contains($0) } ?? true
    sendsTransactions =
      keepsOffsets && (mutation?.needsTransactionalCommands == true || random.chance(perMille: 300))
    acceptsLostCommands = mutation?.isSeenWhenRefused == true ? false : random.chance(perMille: 500)
    namesLastCommand = mutation?.needsOldCheckpoints == true ? false : random.chance(perMille: 700)
    isOldVersion =
      mutation == .earlierCheckpointBelieved
      || (mutation != .incarnationNotCompared && random.chance(perMille: 500))
    silentLosses = mutation?.needsInterruption == true ? 1000 : random.pick([0, 500, 1000])
  }
}

/// What a seed's world may have much of.
enum SimulationTrouble: CaseIterable {
  /// Records take long to the brokers, so that transactions outlast a revoke's budget.
  case producesSlowly
  /// Sending offsets fails and is tried again, so that they may come under another generation.
  case offsetsDelayed
  /// Decided transactions' markers come late, and in any order.
  case markersLate
  /// The group coordinator completes transactions' offsets long after their markers (KAFKA-17507).
  case completionsLate
  /// Drains are on their way for long, and no object is kept in memory.
  case drainsSlowly
  /// Drains fail, and stores are opened anew.
  case storesFail
  case membersComeAndGo
  case processesCrash
  /// Processes stand still until others have their partitions, and then go on.
  case zombiesReturn
  /// Commits of which the client does not learn.
  case outcomesUnknown

  /// Half of the worlds have any of them, the others such as are known to meet.
  static func draw(_ random: inout SimulationRandom) -> Set<SimulationTrouble> {
    guard random.chance(perMille: 500) else { return random.pick(meetings) }
    var troubles: Set<SimulationTrouble> = []
    for trouble in allCases where random.chance(perMille: 300) { troubles.insert(trouble) }
    return troubles
  }

  private static let meetings: [Set<SimulationTrouble>] = [
    [], [.producesSlowly, .offsetsDelayed, .membersComeAndGo],
    [.producesSlowly, .offsetsDelayed, .membersComeAndGo, .drainsSlowly], [.drainsSlowly, .membersComeAndGo],
    [.zombiesReturn], [.storesFail, .offsetsDelayed], [.storesFail, .offsetsDelayed, .producesSlowly],
    [.markersLate, .processesCrash],
    [.completionsLate, .processesCrash], [.completionsLate, .producesSlowly, .membersComeAndGo],
    [.producesSlowly, .membersComeAndGo], [.producesSlowly, .membersComeAndGo, .zombiesReturn],
    [.membersComeAndGo, .processesCrash], [.producesSlowly, .offsetsDelayed, .membersComeAndGo],
  ]

  /// What strikes such a world, of the cases of `World.strike`; others are struck by all of them.
  var strikes: [SimulationStrike] {
    switch self {
    case .membersComeAndGo: [.restart, .restart, .restart, .join, .join, .crash]
    case .processesCrash: [.crash]
    case .zombiesReturn: [.standstill, .standstill, .replacement]
    case .producesSlowly, .offsetsDelayed, .markersLate, .completionsLate, .drainsSlowly, .storesFail,
      .outcomesUnknown:
      []
    }
  }
}

/// What happens to workers and brokers of itself, besides the faults at their steps.
enum SimulationStrike: CaseIterable {
  /// kill -9, or the machine loses power.
  case crash
  /// SIGSTOP and, some time later, SIGCONT.
  case standstill
  /// A supervisor takes a process that stands still for dead.
  case replacement
  /// An orderly stop, and a start.
  case restart
  /// No broker answers for a while.
  case outage
  /// A coordinator moves to another broker: for a while its requests are refused.
  case groupCoordinatorMoves, transactionCoordinatorMoves
  /// A worker is cut off from all brokers for a while, and goes on by itself.
  case cutOff
  /// One more worker.
  case join
}

/// What an operator must not do to a changelog, and what a worker must not serve after it.
enum ChangelogDamage: CaseIterable {
  /// `DeleteRecords` up to its end.
  case truncated
  /// Deleted and created anew: empty, and offsets begin at 0 again.
  case recreated
  /// Deleted, and written anew from the commands by another worker: the same objects, at other offsets and under
  /// another incarnation, until it is longer than it was.
  case replaced
}
