import Benchmark
import PartitionEngine
import Sequitur

/// A partition's processor with the commands for it, over a store that counts.
struct EngineFixture<D: Decider>: ~Copyable {
  var processor: PartitionProcessor<D>
  private(set) var output = OutputBatch()
  private let store: any CountingStore
  private let commands: CommandFixture

  init(
    _ decider: D, _ format: CommandFixture.Format = .account, envelope: Envelope, hasIDs: Bool = false,
    isDistinct: Bool = false, store: any CountingStore = EmptyStore()
  ) {
    self.store = store
    commands = CommandFixture(format, hasIDs: hasIDs, isDistinct: isDistinct)
    processor = PartitionProcessor(
      decider: decider,
      identity: PartitionIdentity(
        applicationID: "sequitur", commandsTopic: "commands", partition: 0, partitions: 4),
      envelope: envelope, limits: Limits(), store: store, position: 0, changelogPosition: 0, hashSeed: 1)
  }

  /// One transaction of all commands, in time.
  mutating func measure(_ benchmark: Benchmark) {
    benchmark.startMeasurement()
    process()
    seal()
    processor.commit(checkpointOffset: nil)
    benchmark.stopMeasurement()
  }

  mutating func process() {
    let offset = processor.position
    for index in 0..<CommandFixture.count {
      commands.withRecord(index, offset: offset) { record in
        guard (try? processor.process(record, into: &output)) != nil else { fatalError("the store failed") }
      }
    }
  }

  mutating func seal() { _ = processor.seal(into: &output) }

  /// Ends a transaction that is not measured: its records and reads do not count.
  mutating func commit() {
    seal()
    processor.commit(checkpointOffset: nil)
    forget()
  }

  /// What was made and read since ``forget()``.
  var counts: Gates {
    var counts = store.counts
    counts.records = output.records.count
    counts.headers = output.records.reduce(0) { $0 + output.headers(of: $1).count }
    counts.bytes = output.byteCount
    return counts
  }

  mutating func forget() {
    output.removeAll()
    store.counts.storeReads = 0
  }
}

/// A store that counts what is asked of it.
protocol CountingStore: ObjectStore {
  var counts: Gates { get set }
}

/// Holds nothing.
final class EmptyStore: CountingStore {
  var counts = Gates(storeReads: 0)

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) -> Bool {
    counts.storeReads! += 1
    return false
  }
}
