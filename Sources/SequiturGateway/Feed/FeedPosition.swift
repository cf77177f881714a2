/// Where a reader of the feed stands in every partition: `0:17,1:4`, the offsets of the valid topic that it has not read yet.
struct FeedPosition: Sendable, Hashable, CustomStringConvertible {
  private(set) var offsets: [Int64]

  /// - Parameter offsets: the next one of each partition.
  init(_ offsets: [Int64]) { self.offsets = offsets }

  /// Reads what ``description`` wrote, for an application of so many partitions; nil when it is something else.
  init?(_ text: String, partitions: Int32) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == Int(partitions) else { return nil }
    offsets = []
    for (partition, part) in parts.enumerated() {
      let numbers = part.split(separator: ":", omittingEmptySubsequences: false)
      guard numbers.count == 2, numbers[0] == "\(partition)",
        let offset = FeedPages.number(Array(numbers[1].utf8))
      else { return nil }
      offsets.append(offset)
    }
  }

  var description: String {
    var text = ""
    for (partition, offset) in offsets.enumerated() {
      text += partition == 0 ? "0:\(offset)" : ",\(partition):\(offset)"
    }
    return text
  }

  /// Goes behind a record.
  /// - Returns: false for a partition that is not there.
  @discardableResult
  mutating func take(_ partition: Int32, _ offset: Int64) -> Bool {
    guard offsets.indices.contains(Int(partition)) else { return false }
    offsets[Int(partition)] = offset + 1
    return true
  }
}
