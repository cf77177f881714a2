/// A value of a table, as text that is the same for what is the same.
enum AuditTableValue {
  /// The value as one of this kind; nil for NULL. A value that is none of the kind stays as it is, and so equals no other.
  static func canonical(_ text: String?, _ kind: AuditedProjection.Kind) -> String? {
    guard let text else { return nil }
    switch kind {
    case .text, .date, .other: return text
    case .integer: return Int64(text).map(String.init) ?? text
    case .numeric: return canonicalNumber(text)
    case .double: return Double(text).map { "\($0)" } ?? text
    case .real: return Float(text).map { "\($0)" } ?? text
    case .boolean:
      return switch text {
      case "1", "t", "true": "true"
      case "0", "f", "false": "false"
      default: text
      }
    case .timestamp: return AuditTimeText.timestamp(text).map { "\($0)" } ?? text
    case .json: return AuditTree(Array(text.utf8))?.canonical ?? text
    case .bytes, .uuid: return text.lowercased()
    }
  }

  /// Bytes as both databases' values of bytes are compared: two lowercase digits each.
  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Whether two canonical values are the same.
  static func isEqual(_ left: String?, _ right: String?, _ kind: AuditedProjection.Kind, isSum: Bool) -> Bool
  {
    guard let left, let right else { return left == nil && right == nil }
    if left.utf8.elementsEqual(right.utf8) || kind == .other { return true }
    switch kind {
    case .timestamp:
      // PostgreSQL rounds to the microsecond, which may be the next millisecond.
      guard let left = Int64(left), let right = Int64(right) else { return false }
      return abs(left - right) <= 1
    case .double, .real:
      // Sums of doubles depend on their order.
      guard isSum, let left = Double(left), let right = Double(right) else { return false }
      return abs(left - right) <= 1e-9 * max(abs(left), abs(right))
    case .text, .integer, .numeric, .boolean, .date, .json, .bytes, .uuid, .other: return false
    }
  }

  /// Digits without zeros at either end, and a power of ten.
  static func canonicalNumber(_ text: String) -> String {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative { rest.removeFirst() }
    let mantissa = rest.prefix { $0 != "e" && $0 != "E" }
    var power = Int(rest.dropFirst(mantissa.count + 1)) ?? 0
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ $0.utf8.allSatisfy { 48...57 ~= $0 } }) else { return text }
    if parts.count == 2 { power -= parts[1].count }
    var digits = Array(parts.joined().drop { $0 == "0" })
    while digits.last == "0" {
      digits.removeLast()
      power += 1
    }
    return digits.isEmpty ? "0" : "\(isNegative ? "-" : "")\(String(digits))e\(power)"
  }

  /// A sum, where it can be told exactly; a sum of doubles as they come.
  static func sum(_ left: String, _ right: String, _ kind: AuditedProjection.Kind) -> String? {
    switch kind {
    case .double, .real:
      guard let left = Double(left), let right = Double(right) else { return nil }
      return "\(left + right)"
    default:
      let scale = 16
      guard let left = AuditDecimal(json: left, scale: scale),
        let right = AuditDecimal(json: right, scale: scale)
      else { return nil }
      return left.adding(right)?.description
    }
  }
}
