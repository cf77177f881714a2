/// Finds the command whose outcome a broker refuses: a transaction is refused as a whole, so ever smaller ones are sent,
/// down to one with a single command.
///
///     refused ─▶ half as many ─▶ … ─▶ one command, refused ─▶ it is rejected ─▶ taken: as many as before, step by step
///                                                                        └──▶ refused as well: it is not the command's
///                                                                             fault; nothing is rejected
///
/// It remembers what was refused over restores: a refused transaction's partitions go back to their last commit.
public struct RefusalSearch: Sendable {
  /// What a refused transaction tells.
  public enum Finding: Sendable, Hashable {
    /// The same commands again, in smaller transactions.
    case divide
    /// The outcome of this one is refused: it gets a rejection.
    case convict(partition: Int32, offset: Int64)
    /// A single command's outcome is refused and its rejection is too, or one after the other is: something else is wrong.
    case everything
  }

  private struct Entry {
    /// The commands of which at least one is refused; nil once it was found.
    var suspects: Range<Int64>?
    var commandsMax: Int
    var convict: Int64?
    /// Its rejection was refused as well.
    var acquitted: Int64?
  }

  private let commandsMax: Int
  private let convictsMax: Int
  private var entries: [Int32: Entry] = [:]
  /// Since an outcome was taken that is none of theirs.
  private var convicts = 0

  /// - Parameters:
  ///   - commandsMax: of a transaction, without any search.
  ///   - convictsMax: so many in a row, whose fault is not known for sure, may be rejected; after that the topic refuses
  ///     everything, and rejecting it all would be the greater damage.
  public init(commandsMax: Int, convictsMax: Int = 10) {
    self.commandsMax = commandsMax
    self.convictsMax = convictsMax
  }

  /// Whether transactions are to be bounded, or commands to be rejected.
  public var isActive: Bool { !entries.isEmpty }

  /// A transaction was refused because of one of its records.
  ///
  /// - Parameters:
  ///   - commands: in all of its parts.
  ///   - partition: of the record that was refused, when it is known: outcomes go to their command's partition.
  ///   - isOwnForSure: whether such a refusal is always of a single record.
  public mutating func refused(
    _ parts: [TransactionPart], commands: Int, partition: Int32?, isOwnForSure: Bool
  ) -> Finding {
    let named = parts.filter { $0.partition == partition }
    let concerned = named.isEmpty ? parts : named
    guard commands <= 1, let part = concerned.first else {
      for part in concerned {
        entries[part.partition, default: Entry(commandsMax: commandsMax)].suspects = part.start..<part.end
        entries[part.partition]?.commandsMax = max(commands / 2, 1)
      }
      return .divide
    }
    return judge(part, isOwnForSure)
  }

  private mutating func judge(_ part: TransactionPart, _ isOwnForSure: Bool) -> Finding {
    var entry = entries[part.partition] ?? Entry(commandsMax: 1)
    defer { entries[part.partition] = entry }
    let offset = part.end - 1
    entry.commandsMax = 1
    if entry.convict == offset {
      entry.convict = nil
      entry.acquitted = offset
      return .everything
    }
    guard entry.acquitted != offset, isOwnForSure || convicts < convictsMax else { return .everything }
    entry.convict = offset
    convicts += 1
    return .convict(partition: part.partition, offset: offset)
  }

  /// A transaction was committed.
  ///
  /// - Parameter isAccepted: whether there is an accepted command among its own.
  public mutating func committed(_ parts: [TransactionPart], isAccepted: Bool) {
    if isAccepted { convicts = 0 }
    guard isActive else { return }
    for part in parts {
      guard var entry = entries[part.partition] else { continue }
      if let convict = entry.convict, convict < part.end { (entry.convict, entry.suspects) = (nil, nil) }
      if let acquitted = entry.acquitted, acquitted < part.end { entry.acquitted = nil }
      if let suspects = entry.suspects {
        entry.suspects =
          part.end < suspects.upperBound ? max(part.end, suspects.lowerBound)..<suspects.upperBound : nil
      }
      entry.commandsMax *= 2
      if let rest = entry.suspects?.count { entry.commandsMax = min(entry.commandsMax, max(rest / 2, 1)) }
      let isOver = entry.commandsMax >= commandsMax && entry.convict == nil && entry.acquitted == nil
      entries[part.partition] = isOver ? nil : entry
    }
  }

  /// The most commands that a transaction with commands of these partitions may have; nil: as ever.
  public func commandsMax(of partitions: [Int32]) -> Int? {
    partitions.compactMap { entries[$0]?.commandsMax }.min()
  }

  /// The command of a partition that is to be rejected; nil: none from there on.
  public func convict(of partition: Int32, from position: Int64) -> Int64? {
    entries[partition]?.convict.flatMap { $0 >= position ? $0 : nil }
  }
}
