import PartitionEngine
import Sequitur
import SequiturTesting

/// One partition of a simulated topic, as its leader keeps it.
///
/// A record has its offset at once, also in an open transaction; a marker takes an offset of its own. A
/// `read_committed` reader stops at the last stable offset, the first record of an open transaction (KIP-98).
final class SimulatedLog {
  struct Entry {
    /// `nil` for a marker.
    var record: LogRecord?
    /// `nil` for a record without one.
    let transaction: Int?
    /// Compaction removed it; its offset stays.
    var isGap = false
  }

  private(set) var entries: [Entry] = []
  /// Open transactions, and where each begins.
  private var open: [(transaction: Int, start: Int64)] = []
  /// By transaction, where a marker says so.
  private var isCommitted: [Int: Bool] = [:]

  /// The first offset that still exists.
  private(set) var logStart: Int64 = 0
  /// Entries of the topic of the same name that was deleted: offsets begin again behind them.
  private var base = 0

  var highWatermark: Int64 { Int64(entries.count - base) }

  /// `DeleteRecords` below an offset (KIP-107); `nil`: up to the high watermark.
  func truncate(before offset: Int64? = nil) { logStart = max(logStart, offset ?? highWatermark) }

  func recreate() {
    base = entries.count
    logStart = 0
    open = []
  }

  /// The log cleaner: of each key only the newest record stays, below the last stable offset and the active segment,
  /// and none of an aborted transaction. Tombstones stay (delete.retention.ms), and offsets do.
  ///
  /// - Returns: how many records it removed.
  func compact() -> Int {
    var newest: Set<[UInt8]> = []
    var count = 0
    for index in (base..<base + Int(min(stableOffset, activeSegment))).reversed() {
      guard let key = entries[index].record?.key else { continue }
      let isAborted = entries[index].transaction.map { isCommitted[$0] != true } ?? false
      guard isAborted || !newest.insert(key).inserted else { continue }
      entries[index].record = nil
      entries[index].isGap = true
      count += 1
    }
    return count
  }

  /// Where the segment begins that is written to, and not cleaned: with the last few transactions (a real one holds
  /// a gigabyte, segment.bytes).
  private var activeSegment: Int64 {
    var newest: Set<Int> = []
    for index in entries[base...].indices.reversed() {
      guard let transaction = entries[index].transaction, newest.insert(transaction).inserted else {
        continue
      }
      if newest.count > 4 { return Int64(index - base) + 1 }
    }
    return 0
  }

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
    /// Whether a compacted record was passed over.
    var hasGap = false
  }

  /// A fetch as a broker answers it: a position outside the log is refused.
  func read(from offset: Int64, max: Int, isCommittedOnly: Bool) -> Result<Fetched, BrokerError> {
    guard offset >= logStart, offset <= highWatermark else { return .failure(.offsetOutOfRange) }
    return .success(fetch(from: offset, max: max, isCommittedOnly: isCommittedOnly))
  }

  /// For the checks, which know what was deleted too.
  func fetch(from offset: Int64, max: Int, isCommittedOnly: Bool) -> Fetched {
    var fetched = Fetched(position: offset)
    let end = isCommittedOnly ? stableOffset : highWatermark
    while fetched.position < end, fetched.records.count < max {
      let entry = entries[base + Int(fetched.position)]
      if entry.isGap { fetched.hasGap = true }
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
