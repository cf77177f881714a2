import KafkaClient
import ReadableText
import RulesModel
import SequiturTopics

/// Audits one partition: its changelog first, then commands and outcomes side by side.
///
/// ```
/// changelog up to its last stable offset ─► states, tombstones, checkpoint
/// commands ─┐
/// valid    ─┼─► joined by the command's offset ─► objects, versions, rejections
/// invalid  ─┘                                     └─► compared with the states
/// ```
final class PartitionAudit {
  /// So many commands without outcome are remembered, in case theirs stands in the wrong place.
  static let missingMax = 10_000
  private static let startsAskedAgainMax = 10

  let audit: AuditRun
  let partition: Int32
  var topics: Topics

  /// The topics' names, for places.
  struct Topics {
    let commands, valid, invalid, changelog: String
  }

  // From the changelog.
  var states: [AuditKey: AuditedState] = [:]
  var tombstones: Set<AuditKey> = []
  /// Of objects that are forgotten and whose command ids are kept: what the tombstone says.
  var graves: [AuditKey: AuditedGrave] = [:]
  /// Which decider decided which commands.
  var stretches = AuditStretches()
  /// Whether records may be missing since the last checkpoint that was read.
  var hasGap = false
  /// The next command offset by the last checkpoint; nil when there is none.
  var checkpoint: Int64?
  var changelogEnd: Int64 = 0
  var mayBeCompacted = false
  /// The checkpoint further on, read when outcomes go beyond the first.
  var laterCheckpoint: Int64?
  var isBehindReported = false
  private var startsAskedAgain = 0
  private var pending = 0
  private var firstPending: Int64?

  // From commands and outcomes.
  var objects: [AuditKey: Int] = [:]
  var table: [AuditedObject] = []
  var missing: Set<Int64> = []
  /// The command whose outcome was read last, by topic: outcomes must not go back.
  var lastValid: Int64 = -1
  var lastInvalid: Int64 = -1
  var commandsStart: Int64 = 0
  var validStart: Int64 = 0
  var invalidStart: Int64 = 0
  var input = AuditInput()

  init(_ partition: Int32, of run: AuditRun) {
    audit = run
    self.partition = partition
    let names = audit.configuration.topics
    topics = Topics(
      commands: names.commands, valid: names.valid, invalid: names.invalid, changelog: names.changelog)
  }

  func run() throws {
    try readChangelog()
    try open()
    try checkInputBounds()
    try join()
    finishInput()
    finishMissing()
    reportPending()
    compareStates()
    for object in table { audit.digests.add(object) }
    for (key, state) in states { audit.digests.add(key, state) }
    audit.report.objects += states.count
  }

  /// The ends are asked after the changelog was read: all that its checkpoint covers is before them. The commands'
  /// comes last, so that every outcome's command is before it.
  private func open() throws {
    for reader in [audit.readers.valid, audit.readers.invalid, audit.readers.commands] {
      let bounds = try audit.admin.watermarks(
        topic: reader.topic, partition: partition, timeout: TopicLookUp.timeout)
      if reader === audit.readers.commands { (commandsStart, input.end) = (bounds.low, bounds.high) }
      if reader === audit.readers.valid { validStart = bounds.low }
      if reader === audit.readers.invalid { invalidStart = bounds.low }
      try reader.open(partition, from: bounds.low, to: bounds.high)
    }
  }

  private func join() throws {
    let (commands, valid, invalid) = (audit.readers.commands, audit.readers.valid, audit.readers.invalid)
    try valid.advance()
    try invalid.advance()
    while try commands.advance(), let command = commands.current {
      try takeStray(before: command.offset)
      compareLast(command)
      try judge(command)
      if command.offset % 10_000 == 0 { audit.showProgress(Int(partition)) }
    }
    try takeStray(before: .max)
    for reader in [commands, valid, invalid] {
      guard let offset = reader.openTransaction else { continue }
      audit.report.notes.append(
        "\(reader.topic)/\(partition): a transaction is open from offset \(offset) on; what follows was not read."
      )
    }
  }

  /// All outcomes of one command.
  private func judge(_ command: AuditRecord) throws {
    if try isLater(command.offset) { return try skip(command.offset) }
    let events = try takeEvents(of: command)
    let rejections = try takeRejections(of: command)
    let isCovered = command.offset < (checkpoint ?? 0)
    if events + rejections == 0, !isCovered {
      audit.report.pending += 1
      firstPending = firstPending ?? command.offset
      pending += 1
      return
    }
    audit.report.commands += 1
    audit.rules?.count(stretches.stretch(of: command.offset))
    if events + rejections == 0 {
      missing.insert(command.offset)
      if missing.count > Self.missingMax { finishMissing() }
    } else if events > 0, rejections > 0 {
      add(
        .doubleOutcome, topics.commands, command.offset,
        "Expected one outcome of the command, but found events and a rejection")
    }
  }

  private func takeEvents(of command: AuditRecord) throws -> Int {
    var count = 0
    while let event = audit.readers.valid.current, let place = place(ofEvent: event),
      place.offset == command.offset
    {
      if place.index != Int64(count) {
        let found = place.index.map { "\($0)" } ?? "none"
        add(
          .doubleOutcome, topics.valid, event.offset,
          "Expected the event with index \(count) of command \(command.offset), but found \(found)")
      }
      take(event, of: command)
      lastValid = command.offset
      count += 1
      try audit.readers.valid.advance()
    }
    return count
  }

  private func takeRejections(of command: AuditRecord) throws -> Int {
    var count = 0
    while let rejection = audit.readers.invalid.current,
      place(ofRejection: rejection)?.offset == command.offset
    {
      count += 1
      if count > 1 {
        add(
          .doubleOutcome, topics.invalid, rejection.offset,
          "Expected one rejection of command \(command.offset), but found another")
      }
      take(rejected: rejection, of: command)
      lastInvalid = command.offset
      try audit.readers.invalid.advance()
    }
    return count
  }

  /// Outcomes of commands that are not read now: deleted ones, and those in the wrong place.
  private func takeStray(before offset: Int64) throws {
    while let event = audit.readers.valid.current {
      let place = place(ofEvent: event)
      if let place, place.offset >= offset { break }
      stray(event, place?.offset, &lastValid, topics.valid)
      take(event, of: nil)
      try audit.readers.valid.advance()
    }
    while let rejection = audit.readers.invalid.current {
      let place = place(ofRejection: rejection)
      if let place, place.offset >= offset { break }
      stray(rejection, place?.offset, &lastInvalid, topics.invalid)
      take(rejected: rejection, of: nil)
      try audit.readers.invalid.advance()
    }
  }

  private func stray(_ record: AuditRecord, _ offset: Int64?, _ last: inout Int64, _ topic: String) {
    guard let offset else {
      return add(
        .strayOutcome, topic, record.offset,
        "Expected a header of its own with a position on \(topics.commands)/\(partition), but there is none")
    }
    if offset < last {
      missing.remove(offset)
      return add(
        .outcomeOrder, topic, record.offset,
        "The outcome of command \(offset) stands behind that of command \(last)")
    }
    let isSecond = offset == last
    last = offset
    if offset >= commandsStart { askStartAgain() }
    if offset < commandsStart {
      input.noteOutcome(of: offset)
      if !isSecond {
        audit.report.deletedCommands += 1
        audit.report.commands += 1
      }
    } else {
      add(
        .strayOutcome, topic, record.offset,
        "Expected the outcome of a command, but \(topics.commands)/\(partition) has none at \(offset)")
    }
  }

  /// Retention may have deleted commands after the start was asked.
  func askStartAgain() {
    guard startsAskedAgain < Self.startsAskedAgainMax else { return }
    startsAskedAgain += 1
    let bounds = try? audit.admin.watermarks(
      topic: topics.commands, partition: partition, timeout: TopicLookUp.timeout)
    if let bounds { commandsStart = bounds.low }
  }

  private func finishMissing() {
    for offset in missing.sorted() {
      add(
        .missingOutcome, topics.commands, offset,
        "Expected one outcome of the command, which the checkpoint covers, but found none")
    }
    missing = []
  }

  private func reportPending() {
    guard let firstPending, !audit.configuration.allowsPending else { return }
    add(
      .pending, topics.commands, firstPending,
      "\(pending.counted("command")) from here on \(pending == 1 ? "has" : "have") no outcome yet, and no checkpoint "
        + "covers them. Run a worker until it caught up, or pass --allow-pending")
  }

  func add(_ kind: AuditFault.Kind, _ topic: String, _ offset: Int64?, _ sentence: String) {
    audit.report.add(
      AuditFault(kind: kind, topic: topic, partition: partition, offset: offset, sentence: sentence))
  }
}
