import CSimdJSON

/// Reads a guard: `operand op operand`.
///
/// A literal is `'text'` (a quote in it is doubled), a JSON number, `true` or `false`; a name is a field of
/// the command, `state.name` one of the object.
struct GuardParser {
  /// Why a guard cannot be read, and at which Unicode scalar of it, from 0.
  struct Fault: Error, Hashable {
    let offset: Int
    let message: String
  }

  private let scalars: [Unicode.Scalar]
  private var position = 0

  /// A guard and where its operands begin.
  struct Parsed {
    let value: Guard
    let leftOffset: Int
    let comparisonOffset: Int
    let rightOffset: Int
  }

  static func parse(_ text: String) throws(Fault) -> Parsed {
    var parser = GuardParser(scalars: Array(text.unicodeScalars))
    parser.skipSpace()
    let leftOffset = parser.position
    let left = try parser.operand()
    parser.skipSpace()
    let comparisonOffset = parser.position
    let comparison = try parser.comparison()
    parser.skipSpace()
    let rightOffset = parser.position
    let right = try parser.operand()
    parser.skipSpace()
    guard parser.peek == nil else {
      throw parser.fault(
        "Expected the end of the guard, but found `\(parser.rest)`. Write a second condition as a guard of its own"
      )
    }
    return Parsed(
      value: Guard(left: left, comparison: comparison, right: right, description: text),
      leftOffset: leftOffset, comparisonOffset: comparisonOffset, rightOffset: rightOffset)
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  /// What is left, for messages.
  private var rest: String { RulesText.shown(text(from: position, to: scalars.count)) }

  private func text(from start: Int, to end: Int) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[start..<end])
    return String(text)
  }

  private func fault(_ message: String, at offset: Int? = nil) -> Fault {
    Fault(offset: offset ?? position, message: message)
  }

  private mutating func skipSpace() {
    while let next = peek, next.properties.isWhitespace { position += 1 }
  }

  private mutating func comparison() throws(Fault) -> Guard.Comparison {
    let start = position
    while let next = peek, "=!<>".unicodeScalars.contains(next) { position += 1 }
    let found = text(from: start, to: position)
    if let comparison = Guard.Comparison(rawValue: found) { return comparison }
    let list = "Expected one of == != < <= > >="
    if found == "=" { throw fault("\(list), but found `=`. Write `==` to compare", at: start) }
    if !found.isEmpty { throw fault("\(list), but found `\(RulesText.shown(found))`", at: start) }
    throw fault(peek == nil ? "\(list), but the guard ends here" : "\(list), but found `\(rest)`", at: start)
  }

  private mutating func operand() throws(Fault) -> Guard.Operand {
    let expected = "Expected a field, `state.` and a field, 'text', a number, true or false"
    guard let next = peek else { throw fault("\(expected), but the guard ends here") }
    if next == "'" { return try string() }
    if next == "\"" { throw fault("Expected text in single quotes, but found `\"`. Write 'text'") }
    if next == "-" || ("0"..."9").contains(next) { return try number() }
    guard RulesName.starts(with: next) else { throw fault("\(expected), but found `\(rest)`") }
    return try name()
  }

  private mutating func string() throws(Fault) -> Guard.Operand {
    let start = position
    var text = String.UnicodeScalarView()
    position += 1
    while let next = peek {
      position += 1
      if next != "'" { text.append(next); continue }
      guard peek == "'" else { return .string(String(text)) }
      text.append(next)
      position += 1
    }
    throw fault("Expected a ' that ends the text, but the guard ends", at: start)
  }

  private mutating func number() throws(Fault) -> Guard.Operand {
    let start = position
    while let next = peek, next.isASCII,
      "+-.0123456789eE_".unicodeScalars.contains(next) || next.properties.isAlphabetic
    {
      position += 1
    }
    let found = text(from: start, to: position)
    guard JSONNumber.isWellFormed(found) else {
      throw fault(
        "Expected a number as JSON writes it, like 12 or -0.5, but found `\(RulesText.shown(found))`",
        at: start)
    }
    if let integer = Int64(found) { return .integer(integer) }
    guard let number = JSONNumber.parse(found) else {
      throw fault(
        "Expected a number within the range of a double, but found `\(RulesText.shown(found))`", at: start)
    }
    return .number(number)
  }

  private mutating func name() throws(Fault) -> Guard.Operand {
    let first = identifier()
    if first == "true" { return .boolean(true) }
    if first == "false" { return .boolean(false) }
    guard peek == "." else { return .command(first) }
    guard first == "state" else {
      throw fault(
        "Expected a field of the command or `state.` and a field, but found `\(RulesText.shown(first)).`. "
          + "Fields of nested objects cannot be compared", at: position - first.unicodeScalars.count)
    }
    position += 1
    guard let next = peek, RulesName.starts(with: next) else {
      throw fault(
        "Expected a field's name after `state.`, but "
          + (peek == nil ? "the guard ends here" : "found `\(rest)`"))
    }
    return .state(identifier())
  }

  private mutating func identifier() -> String {
    let start = position
    while let next = peek, RulesName.continues(with: next) { position += 1 }
    return text(from: start, to: position)
  }
}

/// Numbers as JSON writes them.
enum JSONNumber {
  static func isWellFormed(_ text: String) -> Bool {
    var rest = Substring(text)
    if rest.first == "-" { rest.removeFirst() }
    let whole = rest.prefix { $0.isASCIIDigit }
    guard !whole.isEmpty, whole.count == 1 || whole.first != "0" else { return false }
    rest = rest.dropFirst(whole.count)
    if rest.first == "." {
      let fraction = rest.dropFirst().prefix { $0.isASCIIDigit }
      guard !fraction.isEmpty else { return false }
      rest = rest.dropFirst(fraction.count + 1)
    }
    if rest.first == "e" || rest.first == "E" {
      rest.removeFirst()
      if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
      let exponent = rest.prefix { $0.isASCIIDigit }
      guard !exponent.isEmpty else { return false }
      rest = rest.dropFirst(exponent.count)
    }
    return rest.isEmpty
  }

  /// The nearest double; nil when it is out of range.
  static func parse(_ text: String) -> Double? {
    var number = 0.0
    var text = text
    let isNumber = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { csj_parse_number($0.baseAddress, $0.count, &number) }
    }
    return isNumber ? number : nil
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { self >= "0" && self <= "9" }
}
