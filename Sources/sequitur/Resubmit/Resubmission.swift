import KafkaClient
import Logging
import ReadableText
import Sequitur
import SequiturTopics
import TerminalView

/// Sends rejected commands again from the invalid topic, each once, however often it is run. Blocks its thread.
///
/// Of the attempts with one key and one id the last rejected one counts. It is left out when the command was sent again
/// since: a later command with its id stands on the commands topic, or an event names it as its cause. So a second run
/// sends what was rejected again, and nothing that was accepted or still waits.
///
///     invalid ─► the last rejection of each id ─► commands, valid: sent again since? ─► commands
struct Resubmission {
  struct Plan: Sendable {
    var applicationID: String
    var topics: TopicNames
    var kafka: KafkaConfiguration
    var logger: Logger
    var codes: Set<String>
    /// When the rejection was written, in milliseconds since 1970.
    var times: Range<Int64>
    var isDryRun = false
  }

  struct Summary: Sendable, Encodable {
    var isDryRun: Bool
    /// By code: commands that were sent, or would be.
    var commands: [String: Int] = [:]
    /// By reason: rejections of these codes and times that were left out.
    var leftOut: [String: Int] = [:]

    var total: Int { commands.values.reduce(0, +) }
  }

  /// How long nothing may come of a topic that is read.
  private static let silenceMax = Duration.seconds(30)
  /// Rejections whose commands are kept at once, by their bytes.
  private static let bytesMax = 512 << 20

  private let plan: Plan
  private let admin: KafkaAdmin
  private let sender: CommandSender
  private let ledger = DeliveryLedger(keepsPositions: false)

  init(_ plan: Plan) throws {
    self.plan = plan
    admin = try KafkaAdmin(configuration: plan.kafka, logger: plan.logger)
    sender = try CommandSender(
      to: plan.topics.commands, kafka: plan.kafka, logger: plan.logger, ledger: ledger)
  }

  /// - Throws: a ``CommandFailure`` that says how many were acknowledged before; `KafkaError`.
  func run(_ metadata: ClusterMetadata) throws -> Summary {
    var summary = Summary(isDryRun: plan.isDryRun)
    guard let invalid = metadata.topic(plan.topics.invalid) else {
      throw TopicFault.missing(plan.topics.invalid)
    }
    guard let valid = metadata.topic(plan.topics.valid) else { throw TopicFault.missing(plan.topics.valid) }
    guard let commands = metadata.topic(plan.topics.commands),
      commands.partitions.count == invalid.partitions.count,
      valid.partitions.count == invalid.partitions.count
    else {
      throw CommandFailure(
        "Expected as many partitions of \(plan.topics.commands) and \(plan.topics.valid) as of "
          + "\(plan.topics.invalid), but they differ. See sequitur topics check.")
    }
    do {
      for partition in 0..<Int32(invalid.partitions.count) {
        var found = try rejections(partition, &summary)
        try dropSentAgain(&found, partition, &summary)
        for command in found.values.sorted(by: { $0.offset < $1.offset }) {
          if !plan.isDryRun { try send(command, partition) }
          summary.commands[command.code, default: 0] += 1
        }
      }
      try sender.flush()
    } catch {
      guard !plan.isDryRun, ledger.sent > 0 else { throw error }
      try? sender.flush()
      throw CommandFailure(
        "\(error)\n\(ledger.acknowledged.grouped) of \(ledger.sent.counted("command")) sent were acknowledged. Run it "
          + "again: what was sent is not sent twice.")
    }
    return summary
  }

  // MARK: Reading

  /// The last rejection of each command that is asked for.
  private func rejections(
    _ partition: Int32, _ summary: inout Summary
  ) throws -> [RejectedCommand.Identity: RejectedCommand] {
    var found: [RejectedCommand.Identity: RejectedCommand] = [:]
    var last: [RejectedCommand.Identity: Int64] = [:]
    var bytes = 0
    try forEach(plan.topics.invalid, partition) { record in
      switch RejectedCommand.read(record, partition: partition, of: plan.applicationID, plan.topics.commands)
      {
      case .obstacle(let obstacle, let code):
        if code.map(plan.codes.contains) ?? true, plan.times.contains(record.timestamp) {
          summary.leftOut[obstacle.rawValue, default: 0] += 1
        }
      case .command(let command):
        // A rejection with another code, or of another time, says as well what became of the command last.
        guard command.offset >= last[command.identity] ?? -1 else { return }
        last[command.identity] = command.offset
        bytes -= found.removeValue(forKey: command.identity)?.value?.count ?? 0
        guard plan.codes.contains(command.code), plan.times.contains(record.timestamp) else { return }
        found[command.identity] = command
        bytes += command.value?.count ?? 0
      }
      guard bytes <= Self.bytesMax else {
        throw CommandFailure(
          "Expected at most \(Self.bytesMax >> 20) MB of commands to send again from \(plan.topics.invalid)/\(partition), "
            + "but there are more. Send fewer at once, with --from and --to.")
      }
    }
    return found
  }

  /// Leaves out what was sent again since, whether it was accepted or waits.
  private func dropSentAgain(
    _ found: inout [RejectedCommand.Identity: RejectedCommand], _ partition: Int32, _ summary: inout Summary
  ) throws {
    guard let first = found.values.map(\.offset).min() else { return }
    let start = try admin.watermarks(
      topic: plan.topics.commands, partition: partition, timeout: TopicLookUp.timeout
    ).low
    var again = 0
    try forEach(plan.topics.commands, partition, from: first + 1) { record in
      guard let key = record.key, let id = record.value(of: "ce_id") else { return }
      let identity = RejectedCommand.Identity(key: key, id: id)
      guard let rejected = found[identity], record.offset > rejected.offset else { return }
      found[identity] = nil
      again += 1
    }
    // Later attempts may have been deleted; their events never are.
    if start > first, !found.isEmpty {
      try forEach(plan.topics.valid, partition) { record in
        guard let key = record.key, let cause = record.value(of: "ce_causationid") else { return }
        let identity = RejectedCommand.Identity(key: key, id: cause)
        if found.removeValue(forKey: identity) != nil { again += 1 }
      }
    }
    if again > 0 { summary.leftOut["it was sent again since", default: 0] += again }
  }

  private func forEach(
    _ name: String, _ partition: Int32, from start: Int64 = 0, _ body: (CopiedRecord) throws -> Void
  ) throws {
    let bounds = try admin.watermarks(topic: name, partition: partition, timeout: TopicLookUp.timeout)
    let start = max(start, bounds.low)
    guard start < bounds.high else { return }
    var scan = try PartitionScan(
      of: name, partition: partition, from: start, to: bounds.high, isolation: .committed,
      silenceMax: Self.silenceMax, kafka: plan.kafka.merging(["auto.offset.reset": "earliest"]),
      logger: plan.logger)
    do {
      while !scan.isAtEnd { try scan.step { try body(CopiedRecord($0)) } }
    } catch let standstill as PartitionScan.Standstill {
      throw CommandFailure(
        "Expected to read \(name)/\(partition) to its end, but nothing came behind offset \(standstill.position) for "
          + "\(Self.silenceMax)\(standstill.lastError.map { ": \($0)" } ?? ""). A transaction may be open there: try again "
          + "when it has ended.")
    }
  }

  // MARK: Sending

  private func send(_ command: RejectedCommand, _ partition: Int32) throws {
    try command.identity.key.withUnsafeBytes { key in
      // An empty array may have no address, and a value without one would be null.
      try ((command.value ?? []) + [0]).withUnsafeBytes { bytes in
        let value = command.value == nil ? nil : UnsafeRawBufferPointer(rebasing: bytes.dropLast())
        try sender.send(to: partition, key: key, value: value, headers: command.headerList())
      }
    }
  }
}
