import ReadableText
import TerminalView

/// Prints what a demo found, for people.
package struct DemoPrinter {
  /// A narrower terminal gets narrower rows, which end between words.
  private static let columns = min(78, (StandardStream.output.size?.columns ?? 80) - 1)
  private static let valueColumn = 23
  private let hasColours: Bool

  package init(hasColours: Bool) { self.hasColours = hasColours }

  package func show(auditing commands: Int) throws(OutputFault) {
    try line("")
    try line(LiveViewText("Auditing all four topics, by code of its own…", .dim))
  }

  /// The samples: place, key, value, headers.
  package func show(_ samples: [DemoSample]) throws(OutputFault) {
    for sample in samples {
      try heading(sample.title, sample.place)
      try unbrokenField("key", sample.key, .bold)
      try unbrokenField("value", sample.value, .bold)
      for header in sample.headers { try field(header.name, header.value) }
    }
  }

  package func show(_ summary: DemoSummary) throws(OutputFault) {
    try heading("summary")
    try field(
      "commands",
      "\(summary.commands.grouped) in \(Figures.seconds(.seconds(summary.seconds)))"
        + ", up to \(Int(summary.commandsPerSecondMax).grouped)/s", .bold)
    try field("events", "\(summary.events.grouped)  " + counts(summary.eventTypes))
    try field("rejections", "\(summary.rejections.grouped)")
    for (code, count) in summary.rejectionCodes.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      try field("  \(code)", count.grouped)
    }
    try field("orders", "\(summary.objects.grouped) exist at the end")
    try field(
      "transactions",
      "\(summary.transactions.grouped), the last ones in "
        + "\(Figures.milliseconds(.milliseconds(summary.commitMilliseconds.p50))) (p50), "
        + "\(Figures.milliseconds(.milliseconds(summary.commitMilliseconds.p99))) (p99)")
    try verdict(
      "prediction", summary.differences, "every outcome is the one the generator predicted")
    try verdict(
      "audit", summary.faults + (summary.faultCount > summary.faults.count ? ["… and more"] : []),
      "one outcome for each command, versions without gap, states as the events say")
    for note in summary.notShown { try field("not shown", note) }
  }

  package func show(kept directory: String) throws(OutputFault) { try field("state kept", directory) }

  package func show(topics cluster: DemoCluster) throws(OutputFault) {
    try field("topics kept", cluster.topics.all.joined(separator: ", "))
  }

  private func verdict(_ name: String, _ faults: [String], _ good: String) throws(OutputFault) {
    guard !faults.isEmpty else { return try field(name, "✓ \(good)", .good) }
    try field(name, "✗ \(faults.count.grouped) found", .bad)
    for fault in faults { try line(LiveViewText("    \(fault)", .bad)) }
  }

  private func counts(_ counts: [String: Int]) -> String {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \($0.value.grouped)" }.joined(separator: " · ")
  }

  private func heading(_ title: String, _ place: String = "") throws(OutputFault) {
    try line("")
    var text = LiveViewText("── ", .dim)
    text.append(title, .cool)
    text.append(" ", .dim)
    text.append(String(repeating: "─", count: max(2, Self.columns - text.width - place.count - 1)), .dim)
    text.append(place.isEmpty ? "" : " \(place)", .dim)
    try line(text)
  }

  /// A name and a text, which goes on below itself where it is long.
  private func field(_ name: String, _ text: String, _ look: LiveViewText.Look = .plain) throws(OutputFault) {
    let room = max(Self.columns - Self.valueColumn, 20)
    var rows = [""]
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if !rows[rows.count - 1].isEmpty, rows[rows.count - 1].count + word.count >= room {
        rows.append(String(word))
      } else {
        rows[rows.count - 1] += (rows[rows.count - 1].isEmpty ? "" : " ") + word
      }
    }
    for (index, row) in rows.enumerated() { try unbrokenField(index == 0 ? name : "", row, look) }
  }

  /// The same in one line, so that it can be copied.
  private func unbrokenField(_ name: String, _ text: String, _ look: LiveViewText.Look) throws(OutputFault) {
    var row = LiveViewText("  \(name)", .dim)
    row.pad(to: Self.valueColumn)
    row.append((row.width > Self.valueColumn ? " " : "") + text, look)
    try line(row)
  }

  private func line(_ text: LiveViewText) throws(OutputFault) {
    try Output.draw((hasColours ? text.ansi : text.plain) + "\n")
  }
}
