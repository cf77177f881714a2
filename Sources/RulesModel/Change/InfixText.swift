/// An expression in normal form as people write it: `(<= (+ state.reserved quantity) 5)` as `state.reserved + quantity <= 5`.
///
/// The file that an expression stood in may be gone, so the normal form is all there is to show.
struct InfixText: CustomStringConvertible {
  let description: String

  init(_ normalForm: String) {
    var reader = Reader(rest: normalForm[...])
    description = RulesText.shown(reader.value(isInner: false))
  }

  private struct Reader {
    var rest: Substring

    mutating func value(isInner: Bool) -> String {
      rest = rest.drop { $0 == " " }
      guard rest.first == "(" else { return literal(word()) }
      rest = rest.dropFirst()
      let name = word()
      var parts: [String] = []
      while let next = rest.drop(while: { $0 == " " }).first, next != ")" {
        parts.append(value(isInner: true))
      }
      rest = rest.drop { $0 == " " }.dropFirst()
      return Self.text(name, parts, isInner)
    }

    private static func text(_ name: String, _ parts: [String], _ isInner: Bool) -> String {
      func wrapped(_ text: String) -> String { isInner ? "(\(text))" : text }
      switch name {
      case "as": return parts.last ?? ""
      case "not": return wrapped("not \(parts.first ?? "")")
      case "-" where parts.count == 1: return "-\(parts[0])"
      case "in" where parts.count > 2:
        return wrapped("\(parts[0]) in [\(parts.dropFirst().joined(separator: ", "))]")
      default: break
      }
      if Operator(rawValue: name) != nil { return wrapped(parts.joined(separator: " \(name) ")) }
      return "\(name.prefix { $0 != ":" })(\(parts.joined(separator: ", ")))"
    }

    /// Up to a space or a closing parenthesis outside of quotes and brackets.
    private mutating func word() -> String {
      var word = ""
      var depth = 0
      var (isQuoted, isEscaped) = (false, false)
      while let next = rest.first {
        if isQuoted {
          isQuoted = isEscaped || next != "\""
          isEscaped = !isEscaped && next == "\\"
        } else {
          if next == " " && depth == 0 || next == ")" && depth == 0 { break }
          if next == "\"" { isQuoted = true }
          if "([".contains(next) { depth += 1 }
          if ")]".contains(next) { depth -= 1 }
        }
        word.append(next)
        rest = rest.dropFirst()
      }
      return word
    }

    private func literal(_ word: String) -> String {
      guard let first = word.first else { return word }
      if first == "\"" {
        return "'" + word.dropFirst().dropLast().replacing("\\\"", with: "\"").replacing("'", with: "''")
          + "'"
      }
      guard first.isNumber || first == "-" else { return word }
      if word.hasSuffix("ms"), let milliseconds = Int64(word.dropLast(2)) {
        return TimeText.text(duration: milliseconds)
      }
      return word.last == "d" || word.last == "f" ? String(word.dropLast()) : word
    }
  }
}
