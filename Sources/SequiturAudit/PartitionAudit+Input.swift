import KafkaClient
import ReadableText

/// What a partition's checkpoints say of its commands, and what an audit remembers to compare with it.
struct AuditInput {
  /// The command that was processed last, by the newest checkpoint read; nil when that does not tell.
  var last: (offset: Int64, digest: String)?
  /// Where operators moved the position.
  var moves: [(from: Int64, to: Int64)] = []
  /// Whether the last command was met.
  var isLastFound = false
  /// The commands topic's end.
  var end: Int64 = 0
  /// Offsets below the commands topic's start that have an outcome; nil: so many gaps that nobody counts them.
  private var outcomes: RangeSet<Int64>? = RangeSet()

  private static let rangesMax = 100_000

  /// Takes a checkpoint's headers; nil: they are as they should be.
  mutating func take(_ checkpoint: AuditRecord) -> String? {
    last = nil
    moves = []
    if let text = checkpoint.text("last-command") {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let offset = parts[0].decimal, parts[1].utf8.count == 32 else {
        return "Expected the header last-command to be an offset and a digest, but found \(text)"
      }
      last = (offset, String(parts[1]))
    }
    guard let text = checkpoint.text("position-moves") else { return nil }
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: ">", omittingEmptySubsequences: false).compactMap(\.decimal)
      guard ends.count == 2 else {
        return "Expected the header position-moves to be like 15>20, but found \(text)"
      }
      moves.append((ends[0], ends[1]))
    }
    return nil
  }

  /// Whether a checkpoint may be behind an earlier one.
  func explains(from before: Int64, to after: Int64) -> Bool {
    moves.contains { $0.from >= before && $0.to <= after }
  }

  mutating func noteOutcome(of deleted: Int64) {
    outcomes?.insert(contentsOf: deleted..<deleted + 1)
    if outcomes?.ranges.count ?? 0 > Self.rangesMax { outcomes = nil }
  }

  /// Offsets between the first deleted command's outcome and `end` without an outcome, and the first of them.
  func gap(before end: Int64) -> (count: Int64, first: Int64)? {
    guard let outcomes, let first = outcomes.ranges.first?.lowerBound, first < end else { return nil }
    let missing = RangeSet(first..<end).subtracting(outcomes)
    guard let start = missing.ranges.first?.lowerBound else { return nil }
    return (missing.ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) }, start)
  }
}

extension PartitionAudit {
  /// Compares the last checkpoint with both ends of the commands topic, before its commands are read.
  func checkInputBounds() throws {
    for move in input.moves {
      let meaning =
        move.to >= move.from
        ? "the commands between have no outcome because of it"
        : "commands from \(move.to) on may have two outcomes"
      add(
        .lostCommands, topics.commands, move.from,
        "The position was moved from \(move.from) to \(move.to) by an operator's order (--accept-lost-commands or "
          + "--begin-commands-at): \(meaning)")
    }
    guard let checkpoint else { return }
    if input.end < checkpoint {
      add(
        .otherCommands, topics.commands, nil,
        "The checkpoint stands for position \(checkpoint), but the commands topic ends at \(input.end): it was "
          + "deleted and created again, truncated, or restored from a backup")
    }
    // A worker may have gone on since the changelog was read.
    if commandsStart > checkpoint { try readLaterCheckpoint(for: commandsStart - 1) }
    let position = max(checkpoint, laterCheckpoint ?? 0)
    guard commandsStart > position else { return }
    add(
      .lostCommands, topics.commands, position,
      "\(Int(commandsStart - position).grouped) offsets from here up to \(commandsStart) were deleted before they were "
        + "processed: commands there will never have an outcome")
  }

  /// Compares a command with what the last checkpoint says of it.
  func compareLast(_ command: AuditRecord) {
    guard let last = input.last, command.offset == last.offset else { return }
    input.isLastFound = true
    guard AuditDigest.of(command) != last.digest else { return }
    add(
      .otherCommands, topics.commands, command.offset,
      "Expected the command that was processed last, but another one stands here: the commands topic was deleted "
        + "and created again, or is another one")
  }

  /// Says what the commands topic's end, and its deleted beginning, leave open.
  func finishInput() {
    if let last = input.last, !input.isLastFound, last.offset >= commandsStart, last.offset < input.end {
      askStartAgain()
      if last.offset >= commandsStart {
        add(
          .otherCommands, topics.commands, last.offset,
          "Expected the command that was processed last, but none stands here: the commands topic was deleted and "
            + "created again, or is another one")
      }
    }
    let end = min(commandsStart, checkpoint ?? 0)
    guard validStart == 0, invalidStart == 0, let gap = input.gap(before: end) else { return }
    audit.report.notes.append(
      "\(topics.commands)/\(partition): \(Int(gap.count).grouped) deleted offsets, the first at \(gap.first), have no "
        + "outcome. They are control records or aborted commands of transactional producers, or else commands that "
        + "were lost before they were processed.")
  }
}
