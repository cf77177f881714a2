import PartitionEngine
import RocksDB

/// A batch of a partition's objects on its way to the store, as its drainer sees it.
protocol DrainWork: Sendable {
  var partitionNumber: Int32 { get }
  /// Objects in it.
  var objectCount: Int { get }
  /// The offset of the changelog that the store stands for once it is written.
  var changelogOffset: Int64 { get }

  /// Writes the batch. Blocks. May be called again after an error.
  func write() throws(RocksDBError)

  /// Tells the partition how it went: called once, behind the last ``write()``.
  func end(_ ending: DrainEnding) async
}
