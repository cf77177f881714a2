import ReadableText
import TerminalView

/// Prints what `submit` did.
struct SubmitPrinter {
  let json: Bool

  func show(_ summary: Submission.Summary, _ outcomes: OutcomeCounts) throws {
    var counts = summary.missing == nil ? nil : outcomes
    counts?.missing = summary.missing ?? 0
    if json { return try Output.print(documentLine: Document(summary, counts)) }
    let rate = Int(Double(summary.acknowledged) / max(summary.seconds, 0.001))
    var text = "\(summary.acknowledged.counted("command")) acknowledged"
    if summary.badLines > 0 { text += ", \(summary.badLines.counted("bad line")) skipped" }
    text += " in \(Double(Int(summary.seconds * 10)) / 10) s (\(rate.grouped)/s)"
    if let counts {
      text += "; \(counts.valid.grouped) valid, \(counts.invalid.grouped) invalid"
      if counts.missing > 0 { text += ", \(counts.missing.grouped) without outcome" }
    }
    try Output.print(text)
  }

  private struct Document: Encodable {
    let submitted: Int
    let acknowledged: Int
    let badLines: Int
    let seconds: Double
    let outcomes: OutcomeCounts?

    init(_ summary: Submission.Summary, _ counts: OutcomeCounts?) {
      submitted = summary.submitted
      acknowledged = summary.acknowledged
      badLines = summary.badLines
      seconds = summary.seconds
      outcomes = counts
    }
  }
}

/// How many commands had which outcome.
struct OutcomeCounts: Encodable {
  var valid = 0
  var invalid = 0
  var missing = 0

  /// Counts an outcome and prints its line.
  mutating func add(_ outcome: OutcomeFollower.Outcome, json: Bool) throws {
    if outcome.outcome == "valid" { valid += 1 } else { invalid += 1 }
    if json { return try Output.print(documentLine: outcome) }
    let what =
      outcome.events.isEmpty
      ? "rejected: \(ShownText.line(outcome.code ?? "?")): \(ShownText.line(outcome.reason ?? "", atMost: 2_000))"
      : outcome.events.map { "\(ShownText.line($0.type)) (version \(ShownText.line($0.version)))" }
        .joined(separator: ", ")
    try Output.print("line \(outcome.line) \(ShownText.line(outcome.key)): \(what)")
  }
}
