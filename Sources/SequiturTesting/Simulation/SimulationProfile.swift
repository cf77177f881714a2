/// How rough one seed's world is; drawn from the seed.
struct SimulationProfile {
  let workers: Int
  let partitions: Int
  let commands: Int
  let isCooperative: Bool
  let isStatic: Bool
  /// Chances in a thousand.
  let fault: Int
  let slowMarker: Int
  let flush: Int
  let drainFailure: Int
  /// Milliseconds.
  let produceDelay: Int
  let drainDelay: Int
  let undrainedAge: Int
  let objectBytes: Int
  let commandsPerTransaction: Int
  /// One fault at one occurrence of one step, so that a run over many seeds visits all of them.
  let target: (step: SimulationStep, occurrence: Int, fault: SimulationFault)?
  /// From here on the world is well: everything must come to its end.
  static let faultsEnd = 6000

  init(_ random: inout SimulationRandom) {
    workers = random.within(2...3)
    partitions = random.within(2...4)
    commands = random.within(40...70)
    isCooperative = random.chance(perMille: 500)
    isStatic = random.chance(perMille: 400)
    fault = random.pick([0, 4, 12, 30])
    slowMarker = random.pick([0, 50, 200])
    flush = random.pick([50, 300, 900])
    drainFailure = random.pick([0, 0, 200])
    produceDelay = random.pick([2, 10, 60])
    drainDelay = random.pick([3, 30, 300])
    undrainedAge = random.pick([30, 200, 1000])
    objectBytes = random.pick([0, 1000, 1 << 20])
    commandsPerTransaction = random.within(2...10)
    target =
      random.chance(perMille: 700)
      ? (
        random.pick(SimulationStep.allCases), random.within(1...12), random.pick(SimulationFault.allCases)
      ) : nil
  }
}
