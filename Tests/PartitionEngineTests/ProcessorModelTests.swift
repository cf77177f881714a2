import SeededRandom
import Sequitur
import Testing

@testable import PartitionEngine

/// Random commands in random transactions against a naive fold of the events that were committed.
@Suite struct ProcessorModelTests {
  private struct World {
    var random: SplitMix64
    let partition: TestPartition
    var log: [TestCommand] = []
    /// The outputs of each command, when it was first processed.
    var outputs: [[ProducedRecord]] = []
    /// How many commands are in the sealed transaction, `nil`: none is sealed.
    var sealedEnd: Int?
    var isDraining = false
    var drained: [(key: [UInt8], record: [UInt8]?)] = []

    init(seed: UInt64) {
      random = SplitMix64(seed: seed)
      partition = TestPartition(objectBytesMax: 4_000) {
        $0.recentCommandIDsMax = 2
        $0.recordBytesMax = 700
      }
    }
  }

  private func randomCommand(_ random: inout SplitMix64) -> TestCommand {
    let types = [
      "set", "append", "append", "forget", "recreate", "many", "refuse", "fail", "nothing", "invalid",
      "malformed", "unknown", "bigEvent", "bigState",
    ]
    return TestCommand(
      types.randomElement(using: &random), "\(Int.random(in: 0..<900, using: &random) % 7 * 100 + 2)",
      key: "key \(Int.random(in: 0..<40, using: &random))",
      id: Bool.random(using: &random) ? "\(Int.random(in: 0..<30, using: &random))" : nil,
      expect: ["any", "any", "any", "exists", "none", "2", "x"].randomElement(using: &random))
  }

  /// Processes the next command of the log, a new one when there is none, and compares with the first time.
  private func process(_ world: inout World) throws {
    let offset = Int(world.partition.processor.position)
    if offset == world.log.count { world.log.append(randomCommand(&world.random)) }
    world.partition.output.removeAll()
    world.partition.end = Int64(offset)
    try world.partition.process(world.log[offset])
    let output = world.partition.records
    if offset == world.outputs.count {
      world.outputs.append(output)
    } else {
      #expect(output == world.outputs[offset], "command \(offset) had another outcome the second time")
    }
  }

  private func step(_ world: inout World) throws {
    switch Int.random(in: 0..<20, using: &world.random) {
    case 0, 1:
      guard world.sealedEnd == nil, world.partition.processor.hasOpenCommands else { return }
      world.sealedEnd = Int(world.partition.processor.seal(into: &world.partition.output))
      world.partition.output.removeAll()
    case 2, 3:
      guard world.sealedEnd != nil else { return }
      world.partition.processor.commit(checkpointOffset: nil)
      world.sealedEnd = nil
    case 4: restore(&world)
    case 5:
      endDrain(&world)
      world.drained = []
      _ = world.partition.processor.takeDrain { key, record in
        world.drained.append((array(key), record.map { array($0) }))
      }
      world.isDraining = true
    case 6: endDrain(&world)
    default: try process(&world)
    }
  }

  /// What is under way is given up: the processor goes, and another one begins from what is committed. That is in the
  /// store, as a last drain and a restore leave it.
  private func restore(_ world: inout World) {
    endDrain(&world, isWritten: true)
    world.partition.drain()
    world.partition.begin(from: world.partition.processor.positionCommitted)
    world.sealedEnd = nil
  }

  private func endDrain(_ world: inout World, isWritten: Bool = false) {
    guard world.isDraining else { return }
    world.isDraining = false
    if !isWritten, Bool.random(using: &world.random) { return world.partition.processor.failDrain() }
    for (key, record) in world.drained { world.partition.store.records[key] = record }
    world.partition.processor.finishDrain()
  }

  /// What the committed events make of each key, without the engine.
  private func fold(_ records: some Sequence<ProducedRecord>) -> [[UInt8]: (version: UInt64, state: String)] {
    var objects: [[UInt8]: (version: UInt64, state: String)] = [:]
    for event in records where event.topic == .valid {
      let before = objects[event.key]
      #expect(event["ce_sequence"] == "\((before?.version ?? 0) + 1)")
      let payload = event.valueText ?? ""
      let state: String? =
        switch event["ce_type"] {
        case "set": payload
        case "appended": (before?.state ?? "") + payload
        case "grown": String(repeating: "s", count: Int(payload) ?? 0)
        case "padded": before?.state ?? ""
        default: nil
        }
      objects[event.key] = state.map { ((before?.version ?? 0) + 1, $0) }
    }
    return objects
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `the state is the fold of the events, whatever is sealed, given up, drained and evicted`(
    seed: UInt64
  ) throws {
    var world = World(seed: seed)
    for _ in 0..<2500 { try step(&world) }
    let position = Int(world.partition.processor.position)
    let expected = fold(world.outputs[..<position].joined())
    #expect(world.outputs.allSatisfy { !$0.isEmpty }, "every command has an outcome")
    for number in 0..<40 {
      let key = "key \(number)"
      let found = try world.partition.object(key)
      let wanted = expected[Array(key.utf8)]
      #expect(found?.version == wanted?.version)
      #expect(found?.state == wanted?.state)
    }
  }
}
