import Yams

extension RulesReader {
  /// What an expression is for.
  enum Purpose {
    case condition
    /// A value of any type, or of a field's.
    case value(Rules.Field?)
  }

  /// A value; nil after a fault.
  mutating func expression(_ node: Node, _ rule: inout RuleParts, of field: Rules.Field?) -> Expression? {
    guard case .scalar(let scalar) = node, phrase(node) != "nothing" else {
      var cure = ""
      if case .mapping = node { cure = ". Payloads and fields are flat" }
      report("Expected an expression, but found \(phrase(node))\(cure)", at: node.mark)
      return nil
    }
    return checked(scalar, &rule, as: .value(field))
  }

  /// Reads an expression and finds its types; nil after a fault.
  mutating func checked(_ scalar: Node.Scalar, _ rule: inout RuleParts, as purpose: Purpose) -> Expression? {
    if scalar.string.isEmpty, source.begins(with: "!", at: scalar.mark) {
      report(
        "Expected an expression, but YAML reads what begins with `!` as a tag. Write `not`, or `!=` in quotes",
        at: scalar.mark)
      return nil
    }
    return checked(scalar.string, from: 0, in: scalar, &rule, as: purpose)
  }

  /// - Parameter start: where the expression begins in the scalar's text, in Unicode scalars.
  private mutating func checked(
    _ text: String, from start: Int, in scalar: Node.Scalar, _ rule: inout RuleParts, as purpose: Purpose
  ) -> Expression? {
    let notes = ExpressionNotes()
    let checker = TypeChecker(text, in: rule.scope, notes)
    do {
      guard rule.isTyped else {
        _ = try ExpressionParser.parse(text)
        return nil
      }
      let expression =
        switch purpose {
        case .condition: try checker.condition()
        case .value(let field?): try checker.value(of: field.type, for: field.name)
        case .value(nil): try checker.value()
        }
      for warning in notes.warnings {
        let place = source.place(of: start + warning.offset, in: scalar)
        report(warning.message, line: place.line, column: place.column, severity: .warning)
      }
      for name in notes.names {
        let place = source.place(of: start + name.offset, in: scalar)
        checkForm(of: name.name, as: .field, line: place.line, column: place.column)
        if name.isState { rule.places.reads.append((name.name, place)) }
      }
      return expression
    } catch {
      let place = source.place(of: start + error.offset, in: scalar)
      report(error.message, line: place.line, column: place.column)
      return nil
    }
  }

  /// A text with expressions in braces; nil after a fault. `{{` and `}}` stand for braces.
  mutating func template(_ node: Node, _ rule: inout RuleParts) -> Template? {
    guard case .scalar(let scalar) = node, phrase(node) != "nothing" else {
      report("Expected a sentence, but found \(phrase(node))", at: node.mark)
      return nil
    }
    let scalars = Array(scalar.string.unicodeScalars)
    guard scalars.count <= RulesFile.reasonLengthMax else {
      report(
        "Expected a sentence of at most \(RulesFile.reasonLengthMax) characters, but found \(scalars.count)",
        at: node.mark)
      return nil
    }
    var parts: [Template.Part] = []
    var text = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      let next = scalars[index]
      let isDoubled = index + 1 < scalars.count && scalars[index + 1] == next
      guard next == "{" || next == "}", !isDoubled else {
        text.append(next)
        index += next == "{" || next == "}" ? 2 : 1
        continue
      }
      guard next == "{", let end = Self.end(of: index, in: scalars) else {
        let place = source.place(of: index, in: scalar)
        report(
          next == "{"
            ? "Expected a } that ends the expression, but the sentence ends. Write {{ for a brace"
            : "Expected an expression in braces, but found `}` without `{`. Write }} for a brace",
          line: place.line, column: place.column)
        return nil
      }
      if !text.isEmpty { parts.append(.text(String(text))) }
      text = String.UnicodeScalarView()
      var inner = String.UnicodeScalarView()
      inner.append(contentsOf: scalars[(index + 1)..<end])
      guard let value = checked(String(inner), from: index + 1, in: scalar, &rule, as: .value(nil)) else {
        return nil
      }
      parts.append(.expression(value))
      index = end + 1
    }
    if !text.isEmpty { parts.append(.text(String(text))) }
    return Template(description: scalar.string, parts: parts)
  }

  /// The closing brace of the expression that opens at `start`; text in quotes may hold braces.
  private static func end(of start: Int, in scalars: [Unicode.Scalar]) -> Int? {
    var isText = false
    for index in (start + 1)..<max(scalars.count, start + 1) {
      if scalars[index] == "'" { isText.toggle() }
      if scalars[index] == "}", !isText { return index }
    }
    return nil
  }
}
