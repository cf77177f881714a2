import SequiturAudit

/// What a demo did and whether it was right.
package struct DemoSummary: Sendable, Codable {
  struct CommitMilliseconds: Sendable, Codable {
    var p50: Double
    var p99: Double
  }

  /// `no fault`, or `faults found`.
  let verdict: String
  let broker: String
  let seed: UInt64
  let partitions: Int
  let commands: Int
  let events: Int
  let rejections: Int
  let eventTypes: [String: Int]
  let rejectionCodes: [String: Int]
  let objects: Int
  let transactions: Int
  /// From the first partition served to the last outcome.
  let seconds: Double
  let commandsPerSecond: Double
  /// The most that were seen over half a second.
  let commandsPerSecondMax: Double
  /// Of the last transactions.
  let commitMilliseconds: CommitMilliseconds
  let eventsDigest: String
  let statesDigest: String?
  /// What the audit found, a sentence each.
  let faults: [String]
  let faultCount: Int
  /// Where the outcome is not the predicted one.
  let differences: [String]
  let notShown: [String]

  /// Whether the guarantees hold and every outcome is the predicted one.
  package var isClean: Bool { faultCount == 0 && differences.isEmpty }

  package init(_ outcome: DemoRun.Outcome, _ report: AuditReport, seed: UInt64, cluster: DemoCluster) {
    broker = cluster.embedded == nil ? cluster.bootstrapServers : "embedded"
    self.seed = seed
    partitions = report.partitions
    commands = report.commands
    events = report.events
    rejections = report.rejections
    eventTypes = report.eventTypes
    rejectionCodes = report.rejectionCodes
    objects = report.objects
    transactions = outcome.snapshot.transactions
    seconds = outcome.processing / .seconds(1)
    commandsPerSecond = Double(outcome.snapshot.commands) / max(seconds, 0.001)
    commandsPerSecondMax = outcome.rateMax
    commitMilliseconds = CommitMilliseconds(
      p50: (outcome.snapshot.commitPercentile(50) ?? .zero) / .milliseconds(1),
      p99: (outcome.snapshot.commitPercentile(99) ?? .zero) / .milliseconds(1))
    eventsDigest = report.eventsDigest
    statesDigest = report.statesDigest
    faults = report.faults.map(\.description)
    faultCount = report.faultCount
    differences = Self.differences(outcome, report)
    verdict = faultCount == 0 && differences.isEmpty ? "no fault" : "faults found"
    notShown = cluster.notShown
  }

  /// Between the generator, the worker's own figures, and the audit.
  private static func differences(_ outcome: DemoRun.Outcome, _ report: AuditReport) -> [String] {
    var found = outcome.prediction.differences(from: report)
    if outcome.snapshot.accepted != report.events || outcome.snapshot.rejected != report.rejectionCodes {
      found.append("the worker counted other outcomes than the audit")
    }
    return found
  }
}
