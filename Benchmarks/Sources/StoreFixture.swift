import Foundation
import PartitionEngine
import RocksDB
import Sequitur

/// RocksDB in a directory of its own, which goes with it.
final class StoreFixture: CountingStore {
  static let nothing = Gates(bytes: 0, storeReads: 0, storeWrites: 0, storeBatches: 0)
  var counts = nothing
  private let directory: URL
  private let database: Database
  private let family: ColumnFamily

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "sequitur-microbench-\(UUID())")
    database = try Database(
      path: directory.path, options: DatabaseOptions(), columnFamilies: ["partition-0"])
    family = database.columnFamily(named: "partition-0")!
  }

  deinit {
    database.close()
    try? FileManager.default.removeItem(at: directory)
  }

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
    counts.storeReads! += 1
    do throws(RocksDBError) {
      guard let slice = try database.get(key, in: family) else { return false }
      record.append(slice.bytes)
      return true
    } catch {
      throw StoreFault("\(error)")
    }
  }

  /// Writes what changed since the last drain, as one batch.
  func drain<D>(_ processor: inout PartitionProcessor<D>) throws {
    var batch = WriteBatch(for: database)
    _ = processor.takeDrain { key, record in put(key, record, in: &batch) }
    try write(&batch)
    processor.finishDrain()
  }

  /// Reads a transaction's changelog records back, and writes their objects as one batch.
  func restore(_ output: borrowing OutputBatch) throws -> CheckpointRecord? {
    var batch = WriteBatch(for: database)
    var object = ByteWriter()
    var headers: [RecordHeader] = []
    var checkpoint: CheckpointRecord?
    for record in output.records where record.topic == .changelog {
      headers.removeAll(keepingCapacity: true)
      for header in output.headers(of: record) {
        headers.append(
          RecordHeader(name: output.bytes(header.name), value: header.value.map { output.bytes($0) }))
      }
      object.truncate(to: 0)
      let (key, value) = (output.bytes(record.key), record.value.map { output.bytes($0) })
      let content = try headers.withUnsafeBufferPointer { headers in
        try ChangelogRecord.decode(key: key, value: value, headers: headers, into: &object)
      }
      switch content {
      case .object, .grave: put(key, object.bytes, in: &batch)
      case .forgotten: put(key, nil, in: &batch)
      case .checkpoint(let found): checkpoint = found
      }
    }
    try write(&batch)
    return checkpoint
  }

  private func put(
    _ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?, in batch: inout WriteBatch
  ) {
    do {
      if let record {
        try batch.put(key, record, in: family)
      } else {
        try batch.delete(key, in: family)
      }
    } catch {
      fatalError("\(error)")
    }
    counts.storeWrites! += 1
    counts.bytes! += key.count + (record?.count ?? 0)
  }

  private func write(_ batch: inout WriteBatch) throws {
    try database.write(&batch)
    counts.storeBatches! += 1
  }
}
