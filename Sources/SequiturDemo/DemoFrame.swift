import ReadableText
import SequiturWorker
import TerminalView

/// Draws a snapshot as lines: a function of the snapshot and the width alone.
struct DemoFrame {
  /// Wider terminals are not used further: long bars say no more.
  static let columnsMax = 100
  /// Names at the left, then figures at the right of their own columns.
  private static let labelColumns = 24
  private static let figureColumns = 8

  let snapshot: DemoSnapshot
  private let columns: Int

  /// - Parameter columns: the terminal's width.
  init(_ snapshot: DemoSnapshot, columns: Int) {
    self.snapshot = snapshot
    self.columns = min(columns, Self.columnsMax)
  }

  /// The lines, none of them wider than the terminal.
  var lines: [LiveViewText] {
    var lines: [LiveViewText] = [title, progress, ""]
    lines.append(throughput)
    lines.append(share("accepted", snapshot.accepted, .good))
    lines.append(share("rejected", snapshot.rejections, .warm))
    lines += codes
    lines.append(commit)
    lines.append(lag)
    if let restore { lines.append(restore) }
    return lines.map { $0.cut(to: columns) }
  }

  private var title: LiveViewText {
    var line = LiveViewText("Sequitur demo", .bold)
    line.append(" · \(snapshot.broker)", .dim)
    return line
  }

  /// What the run is at, a bar, and how far it is.
  private var progress: LiveViewText {
    let fraction = snapshot.total == 0 ? 0 : Double(snapshot.commands) / Double(snapshot.total)
    let figures =
      " \(snapshot.commands.grouped) of \(snapshot.total.grouped)  "
      + "\(Int(fraction * 100)) %  \(Figures.seconds(snapshot.elapsed))"
    var line = LiveViewText(snapshot.phase.text, snapshot.phase == .done ? .good : .cool)
    line.append("  ")
    let room = columns - line.width - figures.count
    if room >= 8 { line.append(Figures.bar(fraction, columns: room)) }
    line.append(figures)
    return line
  }

  private var throughput: LiveViewText {
    var line = label("throughput")
    line.append(figure("\(Int(snapshot.rates.last ?? 0).grouped)/s"), .bold)
    line.append("  ")
    line.append(Figures.sparkline(snapshot.rates, columns: max(0, columns - line.width)), .cool)
    return line
  }

  private func share(_ name: String, _ count: Int, _ look: LiveViewText.Look) -> LiveViewText {
    var line = label(name)
    line.append(figure(count.grouped), look)
    line.append("  ")
    let fraction = Double(count) / Double(max(snapshot.commands, 1))
    line.append(Figures.solid(fraction, columns: columns - line.width), look)
    return line
  }

  /// The rejections by code, the most frequent first; their bars are as long as the most frequent allows.
  private var codes: [LiveViewText] {
    let most = snapshot.rejected.values.max() ?? 1
    return snapshot.rejected.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { code, count in
      var line = label("  " + code)
      line.append(figure(count.grouped))
      line.append("  ")
      let room = min(columns - line.width, 30)
      line.append(Figures.solid(Double(count) / Double(most), columns: room), .dim)
      return line
    }
  }

  private var commit: LiveViewText {
    var line = label("commit")
    guard let median = snapshot.commitPercentile(50), let tail = snapshot.commitPercentile(99) else {
      line.append("no transaction yet", .dim)
      return line
    }
    line.append("p50 \(Figures.milliseconds(median)) · p99 \(Figures.milliseconds(tail))")
    line.append(" · \(snapshot.transactions.grouped) transactions", .dim)
    return line
  }

  /// The commands that wait: all, and by partition.
  private var lag: LiveViewText {
    var line = label("lag")
    let sum = snapshot.lags.values.reduce(0, +)
    line.append(figure(Int(sum).grouped), sum > 0 ? .warm : .plain)
    line.append("  ")
    for (partition, count) in snapshot.lags.sorted(by: { $0.key < $1.key }) {
      line.append("\(partition): ", .dim)
      line.append("\(Int(count).grouped)  ")
    }
    return line
  }

  /// Only while there is something to restore.
  private var restore: LiveViewText? {
    let open = snapshot.restoring.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    guard !open.isEmpty else { return nil }
    var line = label("to restore")
    line.append(figure(Int(open.reduce(0) { $0 + $1.value }).grouped), .cool)
    line.append("  ")
    if snapshot.restore.records > 0 {
      line.append(Self.speed(snapshot.restore) + "  ", .dim)
    }
    for (partition, count) in open {
      line.append("\(partition): ", .dim)
      line.append("\(Int(count).grouped)  ")
    }
    return line
  }

  /// Like `82,000/s 12.3 MB 4 s left`.
  private static func speed(_ restore: RestoreProgress) -> String {
    let left = restore.secondsLeft.isFinite ? " \(Int(restore.secondsLeft.rounded(.up)).grouped) s left" : ""
    return "\(Int(restore.recordsPerSecond).grouped)/s \((restore.bytes >> 20).grouped) MB\(left)"
  }

  private func figure(_ text: String) -> String { Figures.right(text, Self.figureColumns) }

  private func label(_ text: String) -> LiveViewText {
    var line = LiveViewText("  " + text, .dim)
    line.pad(to: Self.labelColumns)
    return line
  }
}

extension DemoSnapshot: LiveViewContent {
  var phaseText: String { phase.text }

  func lines(columns: Int) -> [LiveViewText] { DemoFrame(self, columns: columns).lines }

  var line: String { DemoFrame.line(self) }
}

extension DemoFrame {
  /// The same for an output that is no terminal, in one line.
  static func line(_ snapshot: DemoSnapshot) -> String {
    var parts = [
      Figures.right(Figures.seconds(snapshot.elapsed), 6), snapshot.phase.text,
      "\(snapshot.commands.grouped) of \(snapshot.total.grouped)",
    ]
    if snapshot.commands > 0 {
      parts.append("\(Int(snapshot.rates.last ?? 0).grouped)/s")
      parts.append("accepted \(snapshot.accepted.grouped)")
      parts.append("rejected \(snapshot.rejections.grouped)")
    }
    if let median = snapshot.commitPercentile(50), let tail = snapshot.commitPercentile(99) {
      parts.append("commit p50 \(Figures.milliseconds(median)) p99 \(Figures.milliseconds(tail))")
    }
    parts.append("lag \(Int(snapshot.lags.values.reduce(0, +)).grouped)")
    let restoring = snapshot.restoring.values.reduce(0, +)
    if restoring > 0 { parts.append("to restore \(Int(restoring).grouped)") }
    if restoring > 0, snapshot.restore.records > 0 { parts.append(speed(snapshot.restore)) }
    return parts.joined(separator: "  ")
  }
}
