import JSONFields
import ReadableText

/// Cuts the text of an expression into words and signs.
struct ExpressionLexer {
  struct Token {
    enum Kind: Equatable {
      case constant(Constant)
      /// A word: a field, a function, or `and`, `or`, `not`, `in`.
      case name(String)
      case state(String)
      case context(ContextValue)
      /// An operator that is no word.
      case sign(Operator)
      /// One of `( ) [ ] ,`.
      case mark(Unicode.Scalar)
      case end
    }

    let kind: Kind
    let start: Int
    let end: Int
  }

  /// The longest expression, in Unicode scalars.
  static let lengthMax = 4096

  let scalars: [Unicode.Scalar]
  private var position = 0

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// The next word or sign.
  ///
  /// - Parameter isOperand: whether a value must follow: then `-1` is a number, and not a sign and a number.
  mutating func next(isOperand: Bool) throws(ExpressionFault) -> Token {
    while let next = peek, next.properties.isWhitespace { position += 1 }
    let start = position
    let kind = try read(isOperand: isOperand)
    return Token(kind: kind, start: start, end: position)
  }

  /// The text between two places, shortened for messages.
  func text(from start: Int, to end: Int? = nil) -> String {
    var text = String.UnicodeScalarView()
    let end = min(end ?? scalars.count, scalars.count)
    text.append(contentsOf: scalars[min(start, end)..<min(end, start + 40)])
    return String(text) + (end - start > 40 ? "…" : "")
  }

  private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func peek(_ distance: Int) -> Unicode.Scalar? {
    position + distance < scalars.count ? scalars[position + distance] : nil
  }

  private mutating func read(isOperand: Bool) throws(ExpressionFault) -> Token.Kind {
    guard let next = peek else { return .end }
    if next == "'" { return .constant(.string(try string())) }
    if Self.isDigit(next) || (isOperand && next == "-" && peek(1).map(Self.isDigit) == true) {
      return .constant(try number())
    }
    if RulesName.starts(with: next) { return try name() }
    if next == "$" { return .context(try context()) }
    if "()[],".unicodeScalars.contains(next) {
      position += 1
      return .mark(next)
    }
    return .sign(try sign())
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private func fault(_ message: String, at offset: Int) -> ExpressionFault {
    ExpressionFault(offset: offset, message: message)
  }

  private mutating func string() throws(ExpressionFault) -> String {
    let start = position
    var text = String.UnicodeScalarView()
    position += 1
    while let next = peek {
      position += 1
      if next != "'" { text.append(next); continue }
      guard peek == "'" else { return String(text) }
      text.append(next)
      position += 1
    }
    throw fault("Expected a ' that ends the text, but the expression ends", at: start)
  }

  private mutating func number() throws(ExpressionFault) -> Constant {
    let start = position
    position += 1
    while let next = peek {
      let isSignOfExponent =
        (next == "+" || next == "-") && (scalars[position - 1] == "e" || scalars[position - 1] == "E")
      guard
        isSignOfExponent || next == "." || next == "_" || Self.isDigit(next) || next.properties.isAlphabetic
      else { break }
      position += 1
    }
    let found = exactText(from: start)
    if JSONNumber.isWellFormed(found) { return try number(found, at: start) }
    if let duration = TimeText.milliseconds(duration: found.drop { $0 == "-" }) {
      return .duration(found.hasPrefix("-") ? -duration : duration)
    }
    throw oddNumber(found, at: start)
  }

  /// An integer within 64 bits, else a decimal of at most 34 digits, else (or with an exponent) a double.
  private func number(_ found: String, at start: Int) throws(ExpressionFault) -> Constant {
    if let integer = Int64(found) { return .integer(integer) }
    let hasExponent = found.contains { $0 == "e" || $0 == "E" }
    if !hasExponent, let decimal = ExactDecimal(jsonNumber: found.utf8) { return .decimal(decimal) }
    guard let number = JSONNumber.parse(found) else {
      throw fault("Expected a number within the range of a double, but found `\(found)`", at: start)
    }
    return .number(number)
  }

  /// Says what is wrong with something that begins like a number.
  private func oddNumber(_ found: String, at start: Int) -> ExpressionFault {
    let digits = found.drop { $0 == "-" }.prefix { $0 >= "0" && $0 <= "9" || $0 == "." || $0 == "_" }
    let unit = found.drop { $0 == "-" }.dropFirst(digits.count).lowercased()
    if let right = DurationUnit.right(for: unit) {
      let list = "Expected a duration like 10m, in w, d, h, m, s or ms"
      guard let whole = Int64(digits) else {
        return fault(
          "\(list), as whole numbers, but found `\(found)`. Write a smaller unit, as 90m instead of 1.5h",
          at: start)
      }
      return fault("\(list), but found `\(found)`. Write `\(whole)\(right)`", at: start)
    }
    let plain = found.filter { $0 != "_" }
    if plain != found, JSONNumber.isWellFormed(plain) {
      return fault("Expected a number without `_`, but found `\(found)`. Write `\(plain)`", at: start)
    }
    return fault(
      "Expected a number as JSON writes it, like 12 or -0.5, or a duration like 10m, but found `\(found)`",
      at: start)
  }

  private mutating func name() throws(ExpressionFault) -> Token.Kind {
    let start = position
    let first = identifier()
    if first == "true" { return .constant(.boolean(true)) }
    if first == "false" { return .constant(.boolean(false)) }
    guard peek == "." else { return .name(first) }
    guard first == "state" else {
      throw fault(
        "Expected a field of the command or `state.` and a field, but found `\(first).`. "
          + "Fields of nested objects cannot be used", at: start)
    }
    position += 1
    guard let next = peek, RulesName.starts(with: next) else {
      throw fault(
        "Expected a field's name after `state.`, but "
          + (peek == nil ? "the expression ends here" : "found `\(text(from: position))`"), at: position)
    }
    return .state(identifier())
  }

  private mutating func context() throws(ExpressionFault) -> ContextValue {
    let start = position
    position += 1
    let found = "$" + identifier()
    if let value = ContextValue(rawValue: found) { return value }
    let names = ContextValue.allCases.map(\.rawValue)
    throw fault(
      "Expected one of \(names.joined(separator: ", ")), but found `\(found)`"
        + Suggestion.text(for: found, among: names), at: start)
  }

  private mutating func sign() throws(ExpressionFault) -> Operator {
    let start = position
    while let next = peek, Self.signs.contains(next), position - start < 3 { position += 1 }
    if position == start { position += 1 }
    var found = exactText(from: start)
    if let cure = Self.cures[found] { throw wrongSign(found, cure, at: start) }
    // `a<-1` is two signs: the longest operator that the signs begin with.
    while found.unicodeScalars.count > 1 {
      if let sign = Operator(rawValue: found) { return sign }
      position -= 1
      found = exactText(from: start)
      if let cure = Self.cures[found] { throw wrongSign(found, cure, at: start) }
    }
    if let sign = Operator(rawValue: found) { return sign }
    if let cure = Self.cures[found] { throw wrongSign(found, cure, at: start) }
    throw fault("\(Self.expected), but found `\(text(from: start))`", at: start)
  }

  private func wrongSign(_ found: String, _ cure: String, at start: Int) -> ExpressionFault {
    if found == "\"" || found == "“" || found == "”" || found == "’" || found == "‘" || found == "`" {
      return fault("Expected text in single quotes, but found `\(found)`. Write 'text'", at: start)
    }
    return fault("\(Self.expected), but found `\(found)`. Write \(cure)", at: start)
  }

  private static let signs: Set<Unicode.Scalar> = Set("+-*/%=!<>|&^~?:;".unicodeScalars)
  private static let expected = "Expected one of + - * / % == != < <= > >= and or not in"

  /// What other languages write, and what it is here.
  private static let cures: [String: String] = [
    "=": "`==` to compare", "===": "`==` to compare", ":=": "`==` to compare", "!==": "`!=`", "=!": "`!=`",
    "<>": "`!=`", "=<": "`<=`", "=>": "`>=`", "||": "`or`", "|": "`or`", "&&": "`and`", "&": "`and`",
    "!": "`not`", "~": "`not`", "**": "the factors out, like `x * x`", "^": "the factors out, like `x * x`",
    "?": "a second alternative of the command instead", "//": "`/`",
    ";": "the next condition as a guard of its own",
    "++": "`x + 1`", "--": "`x - 1`", "+=": "the sum, like `state.x + 1`",
    "-=": "the difference, like `state.x - 1`",
    "\"": "'text'", "“": "'text'", "”": "'text'", "‘": "'text'", "’": "'text'", "`": "'text'",
    "≤": "`<=`", "≥": "`>=`", "≠": "`!=`", "×": "`*`", "÷": "`/`", "−": "`-`", "–": "`-`",
  ]

  private mutating func identifier() -> String {
    let start = position
    while let next = peek, RulesName.continues(with: next) { position += 1 }
    return exactText(from: start)
  }

  private func exactText(from start: Int) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[start..<position])
    return String(text)
  }
}

/// Units that people write, and the ones that are right.
enum DurationUnit {
  static func right(for word: String) -> String? {
    switch word {
    case "ms", "msec", "millis", "millisecond", "milliseconds": "ms"
    case "s", "sec", "secs", "second", "seconds": "s"
    case "m", "min", "mins", "minute", "minutes": "m"
    case "h", "hr", "hrs", "hour", "hours": "h"
    case "d", "day", "days": "d"
    case "w", "week", "weeks": "w"
    default: nil
    }
  }
}
