/// Times and durations as commands may carry them in texts.
enum AuditTimeText {
  /// Milliseconds since 1970 of a time of RFC 3339; nil when it is none. Digits beyond milliseconds are cut off, a leap
  /// second is the next second.
  static func timestamp(_ text: String) -> Int64? {
    let pattern =
      #/([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})/#
    guard let match = text.wholeMatch(of: pattern.asciiOnlyDigits()) else { return nil }
    let isLeapSecond = match.6 == "60"
    guard let zone = offset(match.8) else { return nil }
    let second = isLeapSecond ? "59" : match.6
    let milliseconds = (match.7.map { $0.dropFirst() + "00" } ?? "000").prefix(3)
    let utc = "\(match.1)-\(match.2)-\(match.3)T\(match.4):\(match.5):\(second).\(milliseconds)Z"
    guard let time = Array(utc.utf8).withUnsafeBytes({ RFC3339Time.milliseconds($0) }) else { return nil }
    return time + (isLeapSecond ? 1000 : 0) - zone * 60_000
  }

  /// Minutes east of UTC.
  private static func offset(_ zone: Substring) -> Int64? {
    guard zone.count > 1 else { return 0 }
    guard let hours = Int64(zone.dropFirst().prefix(2)), let minutes = Int64(zone.suffix(2)), hours < 24,
      minutes < 60
    else { return nil }
    return (hours * 60 + minutes) * (zone.first == "-" ? -1 : 1)
  }

  /// Milliseconds of a duration like `1h30m`; nil when it is none or beyond 64 bits.
  static func duration(_ text: String) -> Int64? {
    let units: [(String, Int64)] = [
      ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    var rest = text[...]
    var total: Int64 = 0
    var next = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { "0"..."9" ~= $0 }
      let unit = rest.dropFirst(digits.count).prefix { !("0"..."9" ~= $0) }
      guard let count = Int64(digits), let index = units.firstIndex(where: { $0.0 == unit }), index >= next
      else {
        return nil
      }
      let (product, isLarge) = count.multipliedReportingOverflow(by: units[index].1)
      let (sum, isLarger) = total.addingReportingOverflow(product)
      guard !isLarge, !isLarger else { return nil }
      (total, next) = (sum, index + 1)
      rest = rest.dropFirst(digits.count + unit.count)
    }
    return total
  }
}
