import Glibc

extension FollowBatch {
  /// Lends the records to a closure: nothing is copied or counted for each of them.
  package func withLentRecords<Result, Failure: Error>(
    _ body: (LentRecords) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withStorage { bytes, entries, headers throws(Failure) in
      try body(LentRecords(count: count, bytes: bytes, entries: entries, headers: headers))
    }
  }
}

extension FollowedRecord {
  /// Lends this record alone.
  package func withLentRecord<Result, Failure: Error>(
    _ body: (LentRecord) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withStorage { bytes, entry, headers throws(Failure) in
      try body(LentRecord(bytes: bytes, entry: entry, headers: headers))
    }
  }
}

/// The records of a batch, as pointers that are valid within the closure they were lent to.
package struct LentRecords {
  package let count: Int
  fileprivate let bytes: UnsafeRawPointer
  fileprivate let entries: UnsafePointer<FollowBatch.Entry>
  fileprivate let headers: UnsafePointer<FollowBatch.Header>

  init(
    count: Int, bytes: UnsafeRawPointer, entries: UnsafePointer<FollowBatch.Entry>,
    headers: UnsafePointer<FollowBatch.Header>
  ) {
    self.count = count
    self.bytes = bytes
    self.entries = entries
    self.headers = headers
  }

  /// The record at an index below ``count``.
  package subscript(index: Int) -> LentRecord {
    LentRecord(bytes: bytes, entry: entries + index, headers: headers)
  }
}

/// One record of ``LentRecords``.
package struct LentRecord {
  fileprivate let bytes: UnsafeRawPointer
  fileprivate let entry: UnsafePointer<FollowBatch.Entry>
  fileprivate let headers: UnsafePointer<FollowBatch.Header>

  package var offset: Int64 { entry.pointee.offset }
  package var timestamp: Int64 { entry.pointee.timestamp }
  package var version: UInt64? { entry.pointee.content.version }
  package var command: Int64? { entry.pointee.content.command }
  package var key: UnsafeRawBufferPointer { slice(entry.pointee.key) }
  package var value: UnsafeRawBufferPointer? { entry.pointee.value.map(slice) }

  /// The value of a header; nil when it is missing or null. Of a header that repeats, the last one counts.
  package func header(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var index = entry.pointee.headers.upperBound
    while index > entry.pointee.headers.lowerBound {
      index -= 1
      let range = headers[index].name
      guard range.count == name.count,
        name.isEmpty || memcmp(bytes + range.lowerBound, name.baseAddress!, range.count) == 0
      else { continue }
      return headers[index].value.map(slice)
    }
    return nil
  }

  /// The same for a name that is known.
  package func header(_ name: StaticString) -> UnsafeRawBufferPointer? {
    header(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  private func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: bytes + range.lowerBound, count: range.count)
  }
}
