import Glibc
import KafkaClient
import Sequitur

/// Committed records of one partition in their order, with their bytes in one buffer.
///
/// A key that was changed several times may be in it several times: the last one counts.
public struct FollowBatch: Sendable {
  struct Entry: Sendable {
    let offset: Int64
    let timestamp: Int64
    let content: RecordContent
    let key: Range<Int>
    /// Nil for the null value.
    let value: Range<Int>?
    /// In ``FollowBatch/headers``.
    let headers: Range<Int>
  }

  struct Header: Sendable {
    let name: Range<Int>
    let value: Range<Int>?
  }

  fileprivate private(set) var bytes: [UInt8] = []
  fileprivate private(set) var entries: [Entry] = []
  fileprivate private(set) var headers: [Header] = []
  /// Records from here on are not shown.
  private var end = Int.max

  /// An empty batch.
  public init() {}

  /// How many entries there are.
  public var count: Int { min(entries.count, end) }
  /// Whether only the position moved.
  public var isEmpty: Bool { count == 0 }
  /// Bytes of keys, values and headers. Names that repeat from one record to the next are in it once.
  public var byteCount: Int { bytes.count }

  /// The record at an index below ``count``. Shares the batch's bytes.
  public subscript(index: Int) -> FollowedRecord { FollowedRecord(batch: self, entry: entries[index]) }

  /// Copies a message into the batch. Of a state the headers are not kept: what they say is in `content`.
  mutating func append(_ message: borrowing Message, _ content: RecordContent, _ own: [RecordHeader]) {
    let former = entries.last?.headers ?? 0..<0
    let key = add(message.key ?? UnsafeRawBufferPointer(start: nil, count: 0))
    let value = message.value.map { add($0) }
    let first = headers.count
    if content.command != nil {
      for (index, header) in own.enumerated() {
        let name = add(name: header.name, index, of: former)
        headers.append(Header(name: name, value: header.value.map { add($0) }))
      }
    }
    entries.append(
      Entry(
        offset: message.offset, timestamp: message.timestamp, content: content, key: key, value: value,
        headers: first..<headers.count))
  }

  /// Copies a record of an event into the batch.
  package mutating func append(
    offset: Int64, timestamp: Int64, command: Int64, version: UInt64, key: [UInt8], value: [UInt8]?,
    headers own: [(name: String, value: [UInt8]?)]
  ) {
    let former = entries.last?.headers ?? 0..<0
    let first = headers.count
    for (index, header) in own.enumerated() {
      let name = Array(header.name.utf8).withUnsafeBytes { add(name: $0, index, of: former) }
      headers.append(Header(name: name, value: header.value.map { add($0) }))
    }
    entries.append(
      Entry(
        offset: offset, timestamp: timestamp, content: RecordContent(version: version, command: command),
        key: add(key), value: value.map { add($0) }, headers: first..<headers.count))
  }

  /// Only the first records.
  func prefix(_ count: Int) -> FollowBatch {
    var prefix = self
    prefix.end = min(end, count)
    return prefix
  }

  mutating func removeFirst(_ count: Int) {
    guard count > 0 else { return }
    guard count < self.count else { return removeAll() }
    var rest = FollowBatch()
    for entry in entries[count...] { rest.append(entry, of: self) }
    // The memory is kept: the rest is what was read of one unit.
    removeAll()
    for entry in rest.entries { append(entry, of: rest) }
  }

  /// Drops all records and keeps the memory.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
    headers.removeAll(keepingCapacity: true)
    end = .max
  }

  /// Lends what the records are made of.
  func withStorage<Result, Failure: Error>(
    _ body: (UnsafeRawPointer, UnsafePointer<Entry>, UnsafePointer<Header>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try bytes.withUnsafeBufferPointer { bytes throws(Failure) in
      try entries.withUnsafeBufferPointer { entries throws(Failure) in
        try headers.withUnsafeBufferPointer { headers throws(Failure) in
          // Of an array that is empty nothing is read, wherever the pointer leads.
          let nowhere = UnsafeRawPointer(bitPattern: MemoryLayout<Entry>.alignment)!
          return try body(
            bytes.baseAddress.map { UnsafeRawPointer($0) } ?? nowhere,
            entries.baseAddress ?? nowhere.assumingMemoryBound(to: Entry.self),
            headers.baseAddress ?? nowhere.assumingMemoryBound(to: Header.self))
        }
      }
    }
  }

  private mutating func append(_ entry: Entry, of other: FollowBatch) {
    let first = headers.count
    for header in other.headers[entry.headers] {
      headers.append(
        Header(
          name: add(other.bytes[header.name]), value: header.value.map { add(other.bytes[$0]) }))
    }
    entries.append(
      Entry(
        offset: entry.offset, timestamp: entry.timestamp, content: entry.content,
        key: add(other.bytes[entry.key]), value: entry.value.map { add(other.bytes[$0]) },
        headers: first..<headers.count))
  }

  private mutating func add(_ part: some Collection<UInt8>) -> Range<Int> {
    let start = bytes.count
    bytes.append(contentsOf: part)
    return start..<bytes.count
  }

  /// Where a header's name stands: most have that of the header before, which stands in the same place of its record.
  private mutating func add(
    name: UnsafeRawBufferPointer, _ index: Int, of former: Range<Int>
  ) -> Range<Int> {
    guard index < former.count, let start = name.baseAddress else { return add(name) }
    let known = headers[former.lowerBound + index].name
    let isSame =
      known.count == name.count
      && bytes.withUnsafeBytes { memcmp($0.baseAddress! + known.lowerBound, start, known.count) } == 0
    return isSame ? known : add(name)
  }
}

/// One committed record: an object's state, the mark that it was forgotten, an event, or a rejected command.
public struct FollowedRecord: Sendable {
  private let batch: FollowBatch
  private let entry: FollowBatch.Entry

  fileprivate init(batch: FollowBatch, entry: FollowBatch.Entry) {
    self.batch = batch
    self.entry = entry
  }

  /// Lends what the record is made of.
  func withStorage<Result, Failure: Error>(
    _ body: (UnsafeRawPointer, UnsafePointer<FollowBatch.Entry>, UnsafePointer<FollowBatch.Header>)
      throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try batch.withStorage { bytes, _, headers throws(Failure) in
      try withUnsafePointer(to: entry) { entry throws(Failure) in try body(bytes, entry, headers) }
    }
  }

  /// Its own offset on the topic that is followed.
  public var offset: Int64 { entry.offset }
  /// Milliseconds since 1970, -1 for none.
  public var timestamp: Int64 { entry.timestamp }
  /// The object's key.
  public var key: ArraySlice<UInt8> { batch.bytes[entry.key] }
  /// The state or the payload of the event or the rejected command; nil for an object that was forgotten, and where there
  /// is no payload.
  public var value: ArraySlice<UInt8>? { entry.value.map { batch.bytes[$0] } }
  /// The object version; nil for an object that was forgotten with nothing kept of it.
  public var version: UInt64? { entry.content.version }
  /// Of an event or a rejection: the offset of its command on the commands topic.
  public var command: Int64? { entry.content.command }

  /// The value of a header of an event or a rejection; nil when it is missing or null. Of a header that repeats, the last one counts.
  public func header(_ name: String) -> ArraySlice<UInt8>? {
    let length = name.utf8.count
    return batch.headers[entry.headers].last {
      $0.name.count == length && batch.bytes[$0.name].elementsEqual(name.utf8)
    }?.value.map { batch.bytes[$0] }
  }

  /// The headers of an event or a rejection in their order; of a state there are none. In a name, bytes that are no UTF-8 become U+FFFD.
  public var headers: [(name: String, value: ArraySlice<UInt8>?)] {
    batch.headers[entry.headers].map { header in
      (String(decoding: batch.bytes[header.name], as: UTF8.self), header.value.map { batch.bytes[$0] })
    }
  }

  /// The same as text; bytes that are no UTF-8 become U+FFFD.
  public func text(_ name: String) -> String? { header(name).map { String(decoding: $0, as: UTF8.self) } }
}
