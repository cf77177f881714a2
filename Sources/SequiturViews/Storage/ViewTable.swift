import SequiturFollower

/// What a table stands for.
struct ViewMark: Sendable, Hashable {
  /// Nil before the first checkpoint.
  var position: FollowPosition?
  /// Milliseconds since 1970: everything that was committed then is in the table. Before the table was whole for the first
  /// time: when it began to be filled.
  var currentAt: Int64
  /// How far had been read then; nil before the table was whole for the first time.
  var currentEnd: Int64?
}

/// An object in a table.
struct StoredObject<Value: Sendable>: Sendable {
  let value: Value
  let version: UInt64
  /// Of the encoded state: two states with the same one are the same.
  let digest: Int
  /// Of the encoded state.
  let byteCount: Int
}

/// What becomes of a key; without an object it is deleted.
struct ViewEntry<Value: Sendable>: Sendable {
  let key: [UInt8]
  let object: StoredObject<Value>?
  /// The encoded state.
  let bytes: ArraySlice<UInt8>
  /// Also of an object that is gone, where it is known.
  let version: UInt64?
}

/// One partition's objects. One thread writes; any thread reads.
protocol ViewTable<Value>: AnyObject, Sendable {
  associatedtype Value: Sendable

  var mark: ViewMark { get }

  func object(_ key: [UInt8]) throws(ViewFault) -> StoredObject<Value>?

  /// Changes objects and mark together, or nothing.
  func write(_ entries: [ViewEntry<Value>], _ mark: ViewMark) throws(ViewFault)

  /// Begins to make what was written survive a crash. Whoever does not call it loses nothing but time: it is read again.
  func flush() throws(ViewFault)

  /// The objects behind a key, in the table's own order, which is the same for all tables of a view; about `limit`.
  func page(
    after key: [UInt8]?, limit: Int
  ) throws(ViewFault) -> [(key: [UInt8], object: StoredObject<Value>)]

  /// Whether one key comes before another in the table's order.
  func isOrdered(_ first: [UInt8], before second: [UInt8]) -> Bool
}

/// Where a view's tables are.
protocol ViewStore<Value>: AnyObject, Sendable {
  associatedtype Value: Sendable

  /// The table of a partition, as it was left; what was begun to replace it is dropped.
  func open(_ partition: Int32, now: Int64) throws(ViewFault) -> any ViewTable<Value>

  /// An empty table beside the one of a partition; one that was begun before is dropped.
  func beginReplacement(of partition: Int32, now: Int64) throws(ViewFault) -> any ViewTable<Value>

  /// From now on the partition's table is the one that was begun, also after a crash. The former one can still be read.
  func replace(_ partition: Int32) throws(ViewFault)

  /// Drops the former table.
  func dropReplaced(_ partition: Int32) throws(ViewFault)

  /// Refuses further calls.
  func close()
}
