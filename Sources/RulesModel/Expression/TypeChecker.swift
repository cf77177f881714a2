import JSONFields
import ReadableText

/// The fields that an expression may name.
struct ExpressionScope {
  /// Fields of the command: required, optional, or kept by `set`.
  var command: [String: FieldType] = [:]
  var commandOrder: [String] = []
  /// Fields of the object.
  var state: [String: FieldType] = [:]
  var stateOrder: [String] = []
  /// Fields of the object that have a default, and so are never missing.
  var initial: Set<String> = []
  /// Whether it is about an older state: fields that are not known here have no known type, and there is no command.
  var isMigration = false
  var suggestion = Suggestion()

  mutating func add(state name: String, _ field: Rules.Field?) {
    guard let field, state.updateValue(field.type, forKey: name) == nil else { return }
    stateOrder.append(name)
    if field.initial != nil { initial.insert(name) }
  }

  mutating func add(command name: String, _ type: FieldType) {
    if command.updateValue(type, forKey: name) == nil { commandOrder.append(name) }
  }
}

/// What is found in an expression besides its types.
final class ExpressionNotes {
  /// What is allowed but hardly meant.
  var warnings: [ExpressionFault] = []
  /// The fields that it names, and at which Unicode scalar.
  var names: [(isState: Bool, name: String, offset: Int)] = []
}

/// Finds the type of each part of an expression, and every fault of it at the place where it stands.
struct TypeChecker {
  let scope: ExpressionScope
  private let text: String
  private let notes: ExpressionNotes

  init(_ text: String, in scope: ExpressionScope, _ notes: ExpressionNotes) {
    self.scope = scope
    self.text = text
    self.notes = notes
  }

  /// An expression of any type.
  func value() throws(ExpressionFault) -> Expression {
    Expression(description: text, root: try typed(parsed()))
  }

  /// An expression whose value is kept in a field of this type.
  func value(of type: FieldType, for field: String) throws(ExpressionFault) -> Expression {
    let syntax = try parsed()
    if let former = try formerField(syntax, as: type) { return Expression(description: text, root: former) }
    let node = try converted(typed(syntax), to: type, syntax, "for the field `\(field)`")
    return Expression(description: text, root: node)
  }

  /// A condition.
  func condition() throws(ExpressionFault) -> Expression {
    let syntax = try parsed()
    if let simple = try simpleComparison(syntax) { return Expression(description: text, root: simple) }
    notes.names = []
    let node = try typed(syntax)
    guard node.type == .boolean else {
      throw fault(
        "Expected a condition like `total > 0`, but `\(text(of: syntax))` is \(node.phrase)", syntax)
    }
    return Expression(description: text, root: node)
  }

  private func parsed() throws(ExpressionFault) -> Syntax {
    guard scope.isMigration else { return try ExpressionParser.parse(text) }
    return try ExpressionParser.parse(text, calling: Function.allCases)
  }

  // MARK: Names

  func fault(_ message: String, _ syntax: Syntax) -> ExpressionFault {
    ExpressionFault(offset: syntax.start, message: message)
  }

  /// What the file has for a part.
  func text(of syntax: Syntax) -> String {
    let scalars = Array(text.unicodeScalars)
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[max(syntax.start, 0)..<min(syntax.end, scalars.count)])
    let found = String(view)
    return found.count > 60 ? String(found.prefix(60)) + "…" : found
  }

  /// The type of a field of the object.
  private func stateType(_ name: String, _ syntax: Syntax) throws(ExpressionFault) -> FieldType {
    if let type = scope.state[name] {
      notes.names.append((true, name, syntax.start))
      return type
    }
    if name == "status" {
      throw fault(
        "Expected a field of the object, but found `state.status`. List the statuses in `from`", syntax)
    }
    throw fault(
      "Expected \(Self.list(scope.stateOrder, "field")), but found `\(name)`"
        + cure(name, scope.stateOrder, "Declare it in `fields`"), syntax)
  }

  /// The type of a field of the command; nil when no rule declares it.
  private func commandType(_ name: String, _ syntax: Syntax) -> FieldType? {
    notes.names.append((false, name, syntax.start))
    return scope.command[name]
  }

  private func undeclared(_ name: String, _ syntax: Syntax) -> ExpressionFault {
    let names = scope.commandOrder
    let expected =
      "Expected \(Self.list(names, "field of the command")), but found `\(RulesText.shown(name))`"
    if name.lowercased() == "not" || name.lowercased() == "null" || name.lowercased() == "nil" {
      return fault(
        "\(expected). Write `\(name.lowercased() == "not" ? "not" : "has(field)` to ask for a field, or `not has(field)")`",
        syntax)
    }
    let suggestion = cure(name, names, "")
    if suggestion.isEmpty, scope.state[name] != nil {
      return fault(
        "\(expected). Write `state.\(name)` for the object's field, or declare the command's in `require` or "
          + "`optional`", syntax)
    }
    return fault(
      expected + (suggestion.isEmpty ? ". Declare it in `require` or `optional`" : suggestion), syntax)
  }

  private static func list(_ names: [String], _ what: String) -> String {
    names.isEmpty ? "no \(what)" : "one of \(RulesText.list(names))"
  }

  /// What to write instead of a name that is not known.
  private func cure(_ name: String, _ names: [String], _ otherwise: String) -> String {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    if parts.count > 1, names.contains(String(parts[0])) {
      return ". Write spaces to subtract: `\(parts.joined(separator: " - "))`"
    }
    let suggestion = scope.suggestion.text(for: name, among: names)
    return suggestion.isEmpty && !otherwise.isEmpty ? ". \(otherwise)" : suggestion
  }

  // MARK: Simple comparisons

  /// A comparison of two fields or literals as the first version of the language knew it; nil when it is none.
  private func simpleComparison(_ syntax: Syntax) throws(ExpressionFault) -> TypedNode? {
    guard case .binary(let comparison, let start, let left, let right) = syntax.node, comparison.isComparison
    else { return nil }
    // The faults of the names come first, from the left.
    guard let first = try simpleOperand(left), let second = try simpleOperand(right) else { return nil }
    if let one = first.kind, let other = second.kind, one != other {
      throw ExpressionFault(
        offset: start,
        message: "Expected both sides of `\(text)` to be of one kind, but found a \(one) and a \(other)")
    }
    if comparison.isOrdering, first.kind == "boolean" || second.kind == "boolean" {
      throw ExpressionFault(
        offset: start,
        message: "Expected == or != between booleans, but found `\(comparison.rawValue)`")
    }
    try checkMembers(first, second, left, right)
    for side in [(first, left), (second, right)] where side.0.kind == nil {
      guard case .command(let name) = side.0.operand else { continue }
      notes.warnings.append(undeclared(name, side.1))
    }
    return TypedNode(
      node: .simpleComparison(comparison, first.operand, second.operand), type: .boolean)
  }

  private struct SimpleSide {
    let operand: SimpleOperand
    /// Nil for a field that no rule declares.
    let kind: String?
    var type: FieldType?
  }

  private func simpleOperand(_ syntax: Syntax) throws(ExpressionFault) -> SimpleSide? {
    switch syntax.node {
    case .constant(.string(let text)): return SimpleSide(operand: .string(text), kind: "string")
    case .constant(.integer(let integer)): return SimpleSide(operand: .integer(integer), kind: "number")
    case .constant(.number(let number)): return SimpleSide(operand: .number(number), kind: "number")
    case .constant(.decimal(let decimal)):
      return SimpleSide(operand: .number(JSONNumber.parse("\(decimal)") ?? 0), kind: "number")
    case .constant(.boolean(let boolean)): return SimpleSide(operand: .boolean(boolean), kind: "boolean")
    case .command(let name):
      guard let type = commandType(name, syntax) else {
        return SimpleSide(operand: .command(name), kind: nil)
      }
      return type.isSimple ? SimpleSide(operand: .command(name), kind: type.simpleKind, type: type) : nil
    case .state(let name):
      let type = try stateType(name, syntax)
      // A simple comparison knows no defaults.
      guard type.isSimple, !scope.initial.contains(name) else { return nil }
      return SimpleSide(operand: .state(name), kind: type.simpleKind, type: type)
    case .constant, .context, .negate, .not, .binary, .call, .list: return nil
    }
  }

  /// A text that is compared with an enum must be one of its values.
  private func checkMembers(
    _ first: SimpleSide, _ second: SimpleSide, _ left: Syntax, _ right: Syntax
  ) throws(ExpressionFault) {
    if case .enumeration(let values)? = first.type, case .string(let text) = second.operand {
      try checkMember(text, of: values, right)
    }
    if case .enumeration(let values)? = second.type, case .string(let text) = first.operand {
      try checkMember(text, of: values, left)
    }
  }

  private func checkMember(_ text: String, of values: [String], _ syntax: Syntax) throws(ExpressionFault) {
    guard !values.contains(text) else { return }
    throw fault(
      "Expected one of \(values.joined(separator: ", ")), but found '\(text)'"
        + Suggestion.text(for: text, among: values), syntax)
  }

  // MARK: Types

  func typed(_ syntax: Syntax) throws(ExpressionFault) -> TypedNode {
    switch syntax.node {
    case .constant(let constant): return TypedNode(node: .constant(constant), type: constant.type)
    case .command(let name):
      if scope.isMigration { throw noCommand("`\(RulesText.shown(name))`", "Write `state.\(name)`", syntax) }
      guard let type = commandType(name, syntax) else { throw undeclared(name, syntax) }
      return TypedNode(node: .command(name), type: type)
    case .context(let value) where scope.isMigration:
      throw noCommand("`\(value.rawValue)`", "A state is read without a command", syntax)
    case .state(let name) where isFormer(name): return TypedNode(node: .state(name), type: nil)
    case .state(let name):
      return TypedNode(node: .state(name), type: try stateType(name, syntax))
    case .context(let value): return TypedNode(node: .context(value), type: value.type)
    case .negate(let operand): return try negated(typed(operand), operand)
    case .not(let operand):
      let node = try condition(operand, "after `not`")
      return TypedNode(node: .not(node), type: .boolean)
    case .binary(let sign, let start, let left, let right): return try binary(sign, start, left, right)
    case .call(let function, let arguments): return try call(function, arguments, syntax)
    case .list(let items): return try listConstant(items)
    }
  }

  private func condition(_ syntax: Syntax, _ place: String) throws(ExpressionFault) -> TypedNode {
    let node = try typed(syntax)
    guard node.type == .boolean else {
      throw fault("Expected a condition \(place), but `\(text(of: syntax))` is \(node.phrase)", syntax)
    }
    return node
  }

  private func negated(_ node: TypedNode, _ syntax: Syntax) throws(ExpressionFault) -> TypedNode {
    switch node.type {
    case .integer, .number, .decimal, .duration: return TypedNode(node: .negate(node), type: node.type)
    default:
      throw fault(
        "Expected a number or a duration after -, but `\(text(of: syntax))` is \(node.phrase)", syntax)
    }
  }

  private func binary(
    _ sign: Operator, _ start: Int, _ left: Syntax, _ right: Syntax
  ) throws(ExpressionFault) -> TypedNode {
    switch sign {
    case .and, .or:
      let first = try condition(left, "before `\(sign.rawValue)`")
      let second = try condition(right, "after `\(sign.rawValue)`")
      return TypedNode(node: .binary(sign, first, second), type: .boolean)
    case .isIn: return try membership(left, right)
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
      return try comparison(sign, start, left, right)
    case .add, .subtract, .multiply, .divide, .remainder: return try arithmetic(sign, start, left, right)
    }
  }

  private func comparison(
    _ sign: Operator, _ start: Int, _ left: Syntax, _ right: Syntax
  ) throws(ExpressionFault) -> TypedNode {
    let first = try typed(left)
    let second = try typed(right)
    guard let (one, other) = try unified(first, left, second, right), let type = one.type else {
      throw mismatch("to compare", start, left, first, right, second)
    }
    if sign.isOrdering, type == .boolean || type == .list {
      throw ExpressionFault(
        offset: start,
        message:
          "Expected == or != between \(type == .boolean ? "booleans" : "lists"), but found `\(sign.rawValue)`"
      )
    }
    return TypedNode(node: .binary(sign, one, other), type: .boolean)
  }

  func mismatch(
    _ purpose: String, _ start: Int, _ left: Syntax, _ first: TypedNode, _ right: Syntax, _ second: TypedNode
  ) -> ExpressionFault {
    ExpressionFault(
      offset: start,
      message: "Expected two values of one type \(purpose), but `\(text(of: left))` is \(first.phrase) and "
        + "`\(text(of: right))` is \(second.phrase)" + formerHint(first, second) + Self.hint(first, second))
  }

  /// What to write where two types do not go together.
  private static func hint(_ first: TypedNode, _ second: TypedNode) -> String {
    let types = [first, second]
    func has(_ test: (FieldType?) -> Bool) -> Bool { types.contains { test($0.type) } }
    func isDecimal(_ type: FieldType?) -> Bool { if case .decimal? = type { true } else { false } }
    if has({ $0 == .duration }) || has({ $0 == .timestamp }), has({ $0 == .integer }) {
      let count = types.compactMap { node -> Int64? in
        if case .constant(.integer(let count)) = node.node { count } else { nil }
      }.first
      return ". Write a duration with its unit, like `\(count.map { "\($0)s" } ?? "10m")`"
    }
    if has(isDecimal), has({ $0 == .number }) {
      return ". A number is a double and not exact: declare both as decimal"
    }
    return ""
  }

  private func membership(_ left: Syntax, _ right: Syntax) throws(ExpressionFault) -> TypedNode {
    let value = try typed(left)
    guard case .list(let items) = right.node else {
      let list = try typed(right)
      guard list.type == .list else {
        throw fault(
          "Expected a list after `in`, like `['a', 'b']`, but `\(text(of: right))` is \(list.phrase)", right)
      }
      guard value.isText else {
        throw fault("Expected a string before `in`, but `\(text(of: left))` is \(value.phrase)", left)
      }
      return TypedNode(node: .binary(.isIn, value, list), type: .boolean)
    }
    guard !items.isEmpty, let type = value.type, type != .list else {
      throw fault("Expected at least one value in the list after `in`, and no list before it", right)
    }
    var constants: [Constant] = []
    for item in items {
      let node = try typed(item)
      guard let constant = try converted(node, to: type, item, "in the list").constant else {
        throw fault("Expected literals in a list, but found `\(text(of: item))`", item)
      }
      constants.append(constant)
    }
    return TypedNode(node: .isOneOf(value, constants), type: .boolean)
  }

  func listConstant(_ items: [Syntax]) throws(ExpressionFault) -> TypedNode {
    var texts: [String] = []
    for item in items {
      guard case .constant(.string(let text)) = item.node else {
        throw fault("Expected texts like 'a' in a list, but found `\(text(of: item))`", item)
      }
      texts.append(text)
    }
    return TypedNode(node: .constant(.list(texts)), type: .list)
  }
}

extension TypedNode {
  /// The constant that it is.
  package var constant: Constant? {
    if case .constant(let constant) = node { constant } else { nil }
  }

  /// Whether it is a string or one of an enum's.
  var isText: Bool {
    switch type {
    case .string, .enumeration: true
    default: false
    }
  }

  /// What a message calls its type.
  var phrase: String { type?.phrase ?? "of no known type" }

  /// The field of an older state that it is; nil for anything else.
  var formerName: String? {
    if type == nil, case .state(let name) = node { name } else { nil }
  }
}

extension Constant {
  /// A literal's type.
  var type: FieldType {
    switch self {
    case .string: .string
    case .integer: .integer
    case .number: .number
    case .decimal(let decimal): .decimal(scale: decimal.scale)
    case .boolean: .boolean
    case .timestamp: .timestamp
    case .duration: .duration
    case .list: .list
    }
  }
}

extension ContextValue {
  var type: FieldType {
    switch self {
    case .time: .timestamp
    case .key: .string
    case .version: .integer
    }
  }
}
