/// A JSON document as a tree, read by the audit's own code, for places within it.
///
/// Plain rather than fast. What is no JSON gives nil.
indirect enum AuditTree {
  case null
  case boolean(Bool)
  /// As it is written.
  case number(String)
  case text(String)
  /// With the text that it stands in.
  case list([AuditTree], whole: String)
  case object([(name: String, value: AuditTree)], whole: String)

  private static let depthMax = 256

  init?(_ bytes: [UInt8]) {
    var reader = Reader(bytes: bytes)
    guard let tree = reader.value(0) else { return nil }
    reader.space()
    guard reader.index == bytes.count else { return nil }
    self = tree
  }

  /// The value at a path; nil where it is missing. Of a name that repeats the last one counts.
  func value(_ path: ArraySlice<String>) -> AuditTree? {
    guard let first = path.first else { return self }
    switch self {
    case .object(let members, _):
      return members.last { $0.name.utf8.elementsEqual(first.utf8) }?.value.value(path.dropFirst())
    case .list(let elements, _):
      guard let index = Int(first), String(index) == first, elements.indices.contains(index) else {
        return nil
      }
      return elements[index].value(path.dropFirst())
    case .null, .boolean, .number, .text: return nil
    }
  }

  /// The same for two documents that say the same.
  var canonical: String {
    switch self {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .number(let text): AuditTableValue.canonicalNumber(text)
    case .text(let text): "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    case .list(let elements, _): "[" + elements.map(\.canonical).joined(separator: ",") + "]"
    case .object(let members, _):
      "{"
        + Dictionary(members.map { (Array($0.name.utf8), $0.value.canonical) }) { $1 }
        .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        .map { "\(String(decoding: $0.key, as: UTF8.self)):\($0.value)" }.joined(separator: ",") + "}"
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var index = 0

    mutating func space() {
      while index < bytes.count, [0x20, 9, 10, 13].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
      guard index < bytes.count, bytes[index] == byte.asciiValue else { return false }
      index += 1
      return true
    }

    mutating func value(_ depth: Int) -> AuditTree? {
      space()
      guard index < bytes.count, depth < AuditTree.depthMax else { return nil }
      let start = index
      func whole(_ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }
      switch bytes[index] {
      case UInt8(ascii: "{"):
        index += 1
        var members: [(name: String, value: AuditTree)] = []
        space()
        if take("}") { return .object([], whole: whole(index)) }
        repeat {
          space()
          guard let name = text() else { return nil }
          space()
          guard take(":"), let value = value(depth + 1) else { return nil }
          members.append((name, value))
          space()
        } while take(",")
        return take("}") ? .object(members, whole: whole(index)) : nil
      case UInt8(ascii: "["):
        index += 1
        var elements: [AuditTree] = []
        space()
        if take("]") { return .list([], whole: whole(index)) }
        repeat {
          guard let value = value(depth + 1) else { return nil }
          elements.append(value)
          space()
        } while take(",")
        return take("]") ? .list(elements, whole: whole(index)) : nil
      case UInt8(ascii: "\""): return text().map { .text($0) }
      default:
        while index < bytes.count, ![0x20, 9, 10, 13, 0x2c, 0x5d, 0x7d].contains(bytes[index]) { index += 1 }
        switch whole(index) {
        case "null": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case let word: return Double(word) == nil ? nil : .number(word)
        }
      }
    }

    private mutating func text() -> String? {
      guard take("\"") else { return nil }
      var result: [UInt8] = []
      while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
        let byte = bytes[index]
        index += 1
        guard byte == UInt8(ascii: "\\") else {
          result.append(byte)
          continue
        }
        guard index < bytes.count else { return nil }
        index += 1
        switch bytes[index - 1] {
        case UInt8(ascii: "b"): result.append(8)
        case UInt8(ascii: "f"): result.append(12)
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "r"): result.append(13)
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "u"):
          guard var scalar = unit() else { return nil }
          if scalar & 0xfc00 == 0xd800 {
            guard take("\\"), take("u"), let low = unit() else { return nil }
            scalar = 0x10000 + (scalar & 0x3ff) << 10 + (low & 0x3ff)
          }
          guard let made = Unicode.Scalar(scalar) else { return nil }
          result += Array(String(Character(made)).utf8)
        case let plain: result.append(plain)
        }
      }
      return take("\"") ? String(validating: result, as: UTF8.self) : nil
    }

    private mutating func unit() -> UInt32? {
      guard index + 4 <= bytes.count else { return nil }
      defer { index += 4 }
      return UInt32(String(decoding: bytes[index..<(index + 4)], as: UTF8.self), radix: 16)
    }
  }
}
