/// Reads named members of JSON objects.
struct AuditFields: Sendable {
  /// The names in the order of their bytes, and where each one's value goes.
  private let names: [(bytes: [UInt8], index: Int)]

  /// - Parameter names: each once.
  init(_ names: [String]) {
    self.names = names.enumerated().map { (Array($0.element.utf8), $0.offset) }
      .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }

  /// The values in the order of the names, nil for a missing or null one, the last one of several; nil when it is no
  /// JSON object.
  func read(_ bytes: UnsafeRawBufferPointer?) -> [AuditValue?]? { readAll(bytes)?.values }

  /// The same, with the names of all members in their order.
  func readAll(_ bytes: UnsafeRawBufferPointer?) -> (values: [AuditValue?], names: [[UInt8]])? {
    guard let bytes else { return nil }
    var values = [AuditValue?](repeating: nil, count: names.count)
    var found: [[UInt8]] = []
    do throws(AuditJSON.Refused) {
      try AuditJSON.readMembers(of: bytes) { document, name, value, _ in
        let name = document.bytes(of: name)
        found.append(name)
        guard let index = index(of: name) else { return }
        values[index] = AuditValue(value, in: document)
      }
    } catch {
      return nil
    }
    return (values, found)
  }

  private func index(of name: [UInt8]) -> Int? {
    var (low, high) = (0, names.count)
    while low < high {
      let middle = (low + high) / 2
      if names[middle].bytes == name { return names[middle].index }
      if names[middle].bytes.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
    }
    return nil
  }
}

/// A value of a field.
enum AuditValue: Equatable {
  case string([UInt8])
  case number(AuditNumber)
  case boolean(Bool)
  case decimal(AuditDecimal)
  /// An array of strings.
  case list([[UInt8]])
  /// An object, or another array.
  case nested
  /// Some value, or none, that the audit cannot reckon.
  case unknown

  /// Nil for null.
  fileprivate init?(_ value: AuditJSON.Value, in document: AuditJSON) {
    switch value {
    case .string(let text): self = .string(document.bytes(of: text))
    case .number(let number): self = .number(number)
    case .boolean(let boolean): self = .boolean(boolean)
    case .null: return nil
    case .array(let texts?): self = .list(texts.map { document.bytes(of: $0) })
    case .object, .array(nil): self = .nested
    }
  }

  /// The text of a string.
  var text: String? {
    if case .string(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
  }

  /// The integer, when it is one within 64 bits.
  var integer: Int64? {
    if case .number(let number) = self, case .integer(let integer) = number.value { integer } else { nil }
  }

  /// As people read it, in part when it is long.
  var shown: String {
    switch self {
    case .string(let bytes): "'\(String(decoding: bytes.prefix(80), as: UTF8.self))'"
    case .number(let number): number.description
    case .boolean(let boolean): "\(boolean)"
    case .decimal(let decimal): "\(decimal)"
    case .list(let items):
      "["
        + items.prefix(10).map { "'\(String(decoding: $0.prefix(80), as: UTF8.self))'" }.joined(
          separator: ", ")
        + (items.count > 10 ? ", …]" : "]")
    case .nested: "an object or a list"
    case .unknown: "not known"
    }
  }
}
