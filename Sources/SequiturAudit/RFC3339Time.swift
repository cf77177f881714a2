/// Times like `2026-11-23T13:05:00.000Z`.
enum RFC3339Time {
  /// Milliseconds since 1970 of a time in UTC with milliseconds, as events carry it; nil when it is none.
  static func milliseconds(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    let pattern = Array("0000-00-00T00:00:00.000Z".utf8)
    guard bytes.count == pattern.count else { return nil }
    let fits = zip(bytes, pattern).allSatisfy { byte, sample in
      sample == 48 ? byte >= 48 && byte <= 57 : byte == sample
    }
    guard fits else { return nil }
    func number(_ range: Range<Int>) -> Int64 {
      range.reduce(0) { $0 * 10 + Int64(bytes[$1] - 48) }
    }
    let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
    let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
    guard 1...12 ~= month, 1...daysOfMonth(month, year) ~= day, hour < 24, minute < 60, second < 60 else {
      return nil
    }
    let seconds = ((days(before: year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    return seconds * 1000 + number(20..<23)
  }

  /// The first and the last that four digits of a year can tell: others are told as these.
  static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

  private static func isLeap(_ year: Int64) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func daysOfMonth(_ month: Int64, _ year: Int64) -> Int64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01, counted year by year and month by month: slow and plain, unlike the engine's.
  private static func days(before year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    // Leap days before a year, from year 0 on, which is one itself.
    func leapDays(_ year: Int64) -> Int64 {
      year == 0 ? 0 : 1 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400
    }
    var days = 365 * (year - 1970) + leapDays(year) - leapDays(1970)
    for earlier in 1..<month { days += daysOfMonth(earlier, year) }
    return days + day - 1
  }
}
