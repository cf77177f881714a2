import PartitionEngine
import Sequitur

/// A record of an in-memory topic; owns its bytes.
public struct LogRecord: Sendable, Hashable {
  /// A header of a ``LogRecord``.
  public struct Header: Sendable, Hashable {
    /// The header's name.
    public let name: String
    /// `nil` for a null value.
    public let value: [UInt8]?

    /// A header with a value, or with a null one.
    public init(name: String, value: [UInt8]?) {
      self.name = name
      self.value = value
    }

    /// The value as text.
    public var text: String? { value.map { String(decoding: $0, as: UTF8.self) } }
  }

  /// `nil` for a null key.
  public var key: [UInt8]?
  /// `nil` for a null value, a tombstone.
  public var value: [UInt8]?
  /// In their order; a name may come twice.
  public var headers: [Header]
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public var timestamp: Int64

  /// A record with these parts.
  public init(key: [UInt8]?, value: [UInt8]?, headers: [Header] = [], timestamp: Int64 = 0) {
    self.key = key
    self.value = value
    self.headers = headers
    self.timestamp = timestamp
  }

  /// The last header of this name, as text.
  public subscript(header name: String) -> String? { headers.last { $0.name == name }?.text }

  package init(_ record: OutputRecord, in batch: borrowing OutputBatch) {
    var headers: [Header] = []
    for header in batch.headers(of: record) {
      headers.append(
        Header(
          name: String(decoding: batch.bytes(header.name), as: UTF8.self),
          value: header.value.map { Array(batch.bytes($0)) }))
    }
    self.init(
      key: Array(batch.bytes(record.key)), value: record.value.map { Array(batch.bytes($0)) },
      headers: headers,
      timestamp: record.timestamp)
  }

  /// Calls `body` with views of key, value and headers.
  package func withViews<Result>(
    _ body: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer?, UnsafeBufferPointer<RecordHeader>) throws ->
      Result
  ) rethrows -> Result {
    var memory = ByteWriter()
    // So that it does not move while views into it are made.
    memory.reserve(headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) })
    func store(_ bytes: some Sequence<UInt8>) -> UnsafeRawBufferPointer {
      let start = memory.count
      for byte in bytes { memory.append(byte) }
      return memory.bytes(at: start, count: memory.count - start)
    }
    let views = headers.map { RecordHeader(name: store($0.name.utf8), value: $0.value.map { store($0) }) }
    defer { withExtendedLifetime(memory.count) {} }
    return try views.withUnsafeBufferPointer { views in
      try (key ?? []).withUnsafeBytes { keyBytes in
        try (value ?? []).withUnsafeBytes { valueBytes in
          try body(key == nil ? nil : keyBytes, value == nil ? nil : valueBytes, views)
        }
      }
    }
  }

  /// Calls `body` with the record as a command that stands at this position.
  package func withCommand<Result>(
    at position: CommandPosition, _ body: (borrowing CommandRecord) throws -> Result
  ) rethrows -> Result {
    try withViews { key, value, headers in
      try body(
        CommandRecord(
          unsafeKey: key, payload: value, headers: headers, position: position, timestamp: timestamp))
    }
  }
}
