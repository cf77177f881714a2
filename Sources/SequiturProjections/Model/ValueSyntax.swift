import JSONFields
import ReadableText
import RulesModel

/// Reads a value as the file has it: `$key`, `customer`, `a.b`, `/items/0/sku`, `'open'`, `1`, `true`, `null`.
enum ValueSyntax {
  /// Why a text is no value: a sentence without its end.
  struct Fault: Error, Hashable {
    let message: String
  }

  /// The names behind `$`.
  static let names: [String: ValueExpression] = [
    "key": .key, "version": .version, "type": .type, "time": .time, "id": .id, "partition": .partition,
    "offset": .offset, "payload": .payload,
  ]

  static func parse(_ text: String) throws(Fault) -> ValueExpression {
    switch text.unicodeScalars.first {
    case nil: throw Fault(message: "Expected a value, but found nothing. Write null for no value")
    case "$": return try builtIn(text.dropFirst())
    case "/": return .field(try pointer(text))
    case "'": return .constant(.text(try quoted(text)))
    default: break
    }
    switch text {
    case "null", "~": return .constant(.null)
    case "true": return .constant(.boolean(true))
    case "false": return .constant(.boolean(false))
    default: break
    }
    if JSONNumber.isWellFormed(text) { return .constant(.number(text)) }
    return .field(try path(text))
  }

  private static func builtIn(_ name: Substring) throws(Fault) -> ValueExpression {
    if let found = names[String(name)] { return found }
    if name.hasPrefix("header.") {
      let header = name.dropFirst("header.".count)
      guard !header.isEmpty else {
        throw Fault(message: "Expected a header's name behind `$header.`, but found nothing")
      }
      return .header(String(header))
    }
    let known = names.keys.sorted().map { "$" + $0 } + ["$header.NAME"]
    let cure = Suggestion.text(for: "$" + name, among: known)
    throw Fault(
      message:
        "Expected one of \(known.joined(separator: ", ")), but found `$\(RulesText.shown(name))`\(cure)")
  }

  /// RFC 6901.
  private static func pointer(_ text: String) throws(Fault) -> [String] {
    var path: [String] = []
    for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      var name = ""
      var rest = part
      while let character = rest.popFirst() {
        guard character == "~" else {
          name.append(character)
          continue
        }
        switch rest.popFirst() {
        case "0": name.append("~")
        case "1": name.append("/")
        default:
          throw Fault(
            message:
              "Expected ~0 or ~1 in the JSON pointer, for `~` and `/`, but found `\(RulesText.shown(text))`")
        }
      }
      path.append(name)
    }
    return path
  }

  private static func quoted(_ text: String) throws(Fault) -> String {
    let inner = text.dropFirst().dropLast()
    let pieces = inner.replacing("''", with: "")
    guard text.utf8.count >= 2, text.hasSuffix("'"), !pieces.contains("'") else {
      throw Fault(
        message:
          "Expected a constant like 'open', but found `\(RulesText.shown(text))`. A quote in it is written twice"
      )
    }
    return String(inner.replacing("''", with: "'"))
  }

  private static func path(_ text: String) throws(Fault) -> [String] {
    let path = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let isName = path.allSatisfy { part in
      !part.isEmpty
        && part.unicodeScalars.allSatisfy {
          $0 == "_" || $0 == "-" || $0.properties.isAlphabetic
            || $0.properties.generalCategory == .decimalNumber
            || $0.properties.generalCategory == .nonspacingMark
        }
    }
    guard isName else {
      throw Fault(
        message:
          "Expected a field of the payload, but found `\(RulesText.shown(text))`. A name with other characters "
          + "than letters, digits, _ and - is written as a JSON pointer, /like this; a constant in quotes, \"'like this'\""
      )
    }
    return path
  }
}
