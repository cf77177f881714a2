/// An exact decimal number of at most 34 digits, reckoned by the audit's own code: with twice the width where the decider
/// divides digit by digit.
struct AuditDecimal: Equatable, CustomStringConvertible {
  static let digitsMax = 34
  /// 10^34.
  private static let bound = power(digitsMax)

  let unscaled: Int128
  /// Digits behind the point.
  let scale: Int

  /// Nil when it has more than 34 digits.
  init?(unscaled: Int128, scale: Int) {
    guard unscaled.magnitude < Self.bound else { return nil }
    self.unscaled = unscaled
    self.scale = scale
  }

  /// A number as JSON writes it with so many places; nil when it is none, or has more places or digits.
  init?(json text: String, scale: Int) {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative { rest.removeFirst() }
    let mantissa = rest.prefix { $0 != "e" && $0 != "E" }
    let exponentText = rest.dropFirst(mantissa.count).dropFirst()
    guard let exponent = exponentText.isEmpty ? 0 : Self.exponent(exponentText) else { return nil }
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, !parts[0].isEmpty, parts.allSatisfy({ $0.allSatisfy(\.isASCIIDigit) }) else {
      return nil
    }
    let fraction = parts.count == 2 ? parts[1] : ""
    var digits = Array((String(parts[0]) + fraction).utf8.map { $0 - 48 })
    // The number is these digits times ten to this power.
    var power = exponent - fraction.count
    while digits.last == 0 {
      digits.removeLast()
      power += 1
    }
    digits = Array(digits.drop { $0 == 0 })
    if digits.isEmpty {
      self.init(unscaled: 0, scale: scale)
      return
    }
    // Trailing zeros, so that there are as many places as wanted.
    let zeros = power + scale
    guard zeros >= 0, digits.count + zeros <= Self.digitsMax else { return nil }
    digits += Array(repeating: 0, count: zeros)
    let value = digits.reduce(Int128(0)) { $0 * 10 + Int128($1) }
    self.init(unscaled: isNegative ? -value : value, scale: scale)
  }

  private static func exponent(_ text: Substring) -> Int? {
    let digits = text.first == "+" || text.first == "-" ? text.dropFirst() : text
    guard !digits.isEmpty, digits.allSatisfy(\.isASCIIDigit) else { return nil }
    let value = digits.drop { $0 == "0" }.count > 6 ? 1_000_000 : Int(digits) ?? 0
    return text.first == "-" ? -value : value
  }

  private static func power(_ exponent: Int) -> UInt128 {
    (0..<exponent).reduce(1) { product, _ in product * 10 }
  }

  /// With more places; nil when there would be too many digits.
  func raised(to other: Int) -> AuditDecimal? {
    let (product, isOver) = unscaled.magnitude.multipliedReportingOverflow(
      by: Self.power(max(0, other - scale)))
    guard !isOver, product < Self.bound else { return nil }
    return AuditDecimal(unscaled: unscaled < 0 ? -Int128(product) : Int128(product), scale: other)
  }

  /// With fewer places, a half rounded away from zero.
  func rounded(to other: Int) -> AuditDecimal? {
    guard other < scale else { return raised(to: other) }
    let divisor = Self.power(scale - other)
    // Half of the divisor more, and cut: the divisor is even.
    let magnitude = (unscaled.magnitude + divisor / 2) / divisor
    return AuditDecimal(unscaled: unscaled < 0 ? -Int128(magnitude) : Int128(magnitude), scale: other)
  }

  func adding(_ other: AuditDecimal) -> AuditDecimal? {
    AuditDecimal(unscaled: unscaled + other.unscaled, scale: scale)
  }

  func subtracting(_ other: AuditDecimal) -> AuditDecimal? {
    AuditDecimal(unscaled: unscaled - other.unscaled, scale: scale)
  }

  func multiplied(by other: AuditDecimal) -> AuditDecimal? {
    let (high, low) = unscaled.magnitude.multipliedFullWidth(by: other.unscaled.magnitude)
    guard high == 0, low < Self.bound else { return nil }
    let isNegative = (unscaled < 0) != (other.unscaled < 0)
    return AuditDecimal(unscaled: isNegative ? -Int128(low) : Int128(low), scale: scale + other.scale)
  }

  /// At this number's scale, a half rounded away from zero. The divisor, of the same scale, is not zero.
  func divided(by other: AuditDecimal) -> AuditDecimal? {
    let divisor = other.unscaled.magnitude
    let dividend = unscaled.magnitude.multipliedFullWidth(by: Self.power(scale))
    guard dividend.high < divisor else { return nil }
    var (quotient, rest) = divisor.dividingFullWidth(dividend)
    if rest >= divisor - rest { quotient += 1 }
    guard quotient < Self.bound else { return nil }
    let isNegative = (unscaled < 0) != (other.unscaled < 0)
    return AuditDecimal(unscaled: isNegative ? -Int128(quotient) : Int128(quotient), scale: scale)
  }

  func remainder(by other: AuditDecimal) -> AuditDecimal? {
    let rest = unscaled.magnitude % other.unscaled.magnitude
    return AuditDecimal(unscaled: unscaled < 0 ? -Int128(rest) : Int128(rest), scale: scale)
  }

  var description: String {
    var digits = String(unscaled.magnitude)
    if digits.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.count) + digits }
    if scale > 0 { digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale)) }
    return unscaled < 0 ? "-" + digits : digits
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { "0"..."9" ~= self }
}
