import Foundation
import Logging
import ReadableText
import SequiturHTTP
import TerminalView

/// Writes each log record as one JSON object in one line: `time`, `level`, `message`, and the metadata.
struct JSONLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel = Logger.Level.info
  private let write: @Sendable (String) -> Void

  /// - Parameter write: takes a line without its end.
  init(write: @escaping @Sendable (String) -> Void = { Terminal.log(ShownText.json($0) + "\n") }) {
    self.write = write
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
    if let own = event.metadata { all.merge(own) { _, new in new } }
    var line =
      "{\"time\":\(JSONText.quoted(Date.now.formatted(Self.time))),\"level\":\"\(event.level)\","
      + "\"message\":\(JSONText.quoted("\(event.message)"))"
    // A name of the metadata that is one of these would hide it.
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      let name = Self.reserved.contains(key) ? key + "_" : key
      line += ",\(JSONText.quoted(name)):\(Self.json(value))"
    }
    write(line + "}")
  }

  private static let reserved: Set = ["time", "level", "message"]
  private static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  private static func json(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): JSONText.quoted(text)
    case .stringConvertible(let thing): JSONText.quoted("\(thing)")
    case .array(let values): "[" + values.map(json).joined(separator: ",") + "]"
    case .dictionary(let values):
      "{"
        + values.sorted { $0.key < $1.key }.map { "\(JSONText.quoted($0.key)):\(json($0.value))" }
        .joined(separator: ",") + "}"
    }
  }
}
