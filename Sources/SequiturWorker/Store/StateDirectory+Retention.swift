import Foundation
import RocksDB

extension StateDirectory {
  private static let usedKey = Array("used".utf8)

  /// Notes which partitions are served now, and drops those that were away for longer than `retention`.
  ///
  /// A partition that comes back sooner continues from what it left. The times stand in the default column
  /// family, as JSON by partition, in seconds since 1970; one that has no time gets the present.
  func retire(serving: Set<Int32>, retention: Duration, now: Date = Date()) throws {
    let seconds = Int64(now.timeIntervalSince1970)
    let known = try used()
    var next: [Int32: Int64] = [:]
    for partition in partitions {
      let last = serving.contains(partition) ? seconds : known[partition] ?? seconds
      // A clock that was set back must not keep a partition for ever.
      next[partition] = min(last, seconds)
    }
    for (partition, last) in next where seconds - last > retention.components.seconds {
      try drop(partition)
      next[partition] = nil
      logger.notice(
        "a partition that was away for long was removed from the store",
        metadata: ["partition": "\(partition)", "away-seconds": "\(seconds - last)"])
    }
    guard next != known else { return }
    let text = next.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    try Self.put(Self.usedKey, Array("{\(text)}".utf8), in: database)
  }

  private func used() throws -> [Int32: Int64] {
    let database = database
    guard let family = database.columnFamily(named: Database.defaultColumnFamilyName) else { return [:] }
    return try Self.usedKey.withUnsafeBytes { key -> [Int32: Int64] in
      guard let slice = try database.get(key, in: family) else { return [:] }
      let (times, isDamaged) = slice.withUnsafeBytes(Self.times)
      if isDamaged {
        logger.warning("the times at which partitions were served last are damaged; they begin anew")
      }
      return times
    }
  }

  /// The times by partition, and whether something else stands there. What is not as it was written is left out.
  static func times(_ bytes: UnsafeRawBufferPointer) -> (times: [Int32: Int64], isDamaged: Bool) {
    guard let entries = try? JSONDecoder().decode([String: Int64].self, from: Data(bytes)) else {
      return ([:], true)
    }
    var times: [Int32: Int64] = [:]
    for (name, time) in entries {
      // `+1` is a number as well, and the same one as `1`.
      guard let partition = Int32(name), partition >= 0, "\(partition)" == name, time >= 0 else { continue }
      times[partition] = time
    }
    return (times, times.count < entries.count)
  }
}
