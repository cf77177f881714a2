import RocksDB
import Sequitur

/// One worker's memory: what `--memory` says, divided over all that grows with load, whatever the number of
/// partitions.
///
///     32 units   of bytes / 32
///      4         RocksDB's block cache, index and filter blocks included
///      6         RocksDB's memtables: flushes begin at 4, drains wait at 6 (the limit itself stalls nobody)
///      8         objects in memory, hot and undrained, and what finds them, over the assigned partitions;
///                of it 2 may be undrained; a restoring partition has none, and its restore uses 6 of the 8
///      2         drains on their way to the store, copies of what was undrained
///      8         transactions, over the lanes, a fourth each: one open, one being sent, its objects until they are
///                committed, and the part of it that is in librdkafka (``OutputParts``) with the buffers' growth
///      4         commands fetched and not yet taken, over the partitions: nothing is fetched at 2 and above, the
///                responses that they lie in included (``HeldResponses``), and what was asked for before is a
///                response of a quarter (of 1 MiB at least); while lanes stand still 3 to 4 on the wire, by
///                librdkafka's own bounds, and librdkafka's messages on top
///
/// Not in it: code, stacks, and what librdkafka, RocksDB and Swift need when they do nothing: about 60 MB.
package struct MemoryBudget: Sendable, Hashable {
  /// Default of `--memory`.
  package static let bytesDefault = 256 << 20
  /// Less than this leaves no room for one large record in each place.
  package static let bytesMin = 32 << 20

  package let bytes: Int

  /// - Parameter bytes: raised to ``bytesMin`` if it is less.
  package init(bytes: Int) { self.bytes = max(bytes, Self.bytesMin) }

  private var unit: Int { bytes / 32 }

  package var blockCacheBytes: Int { 4 * unit }
  /// Memtables at which RocksDB begins to flush.
  package var memtableBytes: Int { 4 * unit }
  /// Memtables at which drains wait, flushes in progress included.
  package var memtableBytesMax: Int { 6 * unit }
  /// Of one column family.
  package var writeBufferBytes: Int { max(memtableBytes / 4, 1 << 20) }
  /// Over all assigned partitions.
  package var objectBytes: Int { 8 * unit }
  /// Part of ``objectBytes``.
  package var undrainedBytes: Int { 2 * unit }
  package var drainBytes: Int { 2 * unit }
  package var transactionBytes: Int { 8 * unit }
  package var fetchBytes: Int { 4 * unit }

  /// How a database is opened that keeps to its share.
  var databaseOptions: DatabaseOptions {
    var options = DatabaseOptions()
    options.blockCacheBytes = blockCacheBytes
    options.memtableBytesTotal = memtableBytes
    options.writeBufferBytes = writeBufferBytes
    return options
  }

  /// Undrained objects of one lane's partitions: at half of it drains begin, at all of it the lane pauses.
  package func undrainedBytes(lanes: Int) -> Int { undrainedBytes / max(lanes, 1) }

  /// Output of one lane's transaction at which it is sent.
  ///
  /// A single command may go above it, up to `Limits.transactionBytesMax`: what is decided must not depend on
  /// a worker's memory.
  package func transactionBytes(lanes: Int) -> Int { transactionBytes / max(lanes, 1) / 4 }

  /// Fetched commands, over all partitions, at which no more are fetched.
  package var fetchBytesHeld: Int { fetchBytes / 2 }

  /// Fetched commands of one partition at which no more of it are fetched.
  ///
  ///     max(1.5 × fetchBytesHeld / partitions, min(fetchBytes / partitions, 256 KiB))
  ///
  /// With 256 MiB, `fetchBytes` is 32 MiB and `fetchBytesHeld` 16 MiB: 4 partitions have 6 MiB each, 64 have
  /// 384 KiB.
  /// The first term lets all partitions together have half as much again as ``fetchBytesHeld``, since librdkafka's thread
  /// sleeps while all are at their bounds. The second keeps one partition that alone has commands from running dry while
  /// a fetch waits for the others. Counts the topic's partitions, not the assigned ones: the property cannot be changed
  /// later.
  package func fetchBytesHeld(partitions: Int) -> Int {
    let share = (fetchBytesHeld + fetchBytesHeld / 2) / max(partitions, 1)
    return max(share, min(fetchBytes / max(partitions, 1), 256 << 10))
  }

  /// The same in messages: what makes ``fetchBytesHeld`` if they are empty, or of few partitions what one fetch of small
  /// ones brings on top.
  package func fetchMessagesHeld(partitions: Int) -> Int {
    let held = fetchBytesHeld / IntakeLimits.recordOverheadBytes
    return max(held, (held + fetchResponseBytes / IntakeLimits.recordBytesMin) / max(partitions, 1))
  }

  /// How long a broker holds a fetch back that brings nothing.
  ///
  /// A partition at its bound is not in the fetch, and waits for its end: no longer than its lane takes for what is
  /// there (20 MB/s), but for idle workers' sake no shorter than 20 ms.
  package func fetchWait(partitions: Int) -> Duration {
    .milliseconds(min(max(fetchBytesHeld(partitions: partitions) / 20_000, 20), 100))
  }

  /// One fetch of a broker, unless a single batch is larger.
  package var fetchResponseBytes: Int { max(unit / 4, 1 << 20) }

  /// One partition's part of a fetch: so that a fetch brings something of each, but no crumbs.
  package func fetchResponseBytes(partitions: Int) -> Int {
    max(fetchResponseBytes / max(partitions, 1), 64 << 10)
  }

  /// Objects that a restore collects before it sorts and writes them; `readers` restores do so at once.
  package func restoreRunBytes(readers: Int) -> Int { max(4 * unit / max(readers, 1), 1 << 20) }

  /// Changelog records fetched by one of so many restores; one more fetch may be under way.
  package func restoreFetchBytes(readers: Int) -> Int { max(unit / max(readers, 1), 64 << 10) }
}
