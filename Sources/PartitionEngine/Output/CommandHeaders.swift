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
    // Refused by the look at the expected version, so that commands without a content type pay nothing for it.
    if Self.isStructured(contentTypeBytes) { expectedVersionBytes = contentTypeBytes }
  }

  /// Whether the payload is a CloudEvent in structured mode: its attributes, the id and the type among them, stand in the
  /// payload, where nobody here looks for them. And an event that carried this content type beside its `ce_…` headers
  /// would be read as the command (CloudEvents' Kafka protocol binding 1.0, section 3: this prefix decides).
  @usableFromInline var isStructured: Bool { Self.isStructured(contentTypeBytes) }

  /// Whether a content type is one of structured mode, batches included, whatever its case and parameters.
  @usableFromInline
  static func isStructured(_ contentType: UnsafeRawBufferPointer) -> Bool {
    let type = contentType.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let prefix: StaticString = "application/cloudevents"
    guard type.count >= prefix.utf8CodeUnitCount else { return false }
    return UnsafeRawBufferPointer(rebasing: type.prefix(prefix.utf8CodeUnitCount)).isEqual(
      ignoringCase: prefix)
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
  ///
  /// Whatever the case: some libraries of CloudEvents compare the names of headers without it, and would take the
  /// command's for the event's. The attribute `datacontenttype` is the header `content-type`, and no other.
  static func isCarried(_ header: RecordHeader) -> Bool {
    func isNamed(_ name: StaticString) -> Bool { header.name.isEqual(ignoringCase: name) }
    return switch header.name.count {
    case 5: !isNamed("ce_id")
    case 7: !isNamed("ce_type") && !isNamed("ce_time")
    case 9: !isNamed("ce_source")
    case 10: !isNamed("ce_subject")
    case 11: !isNamed("ce_sequence")
    case 12: !isNamed("content-type")
    case 14: !isNamed("ce_specversion") && !isNamed("ce_causationid")
    case 16: !isNamed("expected-version")
    case 18: !isNamed("ce_datacontenttype")
    default: true
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes are this text, given in lower case, whatever the case of its ASCII letters.
  fileprivate func isEqual(ignoringCase text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for index in 0..<count {
      let (byte, wanted) = (self[index], text.utf8Start[index])
      guard byte == wanted || (65...90 ~= byte && byte | 0x20 == wanted) else { return false }
    }
    return true
  }
}
