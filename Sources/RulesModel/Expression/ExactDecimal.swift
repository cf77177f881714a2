/// An exact decimal number: `unscaled` divided by ten to the power of `scale`.
///
/// Holds at most ``digitsMax`` digits. Every operation says when its result would have more, and rounds nothing
/// but where its name says so.
package struct ExactDecimal: Sendable, Hashable {
  /// How many digits a decimal may have, and how many of them behind the point.
  package static let digitsMax = 34
  /// The first magnitude that has too many digits: 10^34.
  package static let bound = powerOfTen(digitsMax)

  package var unscaled: Int128
  package var scale: Int

  package init(unscaled: Int128, scale: Int) {
    self.unscaled = unscaled
    self.scale = scale
  }

  /// Ten to the power of `exponent`, 0…38.
  package static func powerOfTen(_ exponent: Int) -> Int128 {
    var power: Int128 = 1
    for _ in 0..<exponent { power *= 10 }
    return power
  }

  /// Whether an unscaled value has at most ``digitsMax`` digits.
  package static func fits(_ unscaled: Int128) -> Bool { unscaled < bound && unscaled > -bound }

  /// Reads a number as JSON writes it, with an exponent or without; nil when it is none or has too many digits.
  ///
  /// Zeros at the end of a fraction count as places: `1.50` has the scale 2.
  package init?(jsonNumber text: some Sequence<UInt8>) {
    var unscaled: Int128 = 0
    var scale = 0
    var exponent = 0
    var (isNegative, isFraction, isExponent, isExponentNegative) = (false, false, false, false)
    var previous: UInt8 = 0
    for byte in text {
      defer { previous = byte }
      switch byte {
      case UInt8(ascii: "-"):
        if isExponent { isExponentNegative = true } else { isNegative = true }
      case UInt8(ascii: "+"): break
      case UInt8(ascii: "."): isFraction = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"): isExponent = true
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let digit = Int128(byte - UInt8(ascii: "0"))
        if isExponent {
          exponent = min(exponent * 10 + Int(digit), 1000)
        } else {
          // A zero behind 37 digits of a fraction adds nothing; anything else is too long.
          guard unscaled < Self.bound * 100 else {
            guard isFraction, digit == 0 else { return nil }
            continue
          }
          unscaled = unscaled * 10 + digit
          if isFraction { scale += 1 }
        }
      default: return nil
      }
    }
    guard previous >= UInt8(ascii: "0"), previous <= UInt8(ascii: "9") else { return nil }
    var value = ExactDecimal(unscaled: isNegative ? -unscaled : unscaled, scale: scale)
    guard value.shift(isExponentNegative ? -exponent : exponent) else { return nil }
    value.dropZeros(above: Self.digitsMax)
    guard value.scale <= Self.digitsMax, Self.fits(value.unscaled) else { return nil }
    self = value
  }

  /// Moves the point to the right by so many places.
  private mutating func shift(_ places: Int) -> Bool {
    scale -= places
    if unscaled == 0 {
      scale = max(scale, 0)
      scale = min(scale, Self.digitsMax)
      return true
    }
    while scale < 0 {
      guard unscaled < Self.bound, unscaled > -Self.bound else { return false }
      unscaled *= 10
      scale += 1
    }
    return true
  }

  /// Takes zeros from the end of the fraction while the scale, or the number of digits, is too large.
  private mutating func dropZeros(above scaleMax: Int) {
    while scale > 0, scale > scaleMax || !Self.fits(unscaled), unscaled % 10 == 0 {
      unscaled /= 10
      scale -= 1
    }
  }

  /// The same number with another scale; nil when it would be rounded or have too many digits.
  package func exactly(scale other: Int) -> ExactDecimal? {
    if other >= scale {
      guard let raised = Self.raise(unscaled, by: other - scale) else { return nil }
      return ExactDecimal(unscaled: raised, scale: other)
    }
    var lowered = unscaled
    for _ in other..<scale {
      guard lowered % 10 == 0 else { return nil }
      lowered /= 10
    }
    return ExactDecimal(unscaled: lowered, scale: other)
  }

  /// Multiplies by a power of ten; nil when the result has too many digits.
  package static func raise(_ unscaled: Int128, by places: Int) -> Int128? {
    guard unscaled != 0 else { return 0 }
    guard places <= digitsMax else { return nil }
    let (product, isOver) = unscaled.multipliedReportingOverflow(by: powerOfTen(places))
    return isOver || !fits(product) ? nil : product
  }

  /// Divides by a power of ten; a half is rounded away from zero.
  package static func lower(_ unscaled: Int128, by power: Int128) -> Int128 {
    let (quotient, rest) = unscaled.quotientAndRemainder(dividingBy: power)
    return quotient + roundingStep(rest: rest, divisor: power)
  }

  /// −1, 0 or 1: what rounds a truncated quotient to the nearest, a half away from zero.
  private static func roundingStep(rest: Int128, divisor: Int128) -> Int128 {
    guard rest.magnitude >= divisor.magnitude - rest.magnitude, rest != 0 else { return 0 }
    return (rest < 0) == (divisor < 0) ? 1 : -1
  }

  /// `left · 10^places / right`, rounded to the nearest, a half away from zero; nil when the result has too many
  /// digits. `right` is not zero.
  ///
  /// Divides digit by digit, as on paper: the dividend may have more than 128 bits.
  package static func divide(_ left: Int128, by right: Int128, places: Int) -> Int128? {
    let isNegative = (left < 0) != (right < 0)
    let divisor = right.magnitude
    var (quotient, rest) = left.magnitude.quotientAndRemainder(dividingBy: divisor)
    for _ in 0..<places {
      let (digit, left) = (rest * 10).quotientAndRemainder(dividingBy: divisor)
      let (tenfold, isOver) = quotient.multipliedReportingOverflow(by: 10)
      guard !isOver, tenfold < UInt128(bound) else { return nil }
      quotient = tenfold + digit
      rest = left
    }
    if rest >= divisor - rest { quotient += 1 }
    guard quotient < UInt128(bound) else { return nil }
    return isNegative ? -Int128(quotient) : Int128(quotient)
  }

  /// Below, at or above zero like the left number against the right one: exact, whatever the scales.
  package static func order(_ left: Int128, _ leftScale: Int, _ right: Int128, _ rightScale: Int) -> Int {
    if leftScale == rightScale { return left < right ? -1 : left == right ? 0 : 1 }
    if leftScale > rightScale { return -order(right, rightScale, left, leftScale) }
    // Raised beyond 34 digits it is further from zero than any decimal of the other scale.
    guard let raised = raise(left, by: rightScale - leftScale) else { return left < 0 ? -1 : 1 }
    return raised < right ? -1 : raised == right ? 0 : 1
  }
}

extension ExactDecimal: CustomStringConvertible {
  /// Like `-12.50`: as many places as the scale says.
  package var description: String {
    var digits = String(unscaled.magnitude)
    if scale > 0 {
      if digits.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.count) + digits }
      digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
    }
    return unscaled < 0 ? "-" + digits : digits
  }
}
