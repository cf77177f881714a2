/// Puts the messages of a database's log together to transactions, as a pure machine.
///
/// A transaction is handed out as it comes, command by command, and its end last: what is sent may only be committed behind
/// a ``Output/ended(_:)``. Transactions up to a position that is on record already are passed over.
struct LogAssembly {
  /// What is to be done.
  enum Output: Hashable {
    /// The next command of the open transaction. Its number counts the transaction's commands from 0.
    case command(LogCommand, commit: LogPosition, number: Int)
    /// The transaction is complete, and all before it: the log is done up to here.
    case ended(LogPosition)
  }

  /// What pgoutput must not send.
  struct Fault: Error, Hashable {
    let description: String
  }

  private let table: OutboxTable
  private let prefix: String
  private let from: LogPosition
  private var relations: [UInt32: LogRelation] = [:]
  private var open: LogPosition?
  private var number = 0

  /// - Parameters:
  ///   - prefix: of messages that are commands.
  ///   - from: the end of the last transaction that is on record.
  init(_ table: OutboxTable, prefix: String, from: LogPosition) {
    self.table = table
    self.prefix = prefix
    self.from = from
  }

  /// Whether a transaction has begun and not ended.
  var isInTransaction: Bool { open != nil }

  mutating func take(_ message: LogMessage) throws(Fault) -> Output? {
    switch message {
    case .begin(let commit):
      guard open == nil else { throw Fault(description: "a transaction begins within another one") }
      open = commit
      number = 0
    case .commit(let end):
      guard open != nil else { throw Fault(description: "a transaction ends that has not begun") }
      open = nil
      return end > from ? .ended(end) : nil
    case .relation(let relation): relations[relation.id] = relation
    case .insert(let id, let values):
      guard let relation = relations[id] else { throw Fault(description: "a row comes before its table") }
      guard let place = try nextPlace() else { return nil }
      return .command(LogCommand(values, of: relation, table), commit: place.commit, number: place.number)
    case .message(let isTransactional, let prefix, let content):
      // One outside of a transaction is sent even when that is rolled back: it is no command.
      guard isTransactional, prefix == self.prefix else { return nil }
      guard let place = try nextPlace() else { return nil }
      return .command(LogCommand(message: content), commit: place.commit, number: place.number)
    case .other: break
    }
    return nil
  }

  /// Where the next command of the open transaction stands; nil where it is on record.
  private mutating func nextPlace() throws(Fault) -> (commit: LogPosition, number: Int)? {
    guard let commit = open else { throw Fault(description: "a change comes outside of a transaction") }
    // The end of a transaction stands behind its commit.
    guard commit >= from else { return nil }
    defer { number += 1 }
    return (commit, number)
  }
}
