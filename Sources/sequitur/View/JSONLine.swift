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

  mutating func add(_ name: String, _ objects: [JSONLine]) {
    add(name, raw: "[\(objects.map(\.text).joined(separator: ","))]")
  }

  /// Nil is `null`.
  mutating func add(_ name: String, text: String?) {
    add(name, raw: text.map { JSONText.quoted($0) } ?? "null")
  }

  /// A key: text when it is UTF-8, else digits under the name with `Hex` behind it.
  mutating func add(_ name: String, key: ArraySlice<UInt8>) {
    addSeparator()
    members += StateText.member(name, Array(key))
  }

  /// A payload: as it is when it is JSON, else under the name that is given for it. Nil is `null`.
  mutating func add(_ name: String, payload: ArraySlice<UInt8>?, base64: String = "base64") {
    guard let payload else { return add(name, raw: "null") }
    if let text = StateText.json(payload) {
      add(name, raw: text)
    } else {
      add(base64, raw: "\"\(Data(payload).base64EncodedString())\"")
    }
  }

  private mutating func add(_ name: String, raw: String) {
    addSeparator()
    members += "\"\(name)\":\(raw)"
  }

  private mutating func addSeparator() {
    if members.utf8.count > 1 { members += "," }
  }
}
