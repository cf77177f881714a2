import PartitionEngine
import SequiturTesting

/// A table of one partition's objects, made of its changelog, that survives crashes with the position it stands for.
///
/// It has chances of its own, and changes nothing: worlds are the same with and without it.
final class SimulatedView {
  private unowned let world: World
  private let partition: Int32
  private let events: CommittedEvents
  private let heldBytesMax: Int
  private var random: SimulationRandom
  private var reader: SimulatedReader
  // What is on its disk.
  private var table: [[UInt8]: [UInt8]] = [:]
  private var position: FollowMachine.Position?
  /// Whether the table has a part of a unit.
  private var isBetween = false
  private var isChanged = false

  init(world: World, partition: Int32, events: CommittedEvents) {
    self.world = world
    self.partition = partition
    self.events = events
    random = SimulationRandom(seed: world.seed &* 31 &+ UInt64(partition) &+ 0xf0_110)
    heldBytesMax = random.pick([1, 40, 1 << 20])
    reader = Self.reader(world, partition, heldBytesMax)
  }

  private static func reader(_ world: World, _ partition: Int32, _ heldBytesMax: Int) -> SimulatedReader {
    SimulatedReader(
      .changelog, world.kafka.log(.changelog, partition), partitions: world.profile.partitions,
      heldBytesMax: heldBytesMax)
  }

  func start() {
    reader.begin(at: nil)
    follow()
  }

  private func follow() {
    world.after(random.within(10...120)) { [weak self] in
      guard let self, step(atMost: random.within(1...8)) else { return }
      follow()
    }
  }

  /// - Returns: whether it goes on.
  private func step(atMost max: Int) -> Bool {
    guard !world.isExempt(partition), world.lostCommands[partition] == nil else { return false }
    do throws(SimulatedReader.Stop) {
      try reader.read(atMost: max, ignoresCut: world.mutation == .followedCutIgnored) { held, position in
        apply(held, position)
      }
    } catch {
      switch error {
      case .crashed:
        world.reach(.followerCrashed)
        reader = Self.reader(world, partition, heldBytesMax)
        reader.begin(at: position)
      case .refused:
        world.fail("a follower refuses changelog/\(partition): \(reader.fault.map { "\($0)" } ?? "-")")
        return false
      }
    }
    check()
    return true
  }

  /// Table and position are written together; the process may die before, and behind.
  private func apply(_ held: [SimulatedReader.Held], _ next: FollowMachine.Position?) -> Bool {
    let crash = random.below(20)
    if world.mutation == .followedPositionBeforeApply, let next {
      position = next
      if crash == 0 { return false }
    }
    if crash == 0 { return false }
    for record in held { table[record.key] = record.object }
    isChanged = true
    if let next {
      position = next
      isBetween = false
    } else if world.mutation != .followedCutIgnored {
      isBetween = true
      world.reach(.followerAppliedPart)
    }
    return crash != 1
  }

  /// What it shows is the fold of the events of exactly the commands below its position.
  private func check() {
    guard isChanged, !isBetween, let position else { return }
    isChanged = false
    let expected = events.objects(below: position.command)
    let found = CommittedEvents.objects(table)
    guard found != expected else { return }
    world.fail(
      "a view of partition \(partition) at command \(position.command) shows \(found.count) objects that are not the fold "
        + "of the events below, which has \(expected.count)")
  }

  /// The world is well: everything is there.
  func checkTheEnd() {
    for _ in 0..<1000 where world.failure == nil {
      guard step(atMost: 100) else { return }
      if reader.machine.isCaughtUp,
        reader.machine.readTo >= world.kafka.log(.changelog, partition).highWatermark
      {
        break
      }
    }
    guard world.failure == nil else { return }
    let checkpoint = world.committed[Int(partition)].position
    guard position?.command == checkpoint else {
      return world.fail(
        "a view of partition \(partition) stands at command \(position?.command ?? 0), not at \(checkpoint ?? 0)"
      )
    }
  }
}

extension CommittedEvents {
  /// The objects of a table of object records.
  static func objects(_ table: [[UInt8]: [UInt8]]) -> [[UInt8]: Object] {
    table.mapValues { record in
      record.withUnsafeBytes { bytes in
        let object = ObjectRecord(bytes)
        return Object(
          version: object.version, state: Int(String(decoding: object.state, as: UTF8.self)) ?? .min)
      }
    }
  }
}
