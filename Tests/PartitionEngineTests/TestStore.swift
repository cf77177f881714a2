import PartitionEngine
import Sequitur

/// A store that is a dictionary, and fails when a test says so.
final class TestStore: ObjectStore {
  var records: [[UInt8]: [UInt8]] = [:]
  var isFailing = false
  private(set) var reads = 0

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
    reads += 1
    if isFailing { throw StoreFault("the disk is gone") }
    guard let bytes = records[Array(key)] else { return false }
    bytes.withUnsafeBytes { record.append($0) }
    return true
  }

  func write(_ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?) {
    records[Array(key)] = record.map { Array($0) }
  }
}
