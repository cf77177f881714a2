import PartitionEngine
import Sequitur

/// A partition's local store as a dictionary; what was drained or restored survives a crash.
final class InMemoryStore: ObjectStore {
  private(set) var records: [[UInt8]: [UInt8]] = [:]
  private(set) var position: RestoreMachine.StoredPosition?

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
    guard let bytes = records[Array(key)] else { return false }
    bytes.withUnsafeBytes { record.append($0) }
    return true
  }

  /// One atomic batch: objects (`nil`: deleted) and the position they stand for.
  func write(_ changes: [(key: [UInt8], record: [UInt8]?)], position: RestoreMachine.StoredPosition) {
    for (key, record) in changes { records[key] = record }
    self.position = position
  }

  func removeAll() {
    records.removeAll()
    position = nil
  }
}
