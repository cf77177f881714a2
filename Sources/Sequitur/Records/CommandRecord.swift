/// One record of the commands topic, as views into the client's memory.
///
/// A record lives only for the call it is passed to; the compiler sees to it. The `unsafe…` properties are
/// the same views without that guarantee, for the engine.
public struct CommandRecord: ~Escapable {
  /// The object key; empty when the record has none.
  @usableFromInline package let unsafeKey: UnsafeRawBufferPointer
  /// The record's value; `nil` when it is null, which Kafka distinguishes from an empty one.
  @usableFromInline package let unsafePayload: UnsafeRawBufferPointer?
  /// The headers in the record's order; a name may repeat.
  @usableFromInline package let unsafeHeaders: UnsafeBufferPointer<RecordHeader>
  /// Where the record stands.
  public let position: CommandPosition
  /// The record's timestamp, in milliseconds since 1970-01-01T00:00:00Z; ``noTimestamp`` when it has none.
  public let timestamp: Int64
  /// What Kafka gives for the timestamp of a record that has none (`RecordBatch.NO_TIMESTAMP`): its producer set it so, or
  /// it has a format from before timestamps.
  public static var noTimestamp: Int64 { -1 }

  /// - Parameters:
  ///   - key: nil or empty when the record has none.
  ///   - payload: nil when the record's value is null.
  ///   - headers: in the record's order; a name may repeat.
  @inlinable
  @_lifetime(immortal)
  package init(
    unsafeKey key: UnsafeRawBufferPointer?,
    payload: UnsafeRawBufferPointer?,
    headers: UnsafeBufferPointer<RecordHeader>,
    position: CommandPosition,
    timestamp: Int64
  ) {
    self.unsafeKey = key ?? UnsafeRawBufferPointer(start: nil, count: 0)
    self.unsafePayload = payload
    self.unsafeHeaders = headers
    self.position = position
    self.timestamp = timestamp
  }

  /// The object key. Empty when the record has none.
  @inlinable
  public var key: RawSpan {
    @_lifetime(borrow self)
    get { RawSpan.unsafe(unsafeKey) }
  }

  /// The payload. Empty when the record's value is null or empty.
  @inlinable
  public var payload: RawSpan {
    @_lifetime(borrow self)
    get { RawSpan.unsafe(unsafePayload) }
  }

  /// Calls `body` with the value of the last header of this name, or with `nil` when there is none or its
  /// value is null. The last one counts, as in Kafka's `Headers.lastHeader`.
  @inlinable
  public func withHeader<Result>(
    _ name: StaticString, _ body: (UnsafeRawBufferPointer?) throws -> Result
  ) rethrows -> Result {
    try body(unsafeHeaders.last { $0.isNamed(name) }?.value)
  }

  /// The command's type from the header `ce_type`; `nil` when there is none or it is not UTF-8.
  public var type: String? {
    withHeader("ce_type") { $0.flatMap { String(validating: $0, as: UTF8.self) } }
  }
}

extension RawSpan {
  /// A span over memory whose owner outlives every use; the caller vouches for it.
  @inlinable
  @_lifetime(immortal)
  package static func unsafe(_ bytes: UnsafeRawBufferPointer?) -> RawSpan {
    guard let bytes, let start = bytes.baseAddress else { return _overrideLifetime(RawSpan(), copying: ()) }
    return _overrideLifetime(RawSpan(_unsafeStart: start, byteCount: bytes.count), copying: ())
  }
}
