import Foundation
import ReadableText
import Synchronization

/// Standard error for people: errors, and one line of progress where a person is watching.
package enum Terminal {
  /// Whether standard error is a terminal.
  package static let isInteractive = StandardStream.error.isTerminal

  /// The first paragraph that could not be written, and why: faults that a command found may be its result.
  package static var lost: OutputFault? { firstLost.withLock { $0 } }
  private static let firstLost = Mutex<OutputFault?>(nil)

  /// Writes a paragraph to standard error. Characters that act on a terminal are shown instead.
  package static func printError(_ text: String) {
    do throws(OutputFault) {
      try StandardStream.error.write("\(erasure)\(ShownText.paragraph(text))\n")
    } catch {
      firstLost.withLock { $0 = $0 ?? error }
    }
  }

  /// How long a line may be. The last column stays free: some terminals wrap after it, and a wrapped line is not
  /// erased.
  package static var columns: Int { max(1, (StandardStream.error.size?.columns ?? 80) - 1) }

  /// Replaces the progress line; does nothing where no terminal is.
  package static func show(progress text: String) {
    guard isInteractive else { return }
    write("\(erasure)\(LiveViewText(text).cut(to: columns).plain)")
  }

  /// Removes the progress line.
  package static func clearProgress() { write(erasure) }

  /// Writes a line of the log, with the progress line out of its way.
  package static func log(_ line: String) { write(erasure + line) }

  /// Back to the line's begin and erase it; nothing where no terminal is.
  private static let erasure = isInteractive ? "\r\u{1B}[K" : ""

  /// What is lost here is no result.
  private static func write(_ text: String) {
    if !text.isEmpty { try? StandardStream.error.write(text) }
  }
}
