/// One partition of a simulated topic, as its leader keeps it.
///
/// A record has its offset at once, also in an open transaction; a marker takes an offset of its own. A
/// `read_committed` reader stops at the last stable offset, the first record of an open transaction (KIP-98).
struct SimulatedLog {
  enum Entry {
    /// `transaction` is `nil` for a record without one.
    case record(LogRecord, transaction: Int?)
    case marker(transaction: Int)
  }

  private(set) var entries: [Entry] = []
  /// Open transactions, and where each begins.
  private var open: [Int: Int64] = [:]
  private var isCommitted: [Int: Bool] = [:]

  var highWatermark: Int64 { Int64(entries.count) }
  /// The last stable offset.
  var stableOffset: Int64 { open.values.min() ?? highWatermark }

  @discardableResult
  mutating func append(_ record: LogRecord, transaction: Int? = nil) -> Int64 {
    let offset = highWatermark
    if let transaction, open[transaction] == nil { open[transaction] = offset }
    entries.append(.record(record, transaction: transaction))
    return offset
  }

  mutating func end(transaction: Int, isCommit: Bool) {
    open[transaction] = nil
    isCommitted[transaction] = isCommit
    entries.append(.marker(transaction: transaction))
  }

  /// What one fetch gives: records, and the consumer's position after it (markers and aborted records are
  /// passed over).
  struct Fetched {
    var records: [(offset: Int64, record: LogRecord)] = []
    var position: Int64
  }

  func fetch(from offset: Int64, max: Int, isCommittedOnly: Bool) -> Fetched {
    var fetched = Fetched(position: offset)
    let end = isCommittedOnly ? stableOffset : highWatermark
    while fetched.position < end, fetched.records.count < max {
      if case .record(let record, let transaction) = entries[Int(fetched.position)],
        !isCommittedOnly || transaction.map({ isCommitted[$0] == true }) ?? true
      {
        fetched.records.append((fetched.position, record))
      }
      fetched.position += 1
    }
    return fetched
  }

  /// Whether an open transaction has records here.
  func isOpen(transaction: Int) -> Bool { open[transaction] != nil }

  var openTransactions: [Int] { open.keys.sorted() }
}
