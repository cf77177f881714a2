import ReadableText

/// Numbers and bars as a live view writes them.
package enum Figures {
  private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Like `3.2 s`.
  package static func seconds(_ duration: Duration) -> String { "\(tenths(duration / .seconds(1))) s" }

  /// Like `4.1 ms`.
  package static func milliseconds(_ duration: Duration) -> String {
    "\(tenths(duration / .milliseconds(1))) ms"
  }

  /// The text at the right of so many columns.
  package static func right(_ text: String, _ columns: Int) -> String {
    String(repeating: " ", count: max(0, columns - text.count)) + text
  }

  /// A bar of a fraction of 0…1 with its rest.
  package static func bar(_ fraction: Double, columns: Int) -> LiveViewText {
    let filled = length(fraction, columns)
    var line = LiveViewText(String(repeating: "━", count: filled), .good)
    line.append(String(repeating: "─", count: max(0, columns - filled)), .dim)
    return line
  }

  /// A bar without its rest; something that is there has one column at least.
  package static func solid(_ fraction: Double, columns: Int) -> String {
    guard fraction > 0, columns > 0 else { return "" }
    return String(repeating: "━", count: max(1, length(fraction, columns)))
  }

  /// The newest values as blocks, the highest of them full.
  package static func sparkline(_ values: [Double], columns: Int) -> String {
    let shown = values.suffix(columns)
    guard let highest = shown.max(), highest > 0 else { return "" }
    return String(
      shown.map { value in
        blocks[min(blocks.count - 1, Int(value / highest * Double(blocks.count)))]
      })
  }

  private static func length(_ fraction: Double, _ columns: Int) -> Int {
    Int((min(max(fraction, 0), 1) * Double(max(0, columns))).rounded(.down))
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\((tenths / 10).grouped).\(tenths % 10)"
  }
}
