import PartitionEngine

/// An object that is not the same in two places.
public struct StoreDifference: Sendable, Hashable {
  /// Where the object is.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Only in the first store.
    case onlyInFirst = "only-in-first"
    /// Only in the second store, or on the changelog.
    case onlyInSecond = "only-in-second"
    /// In both, with another version, state or commands.
    case differs
  }

  /// The partition it was found in.
  public let partition: Int32
  /// The object's key.
  public let key: [UInt8]
  /// What differs.
  public let kind: Kind
  /// The object's version there; `nil` when it does not exist there.
  public let firstVersion: UInt64?
  /// The object's version in the second store, or on the changelog; `nil` when it does not exist there.
  public let secondVersion: UInt64?
}

extension StoreInspection {
  /// Compares two stores, object by object: reads both once, in the order of keys.
  public func differences(
    from other: StoreInspection, _ body: (StoreDifference) throws -> Void
  ) throws {
    for partition in Set(partitions).union(other.partitions).sorted() {
      let first = try StoreCursor(self, partition)
      let second = try StoreCursor(other, partition)
      while let next = try StoreCursor.next(first, second, partition) { try body(next) }
    }
  }
}

/// One store's objects of a partition, a page at a time.
private final class StoreCursor {
  private let store: StoreInspection
  private let partition: Int32?
  private var page: [(key: [UInt8], record: [UInt8])] = []
  private var index = 0
  private var isAtEnd = false
  private static let pageCount = 1000

  init(_ store: StoreInspection, _ partition: Int32) throws {
    self.store = store
    self.partition = store.partitions.contains(partition) ? partition : nil
  }

  private func current() throws -> (key: [UInt8], record: [UInt8])? {
    if index == page.count, !isAtEnd, let partition {
      let last = page.last?.key
      page = try store.records(in: partition, after: last, count: Self.pageCount)
      index = 0
      isAtEnd = page.count < Self.pageCount
    }
    return index < page.count ? page[index] : nil
  }

  /// The next difference of two cursors; `nil` behind the last object of both.
  static func next(
    _ first: StoreCursor, _ second: StoreCursor, _ partition: Int32
  ) throws -> StoreDifference? {
    while true {
      let (a, b) = (try first.current(), try second.current())
      guard a != nil || b != nil else { return nil }
      let isFirst = a.map { a in b.map { !$0.key.lexicographicallyPrecedes(a.key) } ?? true } ?? false
      let isSecond = b.map { b in a.map { !$0.key.lexicographicallyPrecedes(b.key) } ?? true } ?? false
      if isFirst { first.index += 1 }
      if isSecond { second.index += 1 }
      let (left, right) = (isFirst ? a?.record : nil, isSecond ? b?.record : nil)
      if left == right { continue }
      return StoreDifference(
        partition: partition, key: (isFirst ? a : b)!.key,
        kind: right == nil ? .onlyInFirst : left == nil ? .onlyInSecond : .differs,
        firstVersion: left.map(version), secondVersion: right.map(version))
    }
  }

  private static func version(_ record: [UInt8]) -> UInt64 {
    record.withUnsafeBytes { ObjectRecord.isWellFormed($0) ? ObjectRecord($0).version : 0 }
  }
}
