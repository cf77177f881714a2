import Foundation
import SequiturHTTP
import SequiturViews
import Synchronization

/// Objects as JSON.
enum ObjectText {
  private static let values = Mutex(JSONValues())

  static func isJSON(_ state: [UInt8]) -> Bool { values.withLock { $0.text(state) != nil } }

  /// Objects with commas between: a state that is no JSON stands as `base64`, a key that is no UTF-8 as `keyHex`.
  static func list(_ objects: [ViewObject<[UInt8]>]) -> String {
    objects.map { object in
      let state = values.withLock { $0.text(object.value) }
      let position = object.position.map { ",\"position\":\"\($0)\"" } ?? ""
      return "{\(key(object.key)),"
        + (state.map { "\"state\":\($0)" } ?? "\"base64\":\"\(Data(object.value).base64EncodedString())\"")
        + ",\"version\":\(object.version)\(position)}"
    }.joined(separator: ",")
  }

  private static func key(_ key: ViewKey) -> String {
    if let text = key.text { return "\"key\":\(JSONText.quoted(text))" }
    return "\"keyHex\":\"\(key.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())\""
  }
}
