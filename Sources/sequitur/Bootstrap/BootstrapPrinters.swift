import SequiturFollower
import Synchronization
import TerminalView

/// Prints states, many with one write.
final class StatePrinter: Sendable {
  private static let bytesMax = 1 << 18
  private let text = Mutex("")

  func add(_ key: ArraySlice<UInt8>, _ version: UInt64, _ value: ArraySlice<UInt8>) throws {
    var state = JSONLine()
    state.add("key", key: key)
    state.add("version", number: version)
    state.add("value", payload: value)
    var line = JSONLine()
    line.add("state", state)
    let isFull = text.withLock { text in
      if !text.isEmpty { text += "\n" }
      text += line.text
      return text.utf8.count >= Self.bytesMax
    }
    if isFull { try flush() }
  }

  func flush() throws {
    let lines = text.withLock { text in
      defer { text = "" }
      return text
    }
    if !lines.isEmpty { try Output.print(json: lines) }
  }
}

/// Prints events behind the positions that it is given.
final class EventPrinter: FollowSink {
  private let positions: Mutex<[Int32: FollowPosition]>

  init(_ positions: [Int32: FollowPosition]) { self.positions = Mutex(positions) }

  func position(of partition: Int32) -> FollowPosition? { positions.withLock { $0[partition] } }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) throws -> FollowVerdict {
    let lines = (0..<batch.count).map { Self.line(batch[$0]) }
    if !lines.isEmpty { try Output.print(json: lines.joined(separator: "\n")) }
    if let new { positions.withLock { $0[partition] = new } }
    return .applied
  }

  private static func line(_ record: FollowedRecord) -> String {
    var event = JSONLine()
    event.add("key", key: record.key)
    event.add("version", number: record.version)
    event.add("type", record.text("ce_type") ?? "")
    event.add("id", record.text("ce_id") ?? "")
    if let time = record.text("ce_time") { event.add("time", time) }
    event.add("value", payload: record.value)
    event.add("offset", number: record.offset)
    var line = JSONLine()
    line.add("event", event)
    return line.text
  }
}
