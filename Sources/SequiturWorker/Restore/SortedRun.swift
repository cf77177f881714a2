import Foundation
import PartitionEngine
import RocksDB
import Sequitur

/// Objects on their way from the changelog into a table file: collected, then sorted, the newest of each key
/// kept, and added to the column family as a file.
///
/// Three times as fast as writing them through a memtable, whose skip list is searched for each record. The
/// file holds the position as well, so that it is added together with the objects it stands for.
struct SortedRun: ~Copyable {
  private struct Entry {
    /// Eight bytes of the key, big-endian, behind what all keys have in common: most comparisons end there.
    var prefix: UInt64 = 0
    let offset: UInt32
    let keyBytes: UInt16
    /// -1: forgotten.
    let recordBytes: Int32
  }

  private var arena: ByteWriter
  private var entries: [Entry] = []
  let byteCountMax: Int

  init(byteCountMax: Int) {
    self.byteCountMax = byteCountMax
    arena = ByteWriter(capacity: min(byteCountMax, 1 << 20))
  }

  /// Bytes held, without the last growth's.
  var byteCount: Int { arena.count + entries.count * MemoryLayout<Entry>.stride }
  var isEmpty: Bool { entries.isEmpty }
  var isFull: Bool { byteCount >= byteCountMax }

  /// Adds what the changelog says of a key; later calls go over earlier ones.
  mutating func add(_ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?) {
    entries.append(
      Entry(
        offset: UInt32(arena.count), keyBytes: UInt16(key.count),
        recordBytes: Int32(record?.count ?? -1)))
    arena.append(key)
    if let record { arena.append(record) }
  }

  /// Writes the table file, the position's entry first: its key is the empty one. Empties the run.
  mutating func write(
    to path: String, options: DatabaseOptions, position: UnsafeRawBufferPointer
  ) throws(RocksDBError) {
    sort()
    var file = try SSTFileWriter(path: path, options: options)
    try file.put(UnsafeRawBufferPointer(start: nil, count: 0), position)
    for index in entries.indices {
      // Of equal keys the newest stands last.
      if index + 1 < entries.count, isSameKey(entries[index], entries[index + 1]) { continue }
      let entry = entries[index]
      if entry.recordBytes >= 0 {
        let record = arena.bytes(
          at: Int(entry.offset) + Int(entry.keyBytes), count: Int(entry.recordBytes))
        try file.put(key(entry), record)
      } else {
        try file.delete(key(entry))
      }
    }
    _ = try file.finish()
    entries.removeAll(keepingCapacity: true)
    arena.truncate(to: 0)
  }

  private mutating func sort() {
    let common = commonPrefixBytes()
    for index in entries.indices { entries[index].prefix = key(entries[index]).orderingWord(from: common) }
    let start = arena.bytes.baseAddress
    entries.sort { a, b in
      if a.prefix != b.prefix { return a.prefix < b.prefix }
      guard let start else { return a.offset < b.offset }
      let left = UnsafeRawBufferPointer(start: start + Int(a.offset), count: Int(a.keyBytes))
      let right = UnsafeRawBufferPointer(start: start + Int(b.offset), count: Int(b.keyBytes))
      return left.isSame(as: right) ? a.offset < b.offset : left.precedes(right)
    }
  }

  private func key(_ entry: Entry) -> UnsafeRawBufferPointer {
    arena.bytes(at: Int(entry.offset), count: Int(entry.keyBytes))
  }

  private func isSameKey(_ a: Entry, _ b: Entry) -> Bool {
    a.prefix == b.prefix && key(a).isSame(as: key(b))
  }

  /// How many bytes at their start all keys have in common, such as `order-000`: they tell nothing apart.
  private func commonPrefixBytes() -> Int {
    guard let first = entries.first.map({ key($0) }) else { return 0 }
    var common = first.count
    for entry in entries where common > 0 { common = min(common, first.commonStart(with: key(entry))) }
    return common
  }
}
