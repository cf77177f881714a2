import BenchmarkDeciders
import Foundation
import LifecycleRules
import PartitionEngine
import RocksDB
import Sequitur
import Workload

/// The engine without Kafka on one thread: commands from memory, transactions of `--batch` commands that are
/// committed at once. With `--store DIR` over RocksDB, otherwise over an empty store.
struct EngineRun {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    let store: any BenchmarkStore =
      if let path = options["store"] {
        try RocksStore(path: path, cacheBytes: options.number("block-cache", 32 << 20))
      } else {
        EmptyStore()
      }
    guard let path = options["rules"] else { return try run(AccountDecider(), store) }
    try run(LifecycleDecider(RulesFile.read(path: path)), store)
  }

  private func run<D: Decider>(_ decider: D, _ store: any BenchmarkStore) throws {
    let limits = Limits()
    var processor = PartitionProcessor(
      decider: decider,
      identity: PartitionIdentity(
        applicationID: "sequitur", commandsTopic: "commands", partition: 0, partitions: 4),
      envelope: Envelope(rawValue: options["envelope"] ?? "cloudevents")!, limits: limits, store: store,
      position: 0, changelogPosition: 0, objectBytesMax: options.number("object-bytes", 256 << 20),
      hashSeed: 1)
    let commands = CommandMemory(options)
    if options["prefill"] != nil { try store.fill(commands, objects: options.number("objects", 100_000)) }
    let batch = options.number("batch", 20_000)
    let count = options.number("count", 1_000_000)
    var output = OutputBatch()
    var rejected = 0
    // Warm: every object of the workload is in the cache, if it fits.
    let warm = options.number("warm", count / 4)
    var start = Usage.now
    for offset in 0..<(warm + count) {
      if offset == warm { start = Usage.now }
      let outcome = try commands.withRecord(offset) { try processor.process($0, into: &output) }
      if case .rejected = outcome { rejected += 1 }
      let isLast = offset + 1 == warm + count
      guard (offset + 1) % batch == 0 || isLast else { continue }
      _ = processor.seal(into: &output)
      processor.commit(checkpointOffset: nil)
      if processor.undrainedByteCount >= limits.undrainedBytesMax { try store.drain(&processor) }
      if !isLast { output.removeAll() }
    }
    let end = Usage.now
    let seconds = end.seconds - start.seconds
    let processorSeconds = end.processorSeconds - start.processorSeconds
    print(
      #"{"commands": \#(count), "seconds": \#(seconds), "rate": \#(Double(count) / seconds), "#
        + #""cpuMicroseconds": \#(processorSeconds / Double(count) * 1e6), "rejections": \#(rejected), "#
        + #""outputBytes": \#(output.byteCount), "peakMemory": \#(Usage.peakMemoryBytes)}"#)
  }
}

/// Commands made before the clock starts: their keys in memory, and some payloads in turn.
struct CommandMemory {
  static let payloads = 64
  private let keys: UnsafeMutableRawBufferPointer
  private let payloads: UnsafeMutableRawBufferPointer
  private let payloadBytes: Int
  let count: Int

  init(_ options: Options) {
    payloadBytes = options.number("payload", 100)
    let total = options.number("count", 1_000_000)
    count = options.number("make", total + options.number("warm", total / 4))
    var distribution = workload_keys()
    workload_keys_init(
      &distribution, 1, UInt64(options.number("objects", 100_000)), options.real("theta", 0.99))
    keys = .allocate(byteCount: count * 16, alignment: 16)
    for index in 0..<count {
      workload_key(
        workload_keys_next(&distribution),
        keys.baseAddress!.advanced(by: index * 16).assumingMemoryBound(to: UInt8.self))
    }
    payloads = .allocate(byteCount: Self.payloads * payloadBytes, alignment: 16)
    for index in 0..<Self.payloads {
      let place = payloads.baseAddress!.advanced(by: index * payloadBytes)
        .assumingMemoryBound(to: UInt8.self)
      if options["rules"] == nil {
        workload_account(UInt64(index), place, payloadBytes)
      } else {
        workload_json(UInt64(index), place, payloadBytes)
      }
    }
  }

  @inline(__always)
  func withRecord<Result>(
    _ index: Int, _ body: (borrowing CommandRecord) throws -> Result
  ) rethrows -> Result {
    let key = UnsafeRawBufferPointer(start: keys.baseAddress! + index * 16, count: 16)
    let payload = UnsafeRawBufferPointer(
      start: payloads.baseAddress! + index % Self.payloads * payloadBytes, count: payloadBytes)
    return try body(
      CommandRecord(
        unsafeKey: key, payload: payload, headers: UnsafeBufferPointer(start: nil, count: 0),
        position: CommandPosition(partition: 0, offset: Int64(index)), timestamp: 1_700_000_000_000))
  }
}

/// A store that the benchmark can fill and drain into.
protocol BenchmarkStore: ObjectStore {
  func fill(_ commands: CommandMemory, objects: Int) throws
  func drain<D>(_ processor: inout PartitionProcessor<D>) throws
}

/// Holds nothing and takes everything.
final class EmptyStore: BenchmarkStore {
  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) -> Bool { false }

  func fill(_ commands: CommandMemory, objects: Int) {}

  func drain<D>(_ processor: inout PartitionProcessor<D>) {
    _ = processor.takeDrain { _, _ in }
    processor.finishDrain()
  }
}

/// RocksDB as the worker uses it, drained on the same thread so that all its time is counted.
final class RocksStore: BenchmarkStore {
  private let database: Database
  private let family: ColumnFamily

  init(path: String, cacheBytes: Int) throws {
    var options = DatabaseOptions()
    options.blockCacheBytes = cacheBytes
    options.memtableBytesTotal = 32 << 20
    options.writeBufferBytes = 16 << 20
    database = try Database(path: path, options: options, columnFamilies: ["partition-0"])
    family = database.columnFamily(named: "partition-0")!
  }

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
    do throws(RocksDBError) {
      guard let slice = try database.get(key, in: family) else { return false }
      record.append(slice.bytes)
      return true
    } catch {
      throw StoreFault("\(error)")
    }
  }

  func fill(_ commands: CommandMemory, objects: Int) throws {
    var key = [UInt8](repeating: 0, count: 16)
    var record = ByteWriter()
    ObjectRecord.append(to: &record, version: 1, commandIDs: UnsafeRawBufferPointer(start: nil, count: 0))
    for _ in 0..<64 { record.append(7 as UInt8) }
    for start in stride(from: 0, to: objects, by: 10_000) {
      var batch = WriteBatch(for: database)
      for object in start..<min(start + 10_000, objects) {
        workload_key(UInt64(object), &key)
        try key.withUnsafeBytes { try batch.put($0, record.bytes, in: family) }
      }
      try database.write(&batch)
    }
    try database.flush(family)
    try database.compactRange(family)
  }

  func drain<D>(_ processor: inout PartitionProcessor<D>) throws {
    var batch = WriteBatch(for: database)
    _ = processor.takeDrain { key, record in
      if let record {
        try? batch.put(key, record, in: family)
      } else {
        try? batch.delete(key, in: family)
      }
    }
    try database.write(&batch)
    processor.finishDrain()
  }
}
