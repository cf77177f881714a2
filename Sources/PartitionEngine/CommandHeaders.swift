import Sequitur

/// The headers of a command that the engine itself reads.
///
/// Where a name repeats, its last value counts (Kafka's `Headers.lastHeader`); an empty or null `ce_id`,
/// `content-type` or `expected-version` is as if it were not there.
@usableFromInline
struct CommandHeaders {
  @usableFromInline var id: UnsafeRawBufferPointer?
  @usableFromInline var contentType: UnsafeRawBufferPointer?
  @usableFromInline var expectedVersion: UnsafeRawBufferPointer?

  @inlinable @inline(__always)
  init(_ headers: UnsafeBufferPointer<RecordHeader>) {
    if !headers.isEmpty { read(headers) }
  }

  @usableFromInline
  mutating func read(_ headers: UnsafeBufferPointer<RecordHeader>) {
    for header in headers {
      switch header.name.count {
      case 5 where header.isNamed("ce_id"): id = header.value
      case 12 where header.isNamed("content-type"): contentType = header.value
      case 16 where header.isNamed("expected-version"): expectedVersion = header.value
      default: break
      }
    }
    if id?.isEmpty == true { id = nil }
    if contentType?.isEmpty == true { contentType = nil }
    if expectedVersion?.isEmpty == true { expectedVersion = nil }
  }

  /// The expected version; `nil` when the header says something else than a version.
  @inlinable @inline(__always)
  var expected: ExpectedVersion? {
    guard let expectedVersion else { return .any }
    return ExpectedVersion(expectedVersion)
  }

  /// Whether an event carries this header of its command as it is. The others are the event's own, or were
  /// meant for the engine.
  static func isCarried(_ header: RecordHeader) -> Bool {
    switch header.name.count {
    case 5: !header.isNamed("ce_id")
    case 7: !header.isNamed("ce_type") && !header.isNamed("ce_time")
    case 9: !header.isNamed("ce_source")
    case 10: !header.isNamed("ce_subject")
    case 11: !header.isNamed("ce_sequence")
    case 12: !header.isNamed("content-type")
    case 14: !header.isNamed("ce_specversion") && !header.isNamed("ce_causationid")
    case 16: !header.isNamed("expected-version")
    default: true
    }
  }
}
