import PartitionEngine
import SequiturTesting

/// Takes one partition's states at some moment, and then every later event, as `Bootstrap` does.
final class SimulatedNewcomer {
  private enum Phase {
    case asksEvents, asksStates, states, events
  }

  private unowned let world: World
  private let partition: Int32
  private let known: CommittedEvents
  private var random: SimulationRandom
  private var phase = Phase.asksEvents
  private var reader: SimulatedReader
  private var eventsFrom: Int64 = 0
  private var covered: Int64 = 0
  private var table: [[UInt8]: [UInt8]] = [:]
  // What it has printed, and where it goes on after a crash.
  private var ids: [String] = []
  private var position: FollowMachine.Position?

  init(world: World, partition: Int32, events: CommittedEvents) {
    self.world = world
    self.partition = partition
    known = events
    random = SimulationRandom(seed: world.seed &* 37 &+ UInt64(partition) &+ 0xb007)
    reader = SimulatedReader(
      .changelog, world.kafka.log(.changelog, partition), partitions: world.profile.partitions,
      heldBytesMax: 1 << 20)
  }

  func start() {
    world.after(random.within(200...2500)) { [weak self] in self?.goOn() }
  }

  private func goOn() {
    guard step(atMost: random.within(1...4)) else { return }
    world.after(random.within(20...200)) { [weak self] in self?.goOn() }
  }

  /// - Returns: whether it goes on.
  private func step(atMost max: Int) -> Bool {
    guard !world.isExempt(partition), world.lostCommands[partition] == nil else { return false }
    do throws(SimulatedReader.Stop) {
      try perform(max)
    } catch {
      switch error {
      case .crashed:
        world.reach(.newcomerCrashed)
        reader = eventsReader()
        reader.begin(at: position, beginning: eventsFrom)
      case .refused:
        world.fail("a newcomer refuses partition \(partition): \(reader.fault.map { "\($0)" } ?? "-")")
        return false
      }
    }
    return true
  }

  private func perform(_ max: Int) throws(SimulatedReader.Stop) {
    switch phase {
    case .asksEvents:
      eventsFrom = world.kafka.log(.valid, partition).stableOffset
      phase = .asksStates
    case .asksStates:
      reader.begin(at: nil, isGoalWritten: true)
      if reader.machine.heldBackAt != nil { world.reach(.newcomerBeganUnderWay) }
      phase = .states
    case .states:
      try reader.read(atMost: max) { held, _ in
        for record in held { table[record.key] = record.object }
        return true
      }
      if reader.sawGap { world.reach(.newcomerOverGaps) }
      if reader.machine.isCaughtUp { endStates() }
    case .events:
      try reader.read(atMost: max) { held, next in
        if random.below(20) == 0 { return false }
        ids += held.compactMap(\.id)
        position = next ?? position
        return true
      }
    }
  }

  private func endStates() {
    covered = reader.machine.position?.command ?? 0
    if world.mutation == .followedEndAskedLate {
      eventsFrom = world.kafka.log(.valid, partition).stableOffset
    }
    guard CommittedEvents.objects(table) == known.objects(below: covered) else {
      return world.fail(
        "the states of partition \(partition) are not the fold of the events below \(covered)")
    }
    reader = eventsReader()
    reader.begin(at: nil, beginning: eventsFrom)
    phase = .events
  }

  private func eventsReader() -> SimulatedReader {
    let below: Int64 =
      switch world.mutation {
      case .followedCoveredEventsApplied: 0
      case .followedCheckpointOffByOne: covered + 1
      default: covered
      }
    return SimulatedReader(
      .events, world.kafka.log(.valid, partition), partitions: world.profile.partitions,
      heldBytesMax: 1 << 20, ignoresBelow: below)
  }

  /// The world is well: states and events are all there, each once.
  func checkTheEnd() {
    let log = world.kafka.log(.valid, partition)
    for _ in 0..<1000 where world.failure == nil {
      guard step(atMost: 100) else { return }
      if case .events = phase, reader.machine.isCaughtUp, reader.machine.readTo >= log.highWatermark { break }
    }
    guard world.failure == nil else { return }
    let expected = known.events(from: covered).map(\.id)
    guard ids == expected else {
      let index = zip(ids, expected).prefix { $0 == $1 }.count
      return world.fail(
        "event \(index) behind the states of partition \(partition) should be "
          + "\(index < expected.count ? expected[index] : "none"), but is \(index < ids.count ? ids[index] : "none")"
      )
    }
    let all = log.fetch(from: eventsFrom, max: .max, isCommittedOnly: true).records.count
    if all > expected.count { world.reach(.newcomerLeftEventsOut) }
  }
}
