/// Reads times and durations as people and programs write them.
package enum TimeText {
  /// Milliseconds since 1970 of a time of RFC 3339, like `2026-11-23T13:05:00.5+01:00`; nil when it is none.
  ///
  /// Years 0000 to 9999; a leap second is the next second; digits beyond milliseconds are cut off. Days are counted by
  /// Howard Hinnant's `days_from_civil` (<https://howardhinnant.github.io/date_algorithms.html>).
  package static func milliseconds(rfc3339 bytes: UnsafeRawBufferPointer) -> Int64? {
    var scanner = Scanner(bytes: bytes)
    guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
      let day = scanner.number(2), scanner.take("T") || scanner.take("t") || scanner.take(" "),
      let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2), scanner.take(":"),
      let second = scanner.number(2)
    else { return nil }
    guard 1...12 ~= month, 1...days(of: month, year) ~= day, hour <= 23, minute <= 59, second <= 60 else {
      return nil
    }
    var fraction: Int64 = 0
    if scanner.take(".") {
      guard let digits = scanner.fraction() else { return nil }
      fraction = digits
    }
    guard let offset = scanner.zone(), scanner.isAtEnd else { return nil }
    let seconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second
    return seconds * 1000 + fraction
  }

  /// Milliseconds of a duration like `10m`, `24h` or `1h30m`; nil when it is none, or beyond 64 bits.
  package static func milliseconds(duration text: some StringProtocol) -> Int64? {
    var total: Int64 = 0
    var count: Int64?
    var unit = ""
    var last = Int64.max
    /// Adds what was read; units may only become smaller.
    func close() -> Bool {
      guard let number = count, let size = units.first(where: { $0.name == unit })?.milliseconds, size < last
      else { return false }
      let (product, isTooLong) = number.multipliedReportingOverflow(by: size)
      let (sum, isOver) = total.addingReportingOverflow(product)
      guard !isTooLong, !isOver else { return false }
      (total, count, unit, last) = (sum, nil, "", size)
      return true
    }
    for byte in text.utf8 {
      if byte >= 48, byte <= 57 {
        if !unit.isEmpty, !close() { return nil }
        let (tenfold, isTooLong) = (count ?? 0).multipliedReportingOverflow(by: 10)
        let (sum, isOver) = tenfold.addingReportingOverflow(Int64(byte - 48))
        guard !isTooLong, !isOver else { return nil }
        count = sum
      } else {
        guard count != nil, unit.utf8.count < 2 else { return nil }
        unit.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return close() ? total : nil
  }

  /// The units of a duration and their milliseconds, from the largest.
  package static let units: [(name: String, milliseconds: Int64)] = [
    ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// A duration in the largest units that give it exactly, like `1h30m`; `0s` for none.
  package static func text(duration milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var rest = milliseconds.magnitude
    var text = milliseconds < 0 ? "-" : ""
    for unit in units {
      let (count, left) = rest.quotientAndRemainder(dividingBy: UInt64(unit.milliseconds))
      if count > 0 { text += "\(count)\(unit.name)" }
      rest = left
    }
    return text
  }

  private static func days(of month: Int64, _ year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private struct Scanner {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    var isAtEnd: Bool { position == bytes.count }
    var next: UInt8 { position < bytes.count ? bytes[position] : 0 }
    var isAtDigit: Bool { next >= 48 && next <= 57 }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func number(_ digits: Int) -> Int64? {
      var number: Int64 = 0
      for _ in 0..<digits {
        guard isAtDigit else { return nil }
        number = number * 10 + Int64(next - 48)
        position += 1
      }
      return number
    }

    /// Milliseconds; nil without a digit.
    mutating func fraction() -> Int64? {
      guard isAtDigit else { return nil }
      var (milliseconds, weight): (Int64, Int64) = (0, 100)
      while isAtDigit {
        milliseconds += Int64(next - 48) * weight
        weight /= 10
        position += 1
      }
      return milliseconds
    }

    /// Minutes east of UTC.
    mutating func zone() -> Int64? {
      if take("Z") || take("z") { return 0 }
      let isWest = next == UInt8(ascii: "-")
      guard take("+") || take("-"), let hours = number(2), take(":"), let minutes = number(2), hours <= 23,
        minutes <= 59
      else { return nil }
      return isWest ? -(hours * 60 + minutes) : hours * 60 + minutes
    }
  }
}
