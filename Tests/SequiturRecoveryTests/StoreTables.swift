import Foundation

/// The table files of a store, seen from outside.
struct StoreTables {
  private let directory: String
  /// Tables do not change once they are whole.
  private var whole: Set<String> = []

  init(_ directory: String) { self.directory = directory }

  /// Whether a table is being written, or was when the worker died: by a flush or a compaction.
  mutating func isAnyUnfinished() -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names where name.hasSuffix(".sst") && !whole.contains(name) {
      guard Self.isWhole(directory + "/" + name) else { return true }
      whole.insert(name)
    }
    return false
  }

  /// Whether a table file was written to its end, where RocksDB puts its magic number (`kBlockBasedTableMagicNumber`,
  /// block_based_table_builder.cc). One that is gone meanwhile was.
  private static func isWhole(_ file: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: file) else { return true }
    defer { try? handle.close() }
    let magic: [UInt8] = [0xf7, 0xcf, 0xf4, 0x85, 0xb7, 0x41, 0xe2, 0x88]
    guard let size = try? handle.seekToEnd(), size >= 8 else { return false }
    guard (try? handle.seek(toOffset: size - 8)) != nil, let end = try? handle.read(upToCount: 8) else {
      return true
    }
    return end.elementsEqual(magic)
  }
}
