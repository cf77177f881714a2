/// A value of an event before it is known which column it goes to.
enum EventValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  /// As JSON writes it.
  case number(String)
  case text(String)
  /// An object or a list, as it is written.
  case json(String)
  case bytes([UInt8])

  /// What a message calls it.
  var phrase: String {
    switch self {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .number(let text): Self.shown(text)
    case .text(let text): "'\(Self.shown(text))'"
    case .json(let text): Self.shown(text)
    case .bytes: "bytes that are no UTF-8"
    }
  }

  private static func shown(_ text: String) -> String {
    text.unicodeScalars.count <= 60
      ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(60))) + "…"
  }
}
