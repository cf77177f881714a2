/// Values of structured fields (RFC 9651).
enum StructuredText {
  /// A string in quotes, 3.3.3, with nothing but blanks behind it; nil for anything else.
  static func string(_ text: String) -> String? {
    var characters = text.trimmed.unicodeScalars[...]
    guard characters.popFirst() == "\"" else { return nil }
    var string = String.UnicodeScalarView()
    while let next = characters.popFirst() {
      switch next {
      case "\"": return characters.isEmpty ? String(string) : nil
      case "\\":
        guard let escaped = characters.popFirst(), escaped == "\"" || escaped == "\\" else { return nil }
        string.append(escaped)
      case " "..."~": string.append(next)
      default: return nil
      }
    }
    return nil
  }
}
