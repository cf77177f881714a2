import Foundation
import JSONFields
import ReadableText
import SequiturInspection

/// How objects of a store are shown: their state is whatever the decider encoded.
enum StateText {
  /// A line of JSON; the state as JSON when it is that, else as text (`stateText`) or digits (`stateHex`).
  static func json(_ object: InspectedObject, isComplete: Bool) -> String {
    var line = "{\(member("key", object.key)),\"partition\":\(object.partition),\"version\":\(object.version)"
    line += ",\"schemaVersion\":\(object.schemaVersion),\"commandIDs\":\(object.commands.count)"
    if isComplete {
      let commands = object.commands.map { "{\"hash\":\"\(hash($0))\",\"version\":\($0.version)}" }
      line += ",\"commands\":[\(commands.joined(separator: ","))]"
      line += ",\"stateBytes\":\(object.state.count),\"recordBytes\":\(object.recordBytes)"
    }
    return line + ",\(value("state", object.state))}"
  }

  /// A JSON member of bytes that may be JSON themselves: `"name":…`, else `"nameText":"text"` or `"nameHex":"digits"`.
  static func value(_ name: String, _ bytes: [UInt8]) -> String {
    guard bytes.first == UInt8(ascii: "{") || bytes.first == UInt8(ascii: "["),
      let text = json(bytes[...])
    else { return member(name, bytes, textSuffix: "Text") }
    return "\"\(name)\":\(text)"
  }

  /// For people.
  static func lines(_ object: InspectedObject) -> String {
    var lines = [
      "key: \(plain(object.key))",
      "partition: \(object.partition)",
      "version: \(object.version)",
      "schema version: \(object.schemaVersion)",
      "recent command ids: \(object.commands.count)",
    ]
    lines += object.commands.map { "  \(hash($0)) made version \($0.version)" }
    lines += [
      "size: \(object.state.count.counted("byte")) of state, \(object.recordBytes.counted("byte")) of record",
      "state: \(plain(object.state))",
    ]
    return lines.joined(separator: "\n")
  }

  /// The text in one line when the bytes are UTF-8, else `0x` and digits.
  static func plain(_ bytes: [UInt8]) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { return "0x" + HexText.text(bytes) }
    return ShownText.line(text, atMost: nil)
  }

  /// A JSON member: `"name":"text"` when the bytes are UTF-8, else `"nameHex":"digits"`.
  static func member(_ name: String, _ bytes: [UInt8], textSuffix: String = "") -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      return "\"\(name)Hex\":\"\(HexText.text(bytes))\""
    }
    return "\"\(name)\(textSuffix)\":\(JSONText.quoted(text))"
  }

  /// A JSON document on one line, as it is otherwise, so that numbers keep all their digits; nil when the bytes are none.
  ///
  /// Foundation would also take UTF-16 and a byte order mark, which are no JSON between programs (RFC 8259, 8.1).
  static func json(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let first = bytes.first, first < 0x80, !bytes.contains(0),
      let text = String(validating: bytes, as: UTF8.self),
      (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    else { return nil }
    guard bytes.contains(where: { $0 == 10 || $0 == 13 }) else { return text }
    // Line ends stand between tokens only, and would end the line.
    return String(decoding: bytes.map { $0 == 10 || $0 == 13 ? 32 : $0 }, as: UTF8.self)
  }

  private static func hash(_ command: InspectedObject.Command) -> String {
    HexText.text(
      [command.high, command.low].flatMap { word in
        withUnsafeBytes(of: word.bigEndian) { Array($0) }
      })
  }
}

/// Bytes as hexadecimal digits.
enum HexText {
  static func text(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// `nil` for text that is no pairs of hexadecimal digits.
  static func bytes(_ text: String) -> [UInt8]? {
    // Each alone: of two characters `+1` is a number as well, and no pair of digits.
    let digits = text.unicodeScalars.map { Character($0).isASCII ? Character($0).hexDigitValue : nil }
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}
