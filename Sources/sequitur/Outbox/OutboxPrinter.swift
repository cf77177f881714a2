import ReadableText
import SequiturOutbox
import TerminalView

/// Prints what relays did and how outboxes stand.
struct OutboxPrinter {
  let json: Bool

  private struct Figures: Encodable {
    let sent: Int
    let parked: Int
    let recovered: Int
    let transactions: Int
  }

  func show(_ figures: OutboxFigures) throws {
    if json {
      return try Output.print(
        document: Figures(
          sent: figures.sent, parked: figures.parked, recovered: figures.recovered,
          transactions: figures.transactions))
    }
    var text = "\(figures.sent.counted("row")) sent in \(figures.transactions.counted("transaction"))"
    if figures.parked > 0 { text += ", \(figures.parked.grouped) parked" }
    if figures.recovered > 0 { text += "; \(figures.recovered.grouped) deleted that were sent before" }
    try Output.print(text)
  }

  func show(_ status: OutboxStatus) throws {
    if json { return try Output.print(document: status) }
    var lines: [(String, String)] = []
    if let waiting = status.waiting {
      lines.append(("rows waiting", waiting.grouped))
      if let age = status.oldestSeconds, waiting > 0 {
        lines.append(("  oldest", "\(Self.seconds(age)) old"))
      }
    }
    if let kept = status.kept { lines.append(("rows in the table", "\(kept.grouped), sent or not")) }
    lines.append(("rows parked", status.parked.values.reduce(0, +).grouped))
    for (code, count) in status.parked.sorted(by: { $0.key < $1.key }) {
      lines.append(("  \(ShownText.line(code, atMost: 40))", count.grouped))
    }
    let relay = status.relay.map {
      "\(ShownText.line($0, atMost: 120)) (\(status.mode ?? "?"), \((status.shards ?? 0).counted("shard")))"
    }
    lines.append(("relay", relay ?? "none yet"))
    if let slot = status.slot {
      lines.append(("slot", "\(ShownText.line(slot, atMost: 80)): \(status.slotStatus ?? "?")"))
      lines.append(("  log to be read", "\((status.pendingLogBytes ?? 0).grouped) bytes"))
      lines.append(("  log kept for it", "\((status.retainedLogBytes ?? 0).grouped) bytes"))
    }
    if let age = status.oldestTransactionSeconds { lines.append(("oldest transaction", Self.seconds(age))) }
    let width = lines.map(\.0.count).max() ?? 0
    try Output.print(
      lines.map { $0 + String(repeating: " ", count: width - $0.count + 2) + $1 }.joined(separator: "\n"))
  }

  private static func seconds(_ value: Double) -> String { "\((value * 10).rounded() / 10) s" }
}
