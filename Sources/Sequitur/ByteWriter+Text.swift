extension ByteWriter {
  /// Appends a number in decimal digits.
  @inlinable
  public mutating func append(decimal value: UInt64) {
    if value < 10 { return append(UInt8(truncatingIfNeeded: 48 + value)) }
    // From the last digit to the first, into the place where they stay.
    let count = Self.digits(of: value)
    reserve(count)
    var rest = value
    var place = length + count
    while place > length {
      place -= 1
      start.storeBytes(of: UInt8(truncatingIfNeeded: 48 + rest % 10), toByteOffset: place, as: UInt8.self)
      rest /= 10
    }
    length += count
  }

  /// How many decimal digits a number has.
  @inlinable
  public static func digits(of value: UInt64) -> Int {
    var count = 1
    var bound: UInt64 = 10
    while value >= bound {
      count += 1
      // 10^20 is beyond 64 bits.
      if count == 20 { break }
      bound *= 10
    }
    return count
  }

  /// Appends a signed number in decimal digits.
  @inlinable
  public mutating func append(decimal value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(decimal: value.magnitude)
  }

  /// Appends `value` in decimal with leading zeros to `width` digits.
  mutating func append(decimal value: Int64, width: Int) {
    var power: Int64 = 1
    for _ in 1..<width { power *= 10 }
    while power > 0 {
      append(UInt8(48 + value / power % 10))
      power /= 10
    }
  }

  /// Appends a time as RFC 3339 in UTC with milliseconds, like `2026-11-23T13:05:00.000Z`.
  ///
  /// Days are turned into a date by Howard Hinnant's `civil_from_days`
  /// (<https://howardhinnant.github.io/date_algorithms.html>). Years outside 0…9999, which RFC 3339 cannot
  /// write, are clamped.
  ///
  /// - Parameter milliseconds: since 1970-01-01T00:00:00Z.
  public mutating func append(rfc3339 milliseconds: Int64) {
    let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    let days = clamped.flooredQuotient(by: 86_400_000)
    let time = clamped - days * 86_400_000
    let shifted = days + 719_468
    let era = shifted.flooredQuotient(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    append(decimal: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), width: 4)
    append(UInt8(ascii: "-"))
    append(decimal: month, width: 2)
    append(UInt8(ascii: "-"))
    append(decimal: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, width: 2)
    append(UInt8(ascii: "T"))
    append(decimal: time / 3_600_000, width: 2)
    append(UInt8(ascii: ":"))
    append(decimal: time / 60_000 % 60, width: 2)
    append(UInt8(ascii: ":"))
    append(decimal: time / 1000 % 60, width: 2)
    append(UInt8(ascii: "."))
    append(decimal: time % 1000, width: 3)
    append(UInt8(ascii: "Z"))
  }
}

extension Int64 {
  fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
