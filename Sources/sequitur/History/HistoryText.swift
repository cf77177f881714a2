import JSONFields
import ReadableText
import Sequitur
import SequiturWorker

/// How a history is shown.
struct HistoryText: Sendable {
  let commandsTopic: String

  /// For people.
  func lines(_ entry: HistoryEntry) -> String {
    var lines = ["\(Self.time(entry.time)) \(position(entry)) \(command(entry))"]
    for event in entry.events {
      lines.append(
        "  event \(ShownText.line(event.type)), version \(event.version): \(Self.payload(event.payload))")
    }
    if let rejection = entry.rejection {
      lines.append(
        "  rejected \(ShownText.line(rejection.code)): \(ShownText.line(rejection.reason, atMost: 1_000))")
    }
    if entry.events.isEmpty, entry.rejection == nil {
      lines.append(entry.isPending ? "  no worker has decided it yet" : "  no outcome")
    }
    if let state = entry.state {
      lines.append("  state\(state.isKept ? "" : " (computed)"): \(StateText.plain(state.bytes))")
    } else if entry.isForgotten {
      lines.append("  the object is forgotten")
    }
    return lines.joined(separator: "\n")
  }

  /// A state for people.
  func lines(_ key: [UInt8], _ found: HistorySearch.Found, _ state: HistoryEntry.State) -> String {
    """
    key: \(StateText.plain(key))
    partition: \(found.entry.partition)
    version: \(found.version)
    made by: \(position(found.entry)) at \(Self.time(found.entry.time))
    schema version: \(state.schemaVersion)
    state\(state.isKept ? "" : " (computed)"): \(StateText.plain(state.bytes))
    """
  }

  /// On one line.
  func json(_ entry: HistoryEntry) -> String {
    var members = ["\"position\":\(JSONText.quoted(position(entry)))", "\"time\":\(entry.time)"]
    if let command = entry.command {
      var parts: [String] = []
      if let type = command.type { parts.append("\"type\":\(JSONText.quoted(type))") }
      if let id = command.id { parts.append("\"id\":\(JSONText.quoted(id))") }
      parts.append(command.payload.map { StateText.value("payload", $0) } ?? "\"payload\":null")
      members.append("\"command\":{\(parts.joined(separator: ","))}")
    }
    if !entry.events.isEmpty {
      let events = entry.events.map { event in
        "{\"type\":\(JSONText.quoted(event.type)),\"version\":\(event.version),"
          + (event.payload.map { StateText.value("payload", $0) } ?? "\"payload\":null") + "}"
      }
      members.append("\"events\":[\(events.joined(separator: ","))]")
    }
    if let rejection = entry.rejection {
      members.append(
        "\"rejection\":{\"code\":\(JSONText.quoted(rejection.code)),\"reason\":\(JSONText.quoted(rejection.reason))}"
      )
    }
    if entry.isPending { members.append("\"pending\":true") }
    if entry.isForgotten { members.append("\"forgotten\":true") }
    if let state = entry.state { members.append(contentsOf: self.members(state)) }
    return "{\(members.joined(separator: ","))}"
  }

  /// A state on one line.
  func json(_ key: [UInt8], _ found: HistorySearch.Found, _ state: HistoryEntry.State) -> String {
    let members =
      [
        StateText.member("key", key), "\"partition\":\(found.entry.partition)",
        "\"version\":\(found.version)",
        "\"position\":\(JSONText.quoted(position(found.entry)))", "\"time\":\(found.entry.time)",
      ] + self.members(state)
    return "{\(members.joined(separator: ","))}"
  }

  private func members(_ state: HistoryEntry.State) -> [String] {
    [
      "\"schemaVersion\":\(state.schemaVersion)", "\"stateIsKept\":\(state.isKept)",
      StateText.value("state", state.bytes),
    ]
  }

  private func position(_ entry: HistoryEntry) -> String {
    "\(commandsTopic)/\(entry.partition)/\(entry.offset)"
  }

  private func command(_ entry: HistoryEntry) -> String {
    guard let command = entry.command else { return "(retention has deleted the command)" }
    let type = command.type.map { ShownText.line($0) } ?? "command"
    let id = command.id.map { " \(ShownText.line($0))" } ?? ""
    return "\(type)\(id): \(Self.payload(command.payload))"
  }

  /// 0000 to 9999.
  private static let years: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

  private static func payload(_ bytes: [UInt8]?) -> String { bytes.map { StateText.plain($0) } ?? "null" }

  /// In UTC with milliseconds. RFC 3339 has no name for times beyond its years, which a record may have all the same.
  static func time(_ milliseconds: Int64) -> String {
    guard milliseconds != -1 else { return "(no time)" }
    guard years ~= milliseconds else { return "\(milliseconds) ms since 1970" }
    // Not by way of Foundation's Date: a double has no exact thousandths, and cut off they are one less.
    var text = ByteWriter(capacity: 32)
    text.append(rfc3339: milliseconds)
    return String(decoding: text.bytes, as: UTF8.self)
  }
}
