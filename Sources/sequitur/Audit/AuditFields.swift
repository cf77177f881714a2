import CSimdJSON

/// Reads named fields of JSON objects for the audit, independent of the deciders.
///
/// Thread rule: one thread.
final class AuditFields {
  private let count: Int
  private let reader: OpaquePointer
  private let table: OpaquePointer
  private let values: UnsafeMutablePointer<csj_value>

  init(_ names: [String]) {
    count = names.count
    let bytes = names.map { Array($0.utf8) }
    let all = Array(bytes.joined()) + [0]
    let table = all.withUnsafeBufferPointer { all in
      var starts: [UnsafePointer<UInt8>?] = []
      var offset = 0
      for name in bytes {
        starts.append(all.baseAddress.map { $0 + offset })
        offset += name.count
      }
      return csj_names_create(starts, bytes.map(\.count), bytes.count)
    }
    guard let table, let reader = csj_reader_create() else {
      preconditionFailure("there is no memory for a JSON reader")
    }
    self.table = table
    self.reader = reader
    values = .allocate(capacity: max(count, 1))
    values.initialize(repeating: csj_value(), count: max(count, 1))
  }

  deinit {
    csj_reader_destroy(reader)
    csj_names_destroy(table)
    values.deallocate()
  }

  /// The fields in the order of the names, nil for a missing or null one; nil when it is no JSON object.
  func read(_ bytes: UnsafeRawBufferPointer?) -> [AuditValue?]? {
    guard let bytes else { return nil }
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard csj_reader_read(reader, table, start, bytes.count, values) == CSJ_OK else { return nil }
    return (0..<count).map { Self.value(values[$0]) }
  }

  private static func value(_ value: csj_value) -> AuditValue? {
    switch value.kind {
    case CSJ_STRING: .string(Array(UnsafeBufferPointer(start: value.string, count: Int(value.length))))
    case CSJ_INTEGER: .integer(value.integer)
    case CSJ_NUMBER: .number(value.number)
    case CSJ_BOOLEAN: .boolean(value.boolean)
    default: nil
    }
  }
}

extension AuditValue {
  /// The text of a string.
  var text: String? {
    if case .string(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
  }
}
