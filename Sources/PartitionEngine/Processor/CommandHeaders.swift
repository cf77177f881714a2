import Sequitur

/// The headers of a command that the engine itself reads.
///
/// Where a name repeats, its last value counts (Kafka's `Headers.lastHeader`); an empty or null `ce_id`,
/// `content-type` or `expected-version` is as if it were not there.
@usableFromInline
struct CommandHeaders {
  /// Empty when there is none: an optional buffer takes more instructions to hand on than all else about headers.
  @usableFromInline var idBytes: UnsafeRawBufferPointer
  @usableFromInline var contentTypeBytes: UnsafeRawBufferPointer
  @usableFromInline var expectedVersionBytes: UnsafeRawBufferPointer

  @inlinable var id: UnsafeRawBufferPointer? { Self.present(idBytes) }
  @inlinable var contentType: UnsafeRawBufferPointer? { Self.present(contentTypeBytes) }
  @inlinable var expectedVersion: UnsafeRawBufferPointer? { Self.present(expectedVersionBytes) }

  @inlinable @inline(__always)
  init(_ headers: UnsafeBufferPointer<RecordHeader>) {
    if headers.isEmpty { self.init() } else { self.init(reading: headers) }
  }

  /// Without a header.
  @inlinable @inline(__always)
  init() {
    idBytes = Self.absent
    contentTypeBytes = Self.absent
    expectedVersionBytes = Self.absent
  }

  @usableFromInline
  init(reading headers: UnsafeBufferPointer<RecordHeader>) {
    self.init()
    for header in headers {
      switch header.name.count {
      case 5 where header.isNamed("ce_id"): idBytes = header.value ?? Self.absent
      case 12 where header.isNamed("content-type"): contentTypeBytes = header.value ?? Self.absent
      case 16 where header.isNamed("expected-version"): expectedVersionBytes = header.value ?? Self.absent
      default: break
      }
    }
  }

  /// The expected version; `nil` when the header says something else than a version.
  @inlinable @inline(__always)
  var expected: ExpectedVersion? {
    guard let expectedVersion else { return .any }
    return ExpectedVersion(expectedVersion)
  }

  @inlinable @inline(__always)
  static var absent: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

  @inlinable @inline(__always)
  static func present(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    bytes.isEmpty ? nil : bytes
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
