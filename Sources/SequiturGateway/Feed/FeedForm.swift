import Foundation
import SequiturHTTP

/// The form of a page's body.
enum FeedForm: String, Sendable, CaseIterable {
  case lines = "application/x-ndjson"
  case cloudEvents = "application/cloudevents-batch+json"
  case atom = "application/atom+xml"

  /// The first of the forms that `Accept` names; lines when it names none.
  init(accepting accept: String?) {
    let ranges = (accept ?? "").lowercased().split(separator: ",").map { range in
      String(range.prefix { $0 != ";" }).filter { $0 != " " && $0 != "\t" }
    }
    self = ranges.compactMap { Self(rawValue: $0) }.first ?? .lines
  }

  /// Tells a page's forms apart in its tag.
  var mark: String {
    switch self {
    case .lines: "l"
    case .cloudEvents: "c"
    case .atom: "a"
    }
  }

  /// What stands before the first event.
  func begin(_ page: FeedPage) -> [UInt8] {
    switch self {
    case .lines: []
    case .cloudEvents: [UInt8(ascii: "[")]
    case .atom: AtomFeed.begin(page)
    }
  }

  func append(_ event: FeedEvent, isFirst: Bool, _ values: borrowing JSONValues, to text: inout [UInt8]) {
    switch self {
    case .lines:
      event.appendLine(values, to: &text)
      text.append(10)
    case .cloudEvents:
      if !isFirst { text.append(UInt8(ascii: ",")) }
      event.appendCloudEvent(values, to: &text)
    case .atom: AtomFeed.append(event, to: &text)
    }
  }

  /// What stands behind the last event.
  func end(last: FeedEvent?) -> [UInt8] {
    switch self {
    case .lines: []
    case .cloudEvents: Array("]\n".utf8)
    case .atom: AtomFeed.end(last: last)
    }
  }
}

/// A page as an Atom feed (RFC 4287).
enum AtomFeed {
  static func begin(_ page: FeedPage) -> [UInt8] {
    var text =
      #"<?xml version="1.0" encoding="utf-8"?>"# + "\n" + #"<feed xmlns="http://www.w3.org/2005/Atom">"#
    text += "<id>urn:sequitur:\(PercentText.encode(page.topic.utf8)):\(page.partition):\(page.number)</id>"
    text += "<title>\(escaped(page.topic)), partition \(page.partition)</title>"
    text += "<author><name>Sequitur</name></author><link rel=\"self\" href=\"\(page.path)\"/>"
    for (relation, path) in page.links { text += "<link rel=\"\(relation)\" href=\"\(path)\"/>" }
    return Array((text + "\n").utf8)
  }

  static func append(_ event: FeedEvent, to text: inout [UInt8]) {
    var entry = "<entry><id>urn:sequitur:event:\(PercentText.encode(event.id.utf8))</id>"
    let key = String(validating: event.key, as: UTF8.self) ?? "-"
    entry += "<title>\(escaped("\(event.type) \(key)"))</title>"
    entry += "<updated>\(escaped(event.time ?? noTime))</updated>"
    entry +=
      "<category term=\"\(escaped(event.type))\"/><link href=\"\(escaped(FeedEvent.link(event.key)))\"/>"
    if let payload = event.payload {
      if let payload = String(validating: payload, as: UTF8.self),
        payload.unicodeScalars.allSatisfy(isAllowed)
      {
        entry += "<content type=\"text\">\(escaped(payload))</content>"
      } else {
        let type = escaped(event.contentType ?? "application/octet-stream")
        entry += "<content type=\"\(type)\">\(Data(payload).base64EncodedString())</content>"
      }
    } else {
      entry += "<content type=\"text\"/>"
    }
    text.append(contentsOf: (entry + "</entry>\n").utf8)
  }

  /// The order of a feed's elements says nothing (RFC 4287, 4.1.1): its time stands where it is known.
  static func end(last: FeedEvent?) -> [UInt8] {
    Array("<updated>\(escaped(last?.time ?? noTime))</updated></feed>\n".utf8)
  }

  private static let noTime = "1970-01-01T00:00:00Z"

  /// What XML 1.0 (2.2) lets stand in a document.
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 9, 10, 13, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\"": result += "&quot;"
      // A parser would take it for a line end.
      case "\r": result += "&#13;"
      case _ where !isAllowed(scalar): result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
