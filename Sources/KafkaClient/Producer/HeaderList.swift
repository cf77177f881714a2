import CRdKafka

/// The headers of a record to be produced. Names may repeat; the order is kept.
///
/// Owner of one `rd_kafka_headers_t`. Producing consumes the list: librdkafka owns it when the call succeeds, it
/// is destroyed when the call fails. ``copy()`` shares what several records have in common.
public struct HeaderList: ~Copyable {
  private let raw: OpaquePointer

  /// An empty list with room for a number of headers; it grows beyond them (`rd_kafka_headers_new`).
  public init(capacity: Int) { raw = rd_kafka_headers_new(capacity) }

  private init(owning raw: OpaquePointer) { self.raw = raw }

  deinit { rd_kafka_headers_destroy(raw) }

  /// Adds a header; name and value are copied. A nil value is the null value, an empty buffer an empty one
  /// (`rd_kafka_header_add`). The name may be empty, as Kafka allows, and must hold no NUL.
  public mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
    let start = name.addressOrEmpty.assumingMemoryBound(to: CChar.self)
    let code = rd_kafka_header_add(
      raw, start, name.count, value.map(\.addressOrEmpty), value?.count ?? 0)
    precondition(code == RD_KAFKA_RESP_ERR_NO_ERROR, "only consumed headers are read-only")
  }

  /// Adds a header with a name of the program's text.
  public mutating func add(name: StaticString, value: UnsafeRawBufferPointer?) {
    add(name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value: value)
  }

  /// Adds a header with a value of text (UTF-8). For speed, use the buffers.
  public mutating func add(name: String, value: String) {
    var name = name
    var value = value
    name.withUTF8 { name in
      value.withUTF8 { add(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer($0)) }
    }
  }

  /// The number of headers (`rd_kafka_header_cnt`).
  public var count: Int { rd_kafka_header_cnt(raw) }

  /// A second list with the same headers (`rd_kafka_headers_copy`).
  public func copy() -> HeaderList { HeaderList(owning: rd_kafka_headers_copy(raw)) }

  /// Gives the C list away: the caller owns it.
  consuming func release() -> OpaquePointer {
    let released = raw
    discard self
    return released
  }
}

extension UnsafeRawBufferPointer {
  /// The address, and some valid one for an empty buffer that has none: librdkafka reads a null pointer as the
  /// null key, value or header, which is something else than an empty one.
  var addressOrEmpty: UnsafeRawPointer {
    baseAddress ?? UnsafeRawPointer(Self.empty.utf8Start)
  }

  private static let empty: StaticString = ""
}
