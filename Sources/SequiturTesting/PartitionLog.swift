/// One partition of an in-memory topic: records of transactions, and the markers that end them.
///
/// As in Kafka, a record of an open transaction has its offset at once, and markers take offsets of their own.
public struct PartitionLog: Sendable {
  /// What stands at an offset.
  public enum Entry: Sendable, Hashable {
    case record(LogRecord, transaction: Int)
    case marker(transaction: Int, isCommit: Bool)
  }

  /// Where a transaction stands.
  enum Fate: Sendable, Hashable {
    case open, committed, aborted
  }

  /// All records and markers, in the order of their offsets.
  public private(set) var entries: [Entry] = []
  private var fates: [Int: Fate] = [:]

  /// An empty log.
  public init() {}

  /// The first offset that still exists.
  public var logStart: Int64 { 0 }
  /// The offset of the next entry.
  public var highWatermark: Int64 { Int64(entries.count) }

  /// Appends a record and returns its offset.
  @discardableResult
  public mutating func append(_ record: LogRecord, transaction: Int) -> Int64 {
    fates[transaction] = .open
    entries.append(.record(record, transaction: transaction))
    return Int64(entries.count - 1)
  }

  /// Writes the marker of a transaction that has records here.
  public mutating func end(transaction: Int, isCommit: Bool) {
    guard fates[transaction] == .open else { return }
    fates[transaction] = isCommit ? .committed : .aborted
    entries.append(.marker(transaction: transaction, isCommit: isCommit))
  }

  /// The records from an offset on that a `read_committed` consumer sees, with their offsets: nothing aborted,
  /// and nothing behind the first record of an open transaction.
  public func committed(from offset: Int64 = 0) -> [(offset: Int64, record: LogRecord)] {
    var result: [(offset: Int64, record: LogRecord)] = []
    for index in Int(offset)..<max(Int(offset), entries.count) {
      guard case .record(let record, let transaction) = entries[index] else { continue }
      switch fates[transaction] {
      case .committed: result.append((Int64(index), record))
      case .aborted: continue
      case .open, nil: return result
      }
    }
    return result
  }

  /// All records that are not aborted.
  func visible() -> [LogRecord] {
    entries.compactMap { entry in
      guard case .record(let record, let transaction) = entry, fates[transaction] != .aborted else {
        return nil
      }
      return record
    }
  }
}
