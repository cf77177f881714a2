import Foundation

/// What a live view shows at one moment.
package protocol LiveViewContent {
  /// What is going on, like `restoring`. When it changes, a line is due at once.
  var phaseText: String { get }
  /// For a terminal: none of the lines is wider.
  func lines(columns: Int) -> [LiveViewText]
  /// For an output that is no terminal.
  var line: String { get }
}

/// Shows snapshots on standard output: redrawn in place on a terminal, a line a second elsewhere.
///
/// Thread rule: one thread at a time. ``end()`` gives the cursor back; nothing is drawn afterwards.
package final class LiveViewScreen {
  /// Where the view goes.
  package enum Mode {
    case terminal
    case lines
    case off
  }

  /// Whether standard output is a terminal that understands escape sequences.
  package static var isTerminal: Bool {
    StandardStream.output.isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Whether colours are welcome (<https://no-color.org>).
  package static var hasColours: Bool {
    isTerminal && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
  }

  package static let showCursor = "\u{1B}[?25h"
  private static let hideCursor = "\u{1B}[?25l"
  private static let lineInterval = Duration.seconds(1)

  package let mode: Mode
  /// Why a view could not be written, the first time.
  package private(set) var fault: OutputFault?
  private var height = 0
  private var lastLine: (time: ContinuousClock.Instant, phase: String)?

  package init(_ mode: Mode) {
    self.mode = mode
    if mode == .terminal { write(Self.hideCursor) }
  }

  /// How often a snapshot should be shown.
  package var interval: Duration { mode == .terminal ? .milliseconds(100) : .milliseconds(200) }

  package func show(_ snapshot: some LiveViewContent) {
    switch mode {
    case .terminal: redraw(snapshot)
    case .lines: addLine(snapshot)
    case .off: break
    }
  }

  /// Leaves the last frame where it is and gives the cursor back.
  package func end() {
    if mode == .terminal { write(Self.showCursor) }
  }

  private func redraw(_ snapshot: some LiveViewContent) {
    let size = StandardStream.output.size ?? (80, 24)
    // The last column stays free: some terminals wrap after it.
    let lines = snapshot.lines(columns: size.columns - 1).prefix(max(1, size.rows - 1))
    var text = height > 0 ? "\r\u{1B}[\(height)A" : ""
    for line in lines { text += (Self.hasColours ? line.ansi : line.plain) + "\u{1B}[K\n" }
    // What a higher frame left below.
    text += "\u{1B}[J"
    height = lines.count
    write(text)
  }

  private func addLine(_ snapshot: some LiveViewContent) {
    let now = ContinuousClock.now
    if let lastLine, lastLine.phase == snapshot.phaseText, now - lastLine.time < Self.lineInterval { return }
    lastLine = (now, snapshot.phaseText)
    write(snapshot.line + "\n")
  }

  private func write(_ text: String) {
    do throws(OutputFault) {
      try Output.draw(text)
    } catch {
      fault = fault ?? error
    }
  }
}
