import CSimdJSON

/// Names with an index from 0 on, found by their bytes.
package final class NameTable {
  package let names: [String]
  @usableFromInline let table: OpaquePointer
  /// How many values a reader has for the names: one each, and the added texts.
  package private(set) var valueCount: Int

  package init(_ names: [String]) {
    self.names = names
    valueCount = names.count
    let bytes = names.map { Array($0.utf8) }
    let all = Array(bytes.joined()) + [0]
    let table = all.withUnsafeBufferPointer { all in
      var starts: [UnsafePointer<UInt8>?] = []
      var offset = 0
      for name in bytes {
        starts.append(all.baseAddress! + offset)
        offset += name.count
      }
      let lengths = bytes.map { $0.count }
      return csj_names_create(starts, lengths, lengths.count)
    }
    guard let table else { preconditionFailure("there is no memory for a table of names") }
    self.table = table
  }

  deinit { csj_names_destroy(table) }

  /// The slot for the text of the name's number, or for its list; see `csj_names_add_text`.
  package func addText(_ index: Int) -> Int {
    let slot = csj_names_add_text(table, index)
    precondition(slot > 0, "there is no memory for a table of names")
    valueCount = max(valueCount, slot + 1)
    return slot
  }

  @inlinable
  package func index(of name: UnsafeRawBufferPointer) -> Int? {
    let start = name.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let index = csj_names_find(table, start, name.count)
    return index < 0 ? nil : Int(index)
  }

  package func index(of name: String) -> Int? {
    var name = name
    return name.withUTF8 { index(of: UnsafeRawBufferPointer($0)) }
  }
}
