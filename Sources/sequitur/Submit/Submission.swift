import Foundation
import KafkaClient
import Logging
import Sequitur

/// Sends a file's commands to the commands topic; ends when all are acknowledged. Blocks its thread.
final class Submission {
  /// What to send, where, and how.
  struct Plan: Sendable {
    var path: String
    var topic: String
    var kafka: KafkaConfiguration
    var logger: Logger
    var skipsBadLines = false
    /// Commands a second; nil for no limit.
    var rate: Double?
    /// Keeps where each command is, for outcomes to be matched.
    var keepsPositions = false
  }

  /// How it ended.
  struct Summary: Sendable {
    var submitted = 0
    var acknowledged = 0
    var badLines = 0
    var seconds = 0.0
    /// Line and key of each command, when positions are kept.
    var commands: [SentCommand] = []
    var positions: [CommandPosition: Int] = [:]
  }

  /// A command that was sent.
  struct SentCommand: Sendable {
    let line: Int
    let key: String
  }

  /// Bad lines beyond so many are only counted.
  private static let badLinesShownMax = 100
  /// How long the broker may acknowledge nothing while records wait.
  private static let silenceMax = Duration.seconds(30)
  private static let progressInterval = Duration.milliseconds(200)

  private let plan: Plan
  private let ledger: DeliveryLedger
  private let lines: LineReader
  private let format = CommandLineFormat()
  private let producer: KafkaProducer
  private let topic: ProducerTopic
  private var summary = Summary()
  private let start = ContinuousClock.now
  private var lastProgress = ContinuousClock.now

  init(_ plan: Plan) throws {
    self.plan = plan
    let ledger = DeliveryLedger(keepsPositions: plan.keepsPositions)
    self.ledger = ledger
    lines = try LineReader(path: plan.path)
    let own: KafkaConfiguration = [
      "enable.idempotence": "true", "acks": "all", "partitioner": "murmur2_random", "linger.ms": "5",
      "message.max.bytes": "\(16 << 20)", "queue.buffering.max.kbytes": "\(256 << 10)",
    ]
    producer = try KafkaProducer(
      configuration: own.merging(plan.kafka), logger: plan.logger, deliveryObserver: { ledger.record($0) })
    topic = try producer.topic(plan.topic)
  }

  /// Sends all lines and waits for their acknowledgements.
  /// - Throws: a ``CommandFailure`` that says how many were acknowledged before.
  func run() throws -> Summary {
    do {
      while let line = try lines.next() { try send(line) }
    } catch {
      try? flush()
      Terminal.clearProgress()
      throw CommandFailure("\(error)\n\(acknowledgement) No line after \(place) was sent.")
    }
    try flush()
    Terminal.clearProgress()
    let state = ledger.current
    summary.acknowledged = state.acknowledged
    summary.positions = state.positions
    summary.seconds = (ContinuousClock.now - start) / .seconds(1)
    return summary
  }

  private var place: String { "\(lines.name):\(lines.number)" }

  private var acknowledgement: String {
    "\(ledger.acknowledged.grouped) of \(summary.submitted.grouped) commands sent were acknowledged."
  }

  private func send(_ line: LineReader.Line) throws {
    do throws(CommandLineFormat.Fault) {
      switch line {
      case .bytes(let bytes):
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return }
        let command = try format.read(bytes)
        try send(command, headers: format.headers(of: command))
      case .tooLong:
        throw CommandLineFormat.Fault(message: "Expected at most \(LineReader.lineBytesMax) bytes")
      }
    } catch {
      try refuse(error)
    }
    if summary.submitted % 1024 == 0 || plan.rate != nil { showProgress() }
  }

  private func refuse(_ fault: CommandLineFormat.Fault) throws {
    summary.badLines += 1
    let message = "\(place): \(fault.message)"
    guard plan.skipsBadLines else { throw CommandFailure("\(message) (--skip-bad-lines goes on.)") }
    if summary.badLines <= Self.badLinesShownMax { Terminal.printError(message) }
  }

  private func send(
    _ command: CommandLineFormat.Command, headers: consuming HeaderList
  ) throws(CommandLineFormat.Fault) {
    keepPace()
    do throws(KafkaError) {
      try producer.produce(
        topic: topic, key: command.key, value: command.payload, headers: headers,
        tag: UInt(summary.submitted + 1))
    } catch {
      // Only what concerns this record alone makes the line bad; the rest ends the run at the next flush.
      throw CommandLineFormat.Fault(message: "\(error)")
    }
    summary.submitted += 1
    if plan.keepsPositions {
      let key = command.key.map { String(decoding: $0, as: UTF8.self) } ?? ""
      summary.commands.append(SentCommand(line: lines.number, key: key))
    }
    if summary.submitted % 256 == 0 { producer.poll() }
  }

  /// Waits, serving acknowledgements, until the next command is due.
  private func keepPace() {
    guard let rate = plan.rate else { return }
    let due = start + .seconds(Double(summary.submitted) / rate)
    while true {
      let left = due - ContinuousClock.now
      guard left > .milliseconds(1) else { return }
      producer.poll(timeout: min(left, .milliseconds(100)))
      // Without events the poll waits; with them it returns at once and the loop goes round.
    }
  }

  private func flush() throws {
    var acknowledged = -1
    var deadline = ContinuousClock.now + Self.silenceMax
    while producer.pendingCount > 0 {
      if ledger.acknowledged > acknowledged {
        acknowledged = ledger.acknowledged
        deadline = ContinuousClock.now + Self.silenceMax
      }
      guard ContinuousClock.now < deadline else {
        throw CommandFailure(
          "Expected the broker to acknowledge all commands, but it acknowledged none for \(Self.silenceMax). "
            + acknowledgement)
      }
      producer.poll(timeout: .milliseconds(100))
      showProgress()
    }
    if let failure = ledger.firstFailure { throw CommandFailure("\(failure). \(acknowledgement)") }
  }

  private func showProgress() {
    let now = ContinuousClock.now
    guard Terminal.isInteractive, now - lastProgress > Self.progressInterval else { return }
    lastProgress = now
    let seconds = (now - start) / .seconds(1)
    let rate = Int(Double(summary.submitted) / max(seconds, 0.001))
    let bar = lines.fraction.map { "\(Terminal.bar($0)) \(Int($0 * 100))% · " } ?? ""
    Terminal.show(
      progress: "\(bar)\(summary.submitted.grouped) sent, \(ledger.acknowledged.grouped) acknowledged · "
        + "\(rate.grouped)/s")
  }
}
