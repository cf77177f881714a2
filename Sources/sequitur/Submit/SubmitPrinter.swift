/// Prints what `submit` did.
struct SubmitPrinter {
  let json: Bool

  func show(_ summary: Submission.Summary, _ counts: OutcomeCounts?) throws {
    if json { return try JSONOutput.printLine(Document(summary, counts)) }
    let rate = Int(Double(summary.acknowledged) / max(summary.seconds, 0.001))
    var text = "\(summary.acknowledged.grouped) commands acknowledged"
    if summary.badLines > 0 { text += ", \(summary.badLines.grouped) bad lines skipped" }
    text += " in \(Double(Int(summary.seconds * 10)) / 10) s (\(rate.grouped)/s)"
    if let counts {
      text += "; \(counts.valid.grouped) valid, \(counts.invalid.grouped) invalid"
      if counts.missing > 0 { text += ", \(counts.missing.grouped) without outcome" }
    }
    print(text)
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
    if json { return try JSONOutput.printLine(outcome) }
    let what =
      outcome.events.isEmpty
      ? "rejected: \(outcome.code ?? "?"): \(outcome.reason ?? "")"
      : outcome.events.map { "\($0.type) (version \($0.version))" }.joined(separator: ", ")
    print("line \(outcome.line) \(outcome.key): \(what)")
  }
}
