import Foundation
import ReadableText
import RulesModel
import Sequitur
import TerminalView

/// Times as people give them to a command: RFC 3339, milliseconds since 1970, or so long ago.
enum MomentText {
  static let phrase =
    "a time like 2026-11-30T08:00:00Z, milliseconds since 1970, or a duration like 24h for so long ago"

  /// Milliseconds since 1970; nil when the text is none of these.
  static func parse(_ text: String, now: Int64 = Int64(Date().timeIntervalSince1970 * 1000)) -> Int64? {
    if !text.isEmpty, text.utf8.allSatisfy({ 48...57 ~= $0 }) { return Int64(text) }
    if let ago = TimeText.milliseconds(duration: text) { return now - ago }
    return Array(text.utf8).withUnsafeBytes { TimeText.milliseconds(rfc3339: $0) }
  }

  /// The same of an option.
  /// - Throws: a ``CommandFailure`` that names it.
  static func parse(_ text: String?, of option: String) throws -> Int64? {
    guard let text else { return nil }
    guard let time = parse(text) else {
      throw CommandFailure(
        "Expected \(option) to be \(phrase), but it is `\(ShownText.line(text, atMost: 80))`.")
    }
    return time
  }
}
