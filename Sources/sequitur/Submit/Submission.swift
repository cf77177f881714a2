import Foundation
import KafkaClient
import Logging
import ReadableText
import SequiturGateway
import SequiturTopics
import TerminalView

/// Sends a file's commands to the commands topic; ends when all are acknowledged, or have their outcome. Blocks its
/// thread.
///
///     read a line ─▶ send ─▶ … ─▶ input over ─▶ all acknowledged ─▶ all have outcomes
///          └── while the input, the pace or the broker lets it wait: acknowledgements, outcomes, progress
final class Submission {
  /// What to send, where, and how.
  struct Plan: Sendable {
    var path: String
    var topics: TopicNames
    /// Nil when only the topics' names are known.
    var applicationID: String?
    var kafka: KafkaConfiguration
    var logger: Logger
    var skipsBadLines = false
    /// Commands a second; nil for no limit.
    var rate: Double?
    /// How long outcomes are waited for behind the last command; nil when none are wanted.
    var outcomeTimeout: Duration?
  }

  /// How it ended.
  struct Summary: Sendable {
    var submitted = 0
    var acknowledged = 0
    var badLines = 0
    var seconds = 0.0
    /// Commands that have no outcome after all; nil when none were wanted.
    var missing: Int?
  }

  /// A signal asked for the end before all was done.
  struct Interrupted: Error {
    /// How far it came, for people.
    let description: String
  }

  /// Bad lines beyond so many are only counted.
  private static let badLinesShownMax = 100
  /// How long the broker may acknowledge nothing while records wait, after a signal.
  private static let lastSilenceMax = Duration.seconds(5)
  private static let progressInterval = Duration.milliseconds(200)
  /// How often outcomes are looked at while commands are sent as fast as it goes.
  private static let linesPerTurn = 1024

  private let plan: Plan
  private let interrupt: Interrupt
  private let report: (OutcomeFollower.Outcome) throws -> Void
  private let ledger: DeliveryLedger
  private let lines: LineReader
  private let format = CommandLineFormat()
  private let sender: CommandSender
  private let follower: OutcomeFollower?
  private var badLines = 0
  private var linesSinceTurn = 0
  private let start = ContinuousClock.now
  private var lastProgress = ContinuousClock.now

  /// - Parameters:
  ///   - metadata: of the topics, asked just before.
  ///   - report: called for each outcome, as soon as it is known.
  init(
    _ plan: Plan, metadata: ClusterMetadata, interrupt: Interrupt,
    report: @escaping (OutcomeFollower.Outcome) throws -> Void
  ) throws {
    self.plan = plan
    self.interrupt = interrupt
    self.report = report
    let ledger = DeliveryLedger(keepsPositions: plan.outcomeTimeout != nil)
    self.ledger = ledger
    lines = try LineReader(path: plan.path)
    follower =
      plan.outcomeTimeout == nil
      ? nil
      : try OutcomeFollower(
        topics: plan.topics, of: plan.applicationID, kafka: plan.kafka, logger: plan.logger,
        metadata: metadata,
        ledger: ledger)
    sender = try CommandSender(
      to: plan.topics.commands, kafka: plan.kafka, logger: plan.logger, ledger: ledger)
  }

  /// Sends all lines, and waits for their acknowledgements and outcomes.
  /// - Throws: ``Interrupted``; a ``CommandFailure`` that says how many were acknowledged before.
  func run() throws -> Summary {
    do {
      while let line = try lines.next(whileWaiting: takeTurn) {
        try keepPace()
        try send(line)
        linesSinceTurn += 1
        if linesSinceTurn >= Self.linesPerTurn { try takeTurn() }
      }
      try flush(silenceMax: CommandSender.silenceMax)
      try waitForOutcomes()
    } catch let stop as Stop {
      try? flush(silenceMax: Self.lastSilenceMax)
      throw Interrupted(description: "\(stop.description) \(standing)")
    } catch let fault as OutputFault {
      throw fault
    } catch {
      try? flush(silenceMax: CommandSender.silenceMax)
      Terminal.clearProgress()
      throw CommandFailure("\(error)\n\(standing)")
    }
    Terminal.clearProgress()
    return Summary(
      submitted: ledger.sent, acknowledged: ledger.acknowledged, badLines: badLines,
      seconds: (ContinuousClock.now - start) / .seconds(1),
      missing: follower == nil ? nil : ledger.waitingCount)
  }

  /// Thrown where a signal is met.
  private struct Stop: Error {
    let description = "Interrupted."
  }

  private var place: String { "\(lines.name):\(lines.number)" }

  /// How far it came.
  private var standing: String {
    let sent = ledger.sent
    var text =
      "\(ledger.acknowledged.grouped) of \(sent.counted("command")) sent \(sent == 1 ? "was" : "were") acknowledged"
    if follower != nil { text += ", \(ledger.waitingCount.grouped) of them without an outcome yet" }
    return text + ". No line after \(place) was sent."
  }

  /// What is to be done while something else is waited for.
  private func takeTurn() throws {
    linesSinceTurn = 0
    if interrupt.signal != nil { throw Stop() }
    sender.poll()
    try follower?.follow(waitingAtMost: .zero, show)
    showProgress()
  }

  private func show(_ outcome: OutcomeFollower.Outcome) throws {
    Terminal.clearProgress()
    try report(outcome)
  }

  private func send(_ line: LineReader.Line) throws {
    do throws(CommandLineFormat.Fault) {
      switch line {
      case .bytes(let bytes):
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return }
        let command = try format.read(bytes)
        try send(command, headers: format.headers(of: command))
      case .tooLong:
        throw CommandLineFormat.Fault(message: "Expected at most \(LineReader.lineBytesMax.grouped) bytes")
      }
    } catch {
      try refuse(error)
    }
  }

  private func refuse(_ fault: CommandLineFormat.Fault) throws {
    badLines += 1
    let message = "\(place): \(fault.message)"
    guard plan.skipsBadLines else { throw CommandFailure("\(message) (--skip-bad-lines goes on.)") }
    if badLines <= Self.badLinesShownMax { Terminal.printError(message) }
  }

  private func send(
    _ command: CommandLineFormat.Command, headers: consuming HeaderList
  ) throws(CommandLineFormat.Fault) {
    do throws(KafkaError) {
      try sender.send(line: lines.number, key: command.key, value: command.payload, headers: headers)
    } catch {
      // Only what concerns this record alone makes the line bad; the rest ends the run at the next flush.
      throw CommandLineFormat.Fault(message: "\(error)")
    }
  }

  /// Waits, taking turns, until the next command is due.
  private func keepPace() throws {
    guard let rate = plan.rate else { return }
    let due = start + .seconds(Double(ledger.sent) / rate)
    while true {
      let left = due - ContinuousClock.now
      guard left > .milliseconds(1) else { return }
      // Without events the poll waits; with them it returns at once and the loop goes round.
      sender.poll(timeout: min(left, .milliseconds(20)))
      try takeTurn()
    }
  }

  private func flush(silenceMax: Duration) throws {
    let isLast = interrupt.signal != nil
    try sender.flush(silenceMax: silenceMax) { if !isLast { try takeTurn() } }
  }

  private func waitForOutcomes() throws {
    guard let follower, let timeout = plan.outcomeTimeout else { return }
    let deadline = ContinuousClock.now + timeout
    while !follower.isComplete, ContinuousClock.now < deadline {
      if interrupt.signal != nil { throw Stop() }
      try follower.follow(waitingAtMost: .milliseconds(100), show)
    }
  }

  private func showProgress() {
    let now = ContinuousClock.now
    guard Terminal.isInteractive, now - lastProgress > Self.progressInterval else { return }
    lastProgress = now
    Terminal.show(
      progress: SubmitProgress(
        fraction: lines.fraction, sent: ledger.sent, acknowledged: ledger.acknowledged,
        seconds: (now - start) / .seconds(1)
      ).text(columns: Terminal.columns))
  }
}
