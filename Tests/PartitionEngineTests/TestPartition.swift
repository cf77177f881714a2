import Sequitur

@testable import PartitionEngine

/// A processor with the batch of its open transaction and the commands it was given.
final class TestPartition {
  static let identity = PartitionIdentity(
    applicationID: "shop", commandsTopic: "commands", partition: 3, partitions: 12)

  let store: TestStore
  private let makeProcessor: (_ position: Int64) -> PartitionProcessor<TextDecider>
  var processor: PartitionProcessor<TextDecider>
  var output = OutputBatch()
  /// The offset of the next command that is sent.
  var end: Int64

  init(
    store: TestStore = TestStore(), decider: TextDecider = TextDecider(), envelope: Envelope = .cloudevents,
    position: Int64 = 0, objectBytesMax: Int = 32 << 20, limits: (inout Limits) -> Void = { _ in }
  ) {
    var chosen = Limits()
    limits(&chosen)
    self.store = store
    end = position
    let limits = chosen
    makeProcessor = { position in
      PartitionProcessor(
        decider: decider, identity: Self.identity, envelope: envelope, limits: limits, store: store,
        position: position, changelogPosition: 0, objectBytesMax: objectBytesMax, hashSeed: 7)
    }
    processor = makeProcessor(position)
  }

  /// Goes on with another processor, which knows only what the store has.
  func begin(from position: Int64) {
    processor = makeProcessor(position)
    output.removeAll()
    end = position
  }

  @discardableResult
  func process(_ command: TestCommand) throws -> Outcome {
    let outcome = try command.withRecord(at: end) { try processor.process($0, into: &output) }
    end += 1
    return outcome
  }

  /// Processes, and says the code of the rejection (`nil`: accepted).
  func code(_ command: TestCommand) throws -> String? {
    if case .rejected(let code) = try process(command) { return code.rawValue }
    return nil
  }

  // Swift Testing's macros can only look into copyable values.
  var position: Int64 { processor.position }
  var openByteCount: Int { processor.openByteCount }
  var hasOpenCommands: Bool { processor.hasOpenCommands }

  var records: [ProducedRecord] { ProducedRecord.all(in: output) }
  var last: ProducedRecord { records[records.count - 1] }

  /// Seals, commits, and returns what the transaction held.
  @discardableResult
  func commit(checkpointOffset: Int64? = nil) -> [ProducedRecord] {
    _ = processor.seal(into: &output)
    let produced = records
    processor.commit(checkpointOffset: checkpointOffset)
    output.removeAll()
    return produced
  }

  /// Writes a whole drain to the store.
  @discardableResult
  func drain() -> DrainPosition {
    let position = processor.takeDrain { store.write($0, $1) }
    processor.finishDrain()
    return position
  }

  /// The object as the next command will find it.
  func object(_ key: String) throws -> (version: UInt64, state: String)? {
    try Array(key.utf8).withUnsafeBytes { bytes in
      try processor.findRecord(bytes, hash: processor.keyHash(bytes)).flatMap {
        $0.isGrave ? nil : ($0.version, text($0.state))
      }
    }
  }
}
