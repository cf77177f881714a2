import ReadableText

/// How far `submit` is, as one line that fits the terminal.
struct SubmitProgress {
  /// How much of the file became commands, 0…1; nil for a pipe.
  let fraction: Double?
  let sent: Int
  let acknowledged: Int
  let seconds: Double

  private static let barColumns = 30

  /// The most that fits; the bar goes first, then the rate.
  func text(columns: Int) -> String {
    let counts = "\(sent.grouped) sent, \(acknowledged.grouped) acknowledged"
    let rate = " · \(Int(Double(sent) / max(seconds, 0.001)).grouped)/s"
    let percent = fraction.map { "\(Int(min(max($0, 0), 1) * 100)) % · " } ?? ""
    let long = fraction.map { "\(Self.bar($0)) " } ?? ""
    let choices = [long + percent + counts + rate, percent + counts + rate, percent + counts, counts]
    return choices.first { $0.count <= columns } ?? counts
  }

  /// A bar for a fraction of 0…1, like `[#####.....]`.
  private static func bar(_ fraction: Double) -> String {
    let filled = Int((min(max(fraction, 0), 1) * Double(barColumns)).rounded(.down))
    return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: barColumns - filled)
      + "]"
  }
}
