import Foundation

/// Standard error for people: errors, and one line of progress where a person is watching.
enum Terminal {
  /// Whether standard error is a terminal.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// Writes a paragraph to standard error.
  static func printError(_ text: String) {
    write(isInteractive ? "\r\u{1B}[K\(text)\n" : "\(text)\n")
  }

  /// Replaces the progress line; does nothing where no terminal is.
  static func show(progress text: String) {
    guard isInteractive else { return }
    write("\r\u{1B}[K\(text)")
  }

  /// Removes the progress line.
  static func clearProgress() {
    guard isInteractive else { return }
    write("\r\u{1B}[K")
  }

  /// A bar for a fraction of 0…1, like `[#####.....]`.
  static func bar(_ fraction: Double, width: Int = 30) -> String {
    let filled = Int((min(max(fraction, 0), 1) * Double(width)).rounded(.down))
    return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
  }

  private static func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}

extension Int {
  /// With a thin separator for people, like `65,533`.
  var grouped: String {
    let digits = String(magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return self < 0 ? "-" + text : text
  }

  /// With its noun, in the plural unless it is one: `1 object`, `1,200 objects`.
  func counted(_ noun: String) -> String { "\(grouped) \(noun)\(self == 1 ? "" : "s")" }
}
