import Benchmark
import PartitionEngine
import Sequitur
import Workload

/// One transaction of commands through the engine, over a store that counts its reads.
struct EngineFixture<D: Decider>: ~Copyable {
  enum Format {
    case account
    case json
  }

  static var commands: Int { 10_000 }
  static var objects: UInt64 { 2000 }
  /// How many different objects the commands are for: each is looked up in the store once.
  static var objectsTouched: Int { 1458 }
  /// An event for each command, a changelog record for each object, a checkpoint.
  static var records: Int { commands + objectsTouched + 1 }
  static var payloadBytes: Int { 100 }
  static var rules: String {
    """
    object: account
    fields: {amount: integer, note: string}
    states: [open]
    commands:
      deposit: {from: [none, open], to: open, event: deposited, require: {amount: integer}, when: ["amount > 0"], set: [amount, note]}
    """
  }

  private var processor: PartitionProcessor<D>
  private let store = CountingStore()
  private var output = OutputBatch()
  private var keys: [UInt8] = []
  private var payload: [UInt8]
  private let id = Array("00000001-0000-4000-8000-000000000000".utf8)
  private let hasIDs: Bool

  init(_ decider: D, envelope: Envelope, format: Format, hasIDs: Bool = false) {
    processor = PartitionProcessor(
      decider: decider,
      identity: PartitionIdentity(
        applicationID: "sequitur", commandsTopic: "commands", partition: 0, partitions: 4),
      envelope: envelope, limits: Limits(), store: store, position: 0, changelogPosition: 0, hashSeed: 1)
    self.hasIDs = hasIDs
    payload = Array(repeating: 0, count: Self.payloadBytes)
    switch format {
    case .account: workload_account(1, &payload, payload.count)
    case .json: workload_json(1, &payload, payload.count)
    }
    var distribution = workload_keys()
    workload_keys_init(&distribution, 1, Self.objects, 0.99)
    var key = [UInt8](repeating: 0, count: Int(WORKLOAD_KEY_BYTES))
    for _ in 0..<Self.commands {
      workload_key(workload_keys_next(&distribution), &key)
      keys += key
    }
  }

  /// Processes, seals and commits all commands as one transaction, reports what it made, and fails when that is
  /// more than it has to be.
  mutating func run(_ benchmark: Benchmark, outputBytesMax: Int) {
    let name = StaticString("ce_id")
    for index in 0..<Self.commands {
      var id = id
      id[35] = UInt8(48 + index % 10)
      id[34] = UInt8(48 + index / 10 % 10)
      id[33] = UInt8(48 + index / 100 % 10)
      id[32] = UInt8(48 + index / 1000 % 10)
      id.withUnsafeBytes { id in
        let header = RecordHeader(
          name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value: id)
        withUnsafePointer(to: header) {
          process(index, UnsafeBufferPointer(start: $0, count: hasIDs ? 1 : 0))
        }
      }
    }
    _ = processor.seal(into: &output, timestamp: 1_700_000_000_000)
    processor.commit(checkpointOffset: nil)
    benchmark.stopMeasurement()
    let isWithinGates =
      output.byteCount <= outputBytesMax && output.records.count == Self.records
      && store.reads == Self.objectsTouched
    if !isWithinGates {
      // An error of the benchmark would be printed, and the run would still succeed.
      fatalError(
        "Expected \(Self.records) records, \(Self.objectsTouched) store reads and at most \(outputBytesMax) bytes, "
          + "but found \(output.records.count), \(store.reads) and \(output.byteCount)")
    }
    benchmark.measurement(.outputBytes, output.byteCount)
    benchmark.measurement(.outputRecords, output.records.count)
    benchmark.measurement(.storeReads, store.reads)
  }

  private mutating func process(_ index: Int, _ headers: UnsafeBufferPointer<RecordHeader>) {
    keys.withUnsafeBytes { keys in
      payload.withUnsafeBytes { payload in
        let record = CommandRecord(
          unsafeKey: UnsafeRawBufferPointer(rebasing: keys[(index * 16)..<(index * 16 + 16)]),
          payload: payload,
          headers: headers, position: CommandPosition(partition: 0, offset: Int64(index)),
          timestamp: 1_700_000_000_000)
        guard let outcome = try? processor.process(record, into: &output), outcome == .accepted else {
          fatalError("a command of the benchmark was not accepted")
        }
      }
    }
  }
}

/// Holds nothing.
final class CountingStore: ObjectStore {
  private(set) var reads = 0

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) -> Bool {
    reads += 1
    return false
  }
}
