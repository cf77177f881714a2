import Foundation
import KafkaClient
import SequiturHTTP

/// An event of the valid topic as a feed's reader gets it.
struct FeedEvent: Sendable {
  /// Its own offset on the valid topic.
  private(set) var offset: Int64
  private(set) var key: [UInt8]
  private(set) var id = ""
  private(set) var type = ""
  private(set) var source = ""
  private(set) var version = "0"
  private(set) var time: String?
  private(set) var contentType: String?
  private(set) var payload: [UInt8]?

  /// Reads a record; nil for one that is no event.
  init?(_ message: borrowing Message) {
    guard let key = message.key else { return nil }
    offset = message.offset
    self.key = Array(key)
    payload = message.value.map { Array($0) }
    var found = self
    _ = message.forEachHeader { name, value in
      if let value { found.take(name, value) }
    }
    guard !found.id.isEmpty, !found.type.isEmpty else { return nil }
    self = found
  }

  private mutating func take(_ name: borrowing UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    func text() -> String { String(decoding: value, as: UTF8.self) }
    switch name.count {
    case 5 where name.elementsEqual("ce_id".utf8): id = text()
    case 7 where name.elementsEqual("ce_type".utf8): type = text()
    case 7 where name.elementsEqual("ce_time".utf8): time = text()
    case 9 where name.elementsEqual("ce_source".utf8): source = text()
    case 11 where name.elementsEqual("ce_sequence".utf8):
      // It is written as a number.
      if !value.isEmpty, value.allSatisfy({ (48...57).contains($0) }) { version = text() }
    case 12 where name.elementsEqual("content-type".utf8): contentType = text()
    default: break
    }
  }

  /// What filters of the live feed look at.
  var labels: EventLabels { EventLabels(key: key, type: type) }

  // MARK: Its forms

  /// One line of JSON, as `sequitur bootstrap` prints an event.
  func appendLine(_ values: borrowing JSONValues, to text: inout [UInt8]) {
    appendHead(to: &text)
    text.append(contentsOf: ",\"id\":".utf8)
    JSONText.appendQuoted(id, to: &text)
    if let time {
      text.append(contentsOf: ",\"time\":".utf8)
      JSONText.appendQuoted(time, to: &text)
    }
    appendPayload("value", base64: "base64", values, to: &text)
    text.append(contentsOf: ",\"offset\":\(offset)}".utf8)
  }

  /// What says that the object has changed, and where it can be read: key, type, version and link.
  func appendThinLine(to text: inout [UInt8]) {
    appendHead(to: &text)
    text.append(contentsOf: ",\"link\":".utf8)
    JSONText.appendQuoted(Self.link(key), to: &text)
    text.append(UInt8(ascii: "}"))
  }

  /// The key as text when it is UTF-8, else as digits; version and type.
  private func appendHead(to text: inout [UInt8]) {
    if let key = String(validating: key, as: UTF8.self) {
      text.append(contentsOf: "{\"key\":".utf8)
      JSONText.appendQuoted(key, to: &text)
    } else {
      let digits = key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      text.append(contentsOf: "{\"keyHex\":\"\(digits)\"".utf8)
    }
    text.append(contentsOf: ",\"version\":".utf8)
    text.append(contentsOf: version.utf8)
    text.append(contentsOf: ",\"type\":".utf8)
    JSONText.appendQuoted(type, to: &text)
  }

  /// A CloudEvent in the JSON format (CloudEvents 1.0, JSON event format, sections 2 and 3.1).
  ///
  /// - Parameter position: stands as its id, when the reader goes on by it; the event's own is `eventid` then.
  func appendCloudEvent(_ values: borrowing JSONValues, position: String? = nil, to text: inout [UInt8]) {
    func member(_ name: String, _ value: String) {
      text.append(contentsOf: ",\"\(name)\":".utf8)
      JSONText.appendQuoted(value, to: &text)
    }
    text.append(contentsOf: "{\"specversion\":\"1.0\"".utf8)
    member("id", position ?? id)
    if position != nil { member("eventid", id) }
    member("source", source)
    member("type", type)
    member("sequence", version)
    if let subject = String(validating: key, as: UTF8.self) { member("subject", subject) }
    if let time { member("time", time) }
    if let contentType { member("datacontenttype", contentType) }
    if payload != nil { appendPayload("data", base64: "data_base64", values, to: &text) }
    text.append(UInt8(ascii: "}"))
  }

  /// The payload as it is when it is JSON, else in Base64 under another name.
  private func appendPayload(
    _ name: String, base64: String, _ values: borrowing JSONValues, to text: inout [UInt8]
  ) {
    let begin = text.count
    text.append(contentsOf: ",\"\(name)\":".utf8)
    guard let payload else { return text.append(contentsOf: "null".utf8) }
    if values.append(payload, to: &text) { return }
    text.removeLast(text.count - begin)
    text.append(contentsOf: ",\"\(base64)\":\"\(Data(payload).base64EncodedString())\"".utf8)
  }

  /// The path of an object: its key percent-encoded, or in base64url when it is no text.
  static func link(_ key: [UInt8]) -> String {
    guard String(validating: key, as: UTF8.self) != nil, key != Array(".".utf8), key != Array("..".utf8)
    else {
      let text = Data(key).base64EncodedString().map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
      return "/objects/-?key=" + String(text.filter { $0 != "=" })
    }
    return "/objects/" + PercentText.encode(key)
  }
}
