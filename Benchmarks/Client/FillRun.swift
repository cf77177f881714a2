import Foundation
import PartitionEngine
import RocksDB
import Sequitur
import SequiturTopics
import SequiturWorker
import Workload

/// Puts `--objects` accounts with JSON states of `--state-bytes` into the store of a worker that is stopped, where a
/// worker with `deposits.yaml` would have them: a store of many millions of objects without a broker that has to hold
/// their records.
///
/// The positions stay as they are, so the worker goes on with all of them.
struct FillRun {
  private static let batchObjects = 10_000
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    let partitions = Int32(options.number("partitions", 4))
    let database = try Database(
      path: options.text("state") + "/store", options: DatabaseOptions(),
      columnFamilies: (0..<partitions).map { "partition-\($0)" })
    let families = (0..<partitions).map { database.columnFamily(named: "partition-\($0)")! }
    let record = record(stateBytes: options.number("state-bytes", 200))
    let objects = options.number("objects", 1_000_000)
    var key = [UInt8](repeating: 0, count: Int(WORKLOAD_KEY_BYTES))
    for first in stride(from: 0, to: objects, by: Self.batchObjects) {
      var batch = WriteBatch(for: database)
      for object in first..<min(first + Self.batchObjects, objects) {
        workload_key(UInt64(object), &key)
        let family = families[Int(Murmur2.partition(of: key, among: partitions))]
        try key.withUnsafeBytes { try batch.put($0, record.bytes, in: family) }
      }
      try database.write(&batch)
    }
    for family in families { try database.flush(family) }
    database.close()
  }

  private func record(stateBytes: Int) -> ByteWriter {
    let start = #"{"status":"open","amount":1,"note":""#
    var record = ByteWriter()
    ObjectRecord.append(to: &record, version: 1, commandIDs: UnsafeRawBufferPointer(start: nil, count: 0))
    record.append(start)
    for _ in 0..<max(0, stateBytes - start.utf8.count - 2) { record.append(UInt8(ascii: "x")) }
    record.append("\"}")
    return record
  }
}
