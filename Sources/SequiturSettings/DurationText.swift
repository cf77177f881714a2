/// Times as people write them.
package enum DurationText {
  private static let units: [(suffix: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000),
  ]

  /// Reads a whole number of ms, s, m or h; `nil` for anything else, also without a unit.
  package static func parse(_ text: String) -> Duration? {
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
    guard let number = Int64(text.dropLast(unit.suffix.count)), number > 0 else { return nil }
    let (milliseconds, overflowed) = number.multipliedReportingOverflow(by: unit.milliseconds)
    return overflowed ? nil : .milliseconds(milliseconds)
  }
}
