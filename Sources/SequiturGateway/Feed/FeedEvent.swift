import Foundation
import KafkaClient
import SequiturHTTP

/// An event of the valid topic as a feed's reader gets it.
struct FeedEvent: Sendable {
  /// Its own offset on the valid topic.
  let offset: Int64
  let key: [UInt8]
  let id: String
  let type: String
  let source: String
  let version: String
  let time: String?
  let contentType: String?
  let payload: [UInt8]?

  /// Reads a record; nil for one that is no event.
  init?(_ message: borrowing Message) {
    var found: [String: String] = [:]
    _ = message.forEachHeader { name, value in
      guard let value, let name = Self.names.first(where: { name.elementsEqual($0.utf8) }) else { return }
      found[name] = String(decoding: value, as: UTF8.self)
    }
    guard let id = found["ce_id"], let type = found["ce_type"], let key = message.key else { return nil }
    offset = message.offset
    self.key = Array(key)
    self.id = id
    self.type = type
    source = found["ce_source"] ?? ""
    version = found["ce_sequence"] ?? "0"
    time = found["ce_time"]
    contentType = found["content-type"]
    payload = message.value.map { Array($0) }
  }

  private static let names = ["ce_id", "ce_type", "ce_source", "ce_sequence", "ce_time", "content-type"]

  /// One line of JSON, as `sequitur bootstrap` prints an event; without the payload when it is `thin`.
  func line(_ values: borrowing JSONValues, isThin: Bool = false) -> String {
    var line =
      "{\(keyMember),\"version\":\(version),\"type\":\(JSONText.quoted(type)),\"id\":\(JSONText.quoted(id))"
    if let time { line += ",\"time\":\(JSONText.quoted(time))" }
    if !isThin { line += payloadMember("value", base64: "base64", values) }
    return line + ",\"offset\":\(offset)}"
  }

  /// A CloudEvent in the JSON format (CloudEvents 1.0, JSON event format, sections 2 and 3.1).
  func cloudEvent(_ values: borrowing JSONValues) -> String {
    var event =
      "{\"specversion\":\"1.0\",\"id\":\(JSONText.quoted(id)),\"source\":\(JSONText.quoted(source)),"
      + "\"type\":\(JSONText.quoted(type)),\"sequence\":\"\(version)\""
    if let subject = String(validating: key, as: UTF8.self) {
      event += ",\"subject\":\(JSONText.quoted(subject))"
    }
    if let time { event += ",\"time\":\(JSONText.quoted(time))" }
    if let contentType { event += ",\"datacontenttype\":\(JSONText.quoted(contentType))" }
    if payload != nil { event += payloadMember("data", base64: "data_base64", values) }
    return event + "}"
  }

  /// The payload as it is when it is JSON, else in Base64 under another name.
  private func payloadMember(_ name: String, base64: String, _ values: borrowing JSONValues) -> String {
    guard let payload else { return ",\"\(name)\":null" }
    if let text = values.text(payload) { return ",\"\(name)\":\(text)" }
    return ",\"\(base64)\":\"\(Data(payload).base64EncodedString())\""
  }

  /// The key as text when it is UTF-8, else as digits.
  private var keyMember: String {
    if let text = String(validating: key, as: UTF8.self) { return "\"key\":\(JSONText.quoted(text))" }
    return "\"keyHex\":\"\(key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())\""
  }
}
