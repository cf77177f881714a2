/// Sizes as people write them.
package enum ByteCount {
  private static let units: [(suffix: String, factor: Int)] = [
    ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30),
    ("", 1),
  ]

  /// Reads a whole number of bytes, kB, MB or GB (powers of 1,024); `nil` for anything else.
  package static func parse(_ text: String) -> Int? {
    let text = text.uppercased()
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
    guard let number = Int(text.dropLast(unit.suffix.count)), number > 0 else { return nil }
    let (bytes, overflowed) = number.multipliedReportingOverflow(by: unit.factor)
    return overflowed ? nil : bytes
  }
}
