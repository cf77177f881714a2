import ReadableText

/// A record of one of the topics, as views that last until its reader goes on.
package struct AuditRecord {
  package var offset: Int64
  var timestamp: Int64
  /// Whether the broker set the timestamp (`message.timestamp.type=LogAppendTime`).
  var isAppendTime: Bool
  package var key: UnsafeRawBufferPointer?
  package var value: UnsafeRawBufferPointer?
  package var headers: [AuditHeader]

  /// The last header of this name, as in Kafka's `Headers.lastHeader`; nil when there is none or its value is null.
  package func header(_ name: StaticString) -> UnsafeRawBufferPointer? {
    headers.last { $0.isNamed(name) }?.value
  }

  /// The same as text; nil when it is not UTF-8.
  package func text(_ name: StaticString) -> String? {
    header(name).flatMap { String(validating: $0, as: UTF8.self) }
  }
}

/// A header of a record: views like the record's.
package struct AuditHeader {
  package let name: UnsafeRawBufferPointer
  package let value: UnsafeRawBufferPointer?

  func isNamed(_ name: StaticString) -> Bool {
    self.name.isEqual(to: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  /// The same whatever the case of ASCII letters. The name is given in lower case.
  func isNamed(ignoringCase name: StaticString) -> Bool {
    let wanted = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    return self.name.count == wanted.count
      && zip(self.name, wanted).allSatisfy { $0 == $1 || (65...90 ~= $0 && $0 + 32 == $1) }
  }

  /// Whether name and value are the same, byte for byte.
  func isEqual(to other: AuditHeader) -> Bool {
    name.isEqual(to: other.name) && value.isEqual(to: other.value)
  }
}

extension [AuditHeader] {
  /// Whether they are the same in the same order.
  func isEqual(to others: [AuditHeader]) -> Bool {
    count == others.count && zip(self, others).allSatisfy { $0.isEqual(to: $1) }
  }
}

extension UnsafeRawBufferPointer {
  func isEqual(to other: UnsafeRawBufferPointer) -> Bool { count == other.count && elementsEqual(other) }

  /// As people may read it.
  var shown: String { ShownText.line(self, atMost: 80) }

  /// The number that the bytes are the digits of, without leading zeros; below `Int64.max`, so that there is a next.
  package var decimal: Int64? {
    guard !isEmpty, count <= 19, count == 1 || self[0] != 48 else { return nil }
    var number: Int64 = 0
    for byte in self {
      guard 48...57 ~= byte else { return nil }
      let (tenfold, isLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, isLarger) = tenfold.addingReportingOverflow(Int64(byte - 48))
      if isLarge || isLarger { return nil }
      number = sum
    }
    return number < .max ? number : nil
  }
}

extension StringProtocol {
  /// The same of a text's bytes.
  var decimal: Int64? { Array(utf8).withUnsafeBytes { $0.decimal } }
}

extension Optional<UnsafeRawBufferPointer> {
  /// Null equals null only.
  func isEqual(to other: UnsafeRawBufferPointer?) -> Bool {
    switch (self, other) {
    case (nil, nil): true
    case (let bytes?, let other?): bytes.isEqual(to: other)
    default: false
    }
  }
}

/// An object key as its bytes.
struct AuditKey: Hashable, Sendable {
  let bytes: [UInt8]

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = Array(bytes) }

  /// As people may read it.
  var shown: String { ShownText.line(bytes, atMost: 80) }
}
