import ArgumentParser
import LifecycleRules
import ReadableText
import SequiturAudit
import TerminalView

/// `sequitur verify`.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Audit the topics: one outcome, order, state.",
    discussion: """
      Reads all four topics and proves from them alone, by code of its own, that every command the checkpoints \
      cover has exactly one outcome, that each object's versions are 1, 2, 3 … in command order, that rejections \
      carry their command unchanged, and that the changelog is what the events say. Workers may go on meanwhile.

      With --rules, each command is judged by them once more, by code of its own: statuses, fields, bounds, guards, \
      values and events; and forgotten objects are known exactly. Name every version that has decided, the oldest first: \
      --rules old.yaml --rules new.yaml. The checkpoints say which decided what. Without rules, an object that begins \
      again at version 1 is right if the changelog has its tombstone, or a last state that fits. Faults that are equal but \
      for keys, numbers and quoted texts are one line, with their count.

      With --projection and --database, the projection's table is audited instead, against the valid topic: each row is \
      what the events below the positions come to, each position lies within its partition, and each event counts once. \
      Projectors may go on meanwhile.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @Option(
    help: ArgumentHelp(
      "A rules file that decided (YAML); may be repeated, the oldest first.", valueName: "file"))
  var rules: [String] = []

  @Flag(
    name: .customLong("allow-pending"), help: "Commands without outcome behind the last checkpoint are right."
  )
  var allowPending = false

  @Option(
    help: ArgumentHelp("A projection's file (YAML): its table is audited, in --database.", valueName: "file"))
  var projection: String?
  @Option(.database) var database: String?

  @Flag(help: .json) var json = false

  func run() async throws {
    let settings = try kafka.resolve()
    if let projection { return try await verify(projection, settings) }
    guard database == nil else {
      throw CommandFailure(
        "Expected --projection FILE beside --database, but there is none. Name the projection's file.")
    }
    let named = rules.isEmpty ? [nil] : rules.map(Optional.some)
    let paths = try named.compactMap { try settings.settings.text($0, .rules) }
    let rules = try paths.map { try Rules.load($0) }
    for (index, other) in rules.enumerated() {
      guard let first = rules.prefix(index).firstIndex(where: { $0.fingerprint == other.fingerprint }) else {
        continue
      }
      throw CommandFailure(
        "Expected rules that differ, but \(paths[first]) and \(paths[index]) decide alike. Name each version once."
      )
    }
    let names = try topics.topics(settings.settings)
    let audit = Audit(
      AuditConfiguration(
        kafka: settings.client(), applicationID: try topics.applicationID(settings.settings),
        topics: names, rules: rules, allowsPending: allowPending,
        logger: settings.logger,
        progress: { progress in
          Terminal.show(
            progress: "partition \(progress.partition + 1) of \(progress.partitions) · "
              + progress.commands.counted("command"))
        }))
    let report = try await audit.run()
    Terminal.clearProgress()
    if json { try Output.print(document: report) } else { try Output.print(report.table) }
    if !report.isClean { throw CommandFailure.reportedFault }
  }
}

extension VerifyCommand {
  /// Audits a projection's table.
  private func verify(_ path: String, _ settings: KafkaSettings) async throws {
    let definition = try ProjectionFileArgument.definition(path)
    let address = try DatabaseOptions.text(database, settings.settings)
    // Its form is judged where the projector's is.
    _ = try DatabaseOptions.address(database, settings.settings)
    let audit = TableAudit(
      AuditedProjection(definition), database: address,
      topics: try topics.topics(settings.settings, for: [.commands, .valid]), kafka: settings.client(),
      logger: settings.logger)
    let report: TableAuditReport
    do {
      report = try await audit.run()
    } catch let failure as TableAuditFailure {
      throw CommandFailure(ShownText.line("\(failure)", atMost: nil))
    }
    if json { try Output.print(document: report) } else { try Output.print(report.table) }
    if !report.isClean { throw CommandFailure.reportedFault }
  }
}

extension AuditReport {
  /// The report for people.
  var table: String {
    var rows: [(String, String)] = [
      ("partitions", partitions.grouped), ("commands", commands.grouped), ("events", events.grouped),
    ]
    rows += Self.rows(eventTypes)
    rows.append(("rejections", rejections.grouped))
    rows += Self.rows(rejectionCodes)
    rows.append(("objects", objects.grouped))
    if pending > 0 { rows.append(("pending", pending.grouped)) }
    if deletedCommands > 0 { rows.append(("commands deleted by retention", deletedCommands.grouped)) }
    if deciders.count > 1 {
      rows.append(("decided by", ""))
      rows += Self.rows(deciders)
    }
    rows.append(("events digest", eventsDigest))
    if let statesDigest { rows.append(("states digest", statesDigest)) }
    rows.append(("faults", faultCount.grouped))
    let width = rows.map(\.0.count).max() ?? 0
    var lines = rows.map { name, value in
      name + String(repeating: " ", count: width - name.count + 2) + value
    }
    lines += notes.map { "note: \(ShownText.line($0, atMost: nil))" }
    lines += faults.map { fault in
      let others = fault.count > 1 ? " And \((fault.count - 1).grouped) more like it." : ""
      return "fault: \(ShownText.line("\(fault)", atMost: nil)).\(others)"
    }
    let shown = faults.reduce(0) { $0 + $1.count }
    if faultCount > shown { lines.append("… and \((faultCount - shown).counted("more fault")).") }
    return lines.joined(separator: "\n")
  }

  /// By the names that the records have, which may be anything.
  private static func rows(_ counts: [String: Int]) -> [(String, String)] {
    counts.sorted { $0.key < $1.key }.map { ("  \(ShownText.line($0.key))", $0.value.grouped) }
  }
}
