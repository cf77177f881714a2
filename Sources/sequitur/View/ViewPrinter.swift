import SequiturFollower
import Synchronization
import TerminalView

/// Prints what a changelog's batches leave of each object.
final class ViewPrinter: FollowSink {
  private let positions = Mutex<[Int32: FollowPosition]>([:])

  func position(of partition: Int32) -> FollowPosition? { positions.withLock { $0[partition] } }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) throws -> FollowVerdict {
    // Of a key that the batch has several times the last one counts.
    var last: [ArraySlice<UInt8>: Int] = [:]
    for index in 0..<batch.count { last[batch[index].key] = index }
    // In the middle of a large transaction there is no position: the states are of no one moment.
    let position = new.flatMap { $0.command > 0 ? "\(partition)-\($0.command - 1)" : nil }
    var lines: [String] = []
    for index in 0..<batch.count {
      let record = batch[index]
      if last[record.key] == index { lines.append(Self.line(record, position)) }
    }
    if !lines.isEmpty { try Output.print(json: lines.joined(separator: "\n")) }
    if let new { positions.withLock { $0[partition] = new } }
    return .applied
  }

  private static func line(_ record: FollowedRecord, _ position: String?) -> String {
    var line = JSONLine()
    line.add("key", key: record.key)
    line.add("state", payload: record.value)
    line.add("version", number: record.version)
    if let position { line.add("position", position) } else { line.add("position", number: Int?.none) }
    return line.text
  }
}
