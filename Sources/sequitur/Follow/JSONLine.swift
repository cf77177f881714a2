import Foundation
import JSONFields

/// One line of JSON, its members in the order in which they are added.
///
/// A value that is a JSON document is passed on byte for byte, so that numbers keep all their digits.
struct JSONLine {
  private var members = "{"

  /// The finished line, without its end.
  var text: String { members + "}" }

  mutating func add(_ name: String, _ text: String) { add(name, raw: JSONText.quoted(text)) }

  /// Nil is `null`.
  mutating func add(_ name: String, number: (some FixedWidthInteger)?) {
    add(name, raw: number.map { String($0) } ?? "null")
  }

  mutating func add(_ name: String, _ object: JSONLine) { add(name, raw: object.text) }

  /// A key: text when it is UTF-8, else digits under the name with `Hex` behind it.
  mutating func add(_ name: String, key: ArraySlice<UInt8>) {
    addSeparator()
    members += StateText.member(name, Array(key))
  }

  /// A payload: as it is when it is JSON, else under the name `base64`. Nil is `null`.
  mutating func add(_ name: String, payload: ArraySlice<UInt8>?) {
    guard let payload else { return add(name, raw: "null") }
    if let text = Self.json(payload) {
      add(name, raw: text)
    } else {
      add("base64", raw: "\"\(Data(payload).base64EncodedString())\"")
    }
  }

  private mutating func add(_ name: String, raw: String) {
    addSeparator()
    members += "\"\(name)\":\(raw)"
  }

  private mutating func addSeparator() {
    if members.utf8.count > 1 { members += "," }
  }

  /// The document on one line; nil when the bytes are none.
  ///
  /// Foundation would also take UTF-16 and a byte order mark, which are no JSON between programs (RFC 8259, 8.1).
  private static func json(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let first = bytes.first, first < 0x80, !bytes.contains(0),
      let text = String(validating: bytes, as: UTF8.self),
      (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    else { return nil }
    guard bytes.contains(where: { $0 == 10 || $0 == 13 }) else { return text }
    // Line ends stand between tokens only, and would end the line.
    return String(decoding: bytes.map { $0 == 10 || $0 == 13 ? 32 : $0 }, as: UTF8.self)
  }
}
