/// Prints what a demo found, for people.
struct DemoPrinter {
  private static let columns = 78
  private static let valueColumn = 23
  let hasColours: Bool

  func show(auditing commands: Int) {
    line("")
    line(LiveViewText("Auditing all four topics, by code of its own…", .dim))
  }

  /// The samples: place, key, value, headers.
  func show(_ samples: [DemoSample]) {
    for sample in samples {
      heading(sample.title, sample.place)
      unbrokenField("key", sample.key, .bold)
      unbrokenField("value", sample.value, .bold)
      for header in sample.headers { field(header.name, header.value) }
    }
  }

  func show(_ summary: DemoSummary) {
    heading("summary")
    field(
      "commands",
      "\(summary.commands.grouped) in \(Figures.seconds(.seconds(summary.seconds)))"
        + ", up to \(Int(summary.commandsPerSecondMax).grouped)/s", .bold)
    field("events", "\(summary.events.grouped)  " + counts(summary.eventTypes))
    field("rejections", "\(summary.rejections.grouped)")
    for (code, count) in summary.rejectionCodes.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      field("  \(code)", count.grouped)
    }
    field("orders", "\(summary.objects.grouped) exist at the end")
    field(
      "transactions",
      "\(summary.transactions.grouped), the last ones in "
        + "\(Figures.milliseconds(.milliseconds(summary.commitMilliseconds.p50))) (p50), "
        + "\(Figures.milliseconds(.milliseconds(summary.commitMilliseconds.p99))) (p99)")
    verdict(
      "prediction", summary.differences, "every outcome is the one the generator predicted")
    verdict(
      "audit", summary.faults + (summary.faultCount > summary.faults.count ? ["… and more"] : []),
      "one outcome for each command, versions without gap, states as the events say")
    for note in summary.notShown { field("not shown", note) }
  }

  func show(kept directory: String) { field("state kept", directory) }

  func show(topics cluster: DemoCluster) {
    field("topics kept", cluster.topics.all.joined(separator: ", "))
  }

  private func verdict(_ name: String, _ faults: [String], _ good: String) {
    guard !faults.isEmpty else { return field(name, "✓ \(good)", .good) }
    field(name, "✗ \(faults.count.grouped) found", .bad)
    for fault in faults { line(LiveViewText("    \(fault)", .bad)) }
  }

  private func counts(_ counts: [String: Int]) -> String {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \($0.value.grouped)" }.joined(separator: " · ")
  }

  private func heading(_ title: String, _ place: String = "") {
    line("")
    var text = LiveViewText("── ", .dim)
    text.append(title, .cool)
    text.append(" ", .dim)
    text.append(String(repeating: "─", count: max(2, Self.columns - text.width - place.count - 1)), .dim)
    text.append(place.isEmpty ? "" : " \(place)", .dim)
    line(text)
  }

  /// A name and a text, which goes on below itself where it is long.
  private func field(_ name: String, _ text: String, _ look: LiveViewText.Look = .plain) {
    let room = Self.columns - Self.valueColumn
    var rows = [""]
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if !rows[rows.count - 1].isEmpty, rows[rows.count - 1].count + word.count >= room {
        rows.append(String(word))
      } else {
        rows[rows.count - 1] += (rows[rows.count - 1].isEmpty ? "" : " ") + word
      }
    }
    for (index, row) in rows.enumerated() { unbrokenField(index == 0 ? name : "", row, look) }
  }

  /// The same in one line, so that it can be copied.
  private func unbrokenField(_ name: String, _ text: String, _ look: LiveViewText.Look) {
    var row = LiveViewText("  \(name)", .dim)
    row.pad(to: Self.valueColumn)
    row.append((row.width > Self.valueColumn ? " " : "") + text, look)
    line(row)
  }

  private func line(_ text: LiveViewText) {
    LiveViewScreen.write((hasColours ? text.ansi : text.plain) + "\n")
  }
}
