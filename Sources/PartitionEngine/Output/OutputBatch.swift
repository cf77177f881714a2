import Sequitur

/// The records of one transaction, encoded and ready to be produced, again if need be.
///
/// All keys, values and headers stand in one arena. The batch is kept until its transaction has ended, so
/// that an aborted one can be sent again byte for byte.
public struct OutputBatch: ~Copyable, Sendable {
  @usableFromInline var arena: ByteWriter
  var recordList = GrowingBuffer<OutputRecord>()
  var headers = GrowingBuffer<OutputHeader>()
  /// Bytes of all headers that were ever appended, framing included: its growth is what a record's headers take.
  var headerByteCount = 0
  @usableFromInline let names: HeaderNames
  var template = EventTemplate()
  /// The partition that the template is for; -1: none yet. All partitions of a batch belong to one application and one
  /// topic, so that the number says which it is.
  @usableFromInline var templatePartition: Int32 = -1
  private let constantBytes: Int

  public init() {
    arena = ByteWriter(capacity: 1 << 16)
    names = HeaderNames(writingInto: &arena)
    constantBytes = arena.count
  }

  /// The bytes that a record of this batch names; valid until the next mutation.
  @inlinable
  public func bytes(_ range: ByteRange) -> UnsafeRawBufferPointer {
    arena.bytes(at: Int(range.offset), count: Int(range.count))
  }

  /// The headers of one of this batch's records.
  public func headers(of record: OutputRecord) -> UnsafeBufferPointer<OutputHeader> {
    UnsafeBufferPointer(rebasing: headers.elements[record.headers])
  }

  /// The value of a record's last header of this name that has one; `nil` when there is none. A rejection has its command's
  /// headers first, so that the last one is its own.
  public func lastHeader(_ name: StaticString, of record: OutputRecord) -> UnsafeRawBufferPointer? {
    for header in headers(of: record).reversed()
    where RecordHeader(name: bytes(header.name), value: nil).isNamed(name) {
      if let value = header.value { return bytes(value) }
    }
    return nil
  }

  /// The records in the order of their making; valid until the next mutation.
  public var records: UnsafeBufferPointer<OutputRecord> { recordList.elements }

  /// Bytes encoded so far.
  public var byteCount: Int { arena.count - constantBytes }

  /// Bytes of memory in use: what was encoded, and what says where it stands, which is as much where records are small.
  public var memoryByteCount: Int {
    byteCount &+ recordList.count &* MemoryLayout<OutputRecord>.stride
      &+ headers.count &* MemoryLayout<OutputHeader>.stride
  }

  public var isEmpty: Bool { recordList.isEmpty }

  /// Forgets all records; keeps the memory.
  public mutating func removeAll() {
    arena.truncate(to: constantBytes)
    forgetTemplate(behind: constantBytes)
    recordList.truncate(to: 0)
    headers.truncate(to: 0)
  }

  /// What the batch holds now, to go back to when a command's outputs turn out not to be wanted.
  @usableFromInline
  struct Mark {
    let bytes: Int
    let records: Int
    let headers: Int
  }

  /// Mutating although it changes nothing: a value of this size that is only borrowed is copied onto the stack before a
  /// call into another module.
  @usableFromInline
  mutating func mark() -> Mark { Mark(bytes: arena.count, records: recordList.count, headers: headers.count) }

  @usableFromInline
  mutating func rollBack(to mark: Mark) {
    arena.truncate(to: mark.bytes)
    forgetTemplate(behind: mark.bytes)
    recordList.truncate(to: mark.records)
    headers.truncate(to: mark.headers)
  }

  @usableFromInline
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> ByteRange {
    let offset = arena.count
    arena.append(bytes)
    return ByteRange(offset: offset, count: bytes.count)
  }

  @usableFromInline
  mutating func append(record: OutputRecord) { recordList.append(record) }

  @usableFromInline
  mutating func append(header name: ByteRange, _ value: ByteRange?) {
    headers.append(value.map { OutputHeader(name: name, value: $0) } ?? OutputHeader(nullNamed: name))
    headerByteCount &+= Int(name.count) &+ Int(value?.count ?? 0) &+ Self.headerFramingBytes
  }

  /// Adds a header whose value `body` writes.
  @usableFromInline
  mutating func append(header name: ByteRange, _ body: (inout ByteWriter) -> Void) {
    let offset = arena.count
    body(&arena)
    append(header: name, ByteRange(offset: offset, count: arena.count - offset))
  }

  @usableFromInline
  mutating func append(header name: ByteRange, text: String) {
    append(header: name) { $0.append(text) }
  }
}
