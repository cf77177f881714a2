import PartitionEngine
import Sequitur

/// One partition of a simulated topic, as its leader keeps it.
///
/// A record has its offset at once, also in an open transaction; a marker takes an offset of its own. A
/// `read_committed` reader stops at the last stable offset, the first record of an open transaction (KIP-98).
final class SimulatedLog {
  struct Entry {
    /// `nil` for a marker.
    let record: LogRecord?
    /// `nil` for a record without one.
    let transaction: Int?
  }

  private(set) var entries: [Entry] = []
  /// Open transactions, and where each begins.
  private var open: [(transaction: Int, start: Int64)] = []
  /// By transaction, where a marker says so.
  private var isCommitted: [Int: Bool] = [:]

  var highWatermark: Int64 { Int64(entries.count) }
  /// The last stable offset.
  var stableOffset: Int64 { open.map(\.start).min() ?? highWatermark }

  @discardableResult
  func append(_ record: LogRecord, transaction: Int? = nil) -> Int64 {
    let offset = highWatermark
    if let transaction, !isOpen(transaction: transaction) { open.append((transaction, offset)) }
    entries.append(Entry(record: record, transaction: transaction))
    return offset
  }

  func end(transaction: Int, isCommit: Bool) {
    open.removeAll { $0.transaction == transaction }
    isCommitted[transaction] = isCommit
    entries.append(Entry(record: nil, transaction: transaction))
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
      let entry = entries[Int(fetched.position)]
      if let record = entry.record,
        !isCommittedOnly || entry.transaction.map({ isCommitted[$0] == true }) ?? true
      {
        fetched.records.append((fetched.position, record))
      }
      fetched.position += 1
    }
    return fetched
  }

  /// Whether an open transaction has records here.
  func isOpen(transaction: Int) -> Bool { open.contains { $0.transaction == transaction } }

  var hasOpenTransactions: Bool { !open.isEmpty }
  var openTransactions: [Int] { open.map(\.transaction) }
}
