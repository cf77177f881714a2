import Foundation

/// Shows snapshots on standard output: redrawn in place on a terminal, a line a second elsewhere.
///
/// Thread rule: one thread at a time. ``end()`` gives the cursor back; nothing is drawn afterwards.
final class LiveViewScreen {
  /// Where the view goes.
  enum Mode {
    case terminal
    case lines
    case off
  }

  /// Whether standard output is a terminal that understands escape sequences.
  static var isTerminal: Bool {
    StandardStream.output.isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Whether colours are welcome (<https://no-color.org>).
  static var hasColours: Bool {
    isTerminal && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
  }

  static let showCursor = "\u{1B}[?25h"
  private static let hideCursor = "\u{1B}[?25l"
  private static let lineInterval = Duration.seconds(1)

  let mode: Mode
  /// Why a view could not be written, the first time.
  private(set) var fault: OutputFault?
  private var height = 0
  private var lastLine: (time: ContinuousClock.Instant, phase: LiveViewSnapshot.Phase)?

  init(_ mode: Mode) {
    self.mode = mode
    if mode == .terminal { write(Self.hideCursor) }
  }

  /// How often a snapshot should be shown.
  var interval: Duration { mode == .terminal ? .milliseconds(100) : .milliseconds(200) }

  func show(_ snapshot: LiveViewSnapshot) {
    switch mode {
    case .terminal: redraw(snapshot)
    case .lines: addLine(snapshot)
    case .off: break
    }
  }

  /// Leaves the last frame where it is and gives the cursor back.
  func end() {
    if mode == .terminal { write(Self.showCursor) }
  }

  private func redraw(_ snapshot: LiveViewSnapshot) {
    let size = StandardStream.output.size ?? (80, 24)
    // The last column stays free: some terminals wrap after it.
    let lines = LiveViewFrame(snapshot, columns: size.columns - 1).lines.prefix(max(1, size.rows - 1))
    var text = height > 0 ? "\r\u{1B}[\(height)A" : ""
    for line in lines { text += (Self.hasColours ? line.ansi : line.plain) + "\u{1B}[K\n" }
    // What a higher frame left below.
    text += "\u{1B}[J"
    height = lines.count
    write(text)
  }

  private func addLine(_ snapshot: LiveViewSnapshot) {
    let now = ContinuousClock.now
    if let lastLine, lastLine.phase == snapshot.phase, now - lastLine.time < Self.lineInterval { return }
    lastLine = (now, snapshot.phase)
    write(LiveViewFrame.line(snapshot) + "\n")
  }

  private func write(_ text: String) {
    do throws(OutputFault) {
      try Output.draw(text)
    } catch {
      fault = fault ?? error
    }
  }
}
