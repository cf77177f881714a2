import RulesModel

/// What rules say of a command.
enum AuditVerdict {
  case accepted
  /// - Parameter why: as the end of a sentence that begins with "since".
  case rejected(code: String, why: String)
  /// The object is not known well enough.
  case unclear
}

/// Evaluates the conditions of rules: statuses, types of fields, guards that compare two fields or literals.
///
/// It evaluates no other expression, and looks at no bounds: with those the verdict is unclear.
final class AuditJudge {
  /// For numbers that versions before the reading of numbers was mended got wrong.
  static let longNumberHint =
    ". A number of 19 digits or more is part of it: earlier versions of Sequitur read such numbers wrongly"

  private let rules: Rules
  /// `type`, and the fields of commands that some rule names.
  private let fields: AuditFields
  private let indexes: [String: Int]
  private let stateIndexes: [String: Int]
  private let hasBounds: Bool

  init(_ rules: Rules) {
    self.rules = rules
    hasBounds = rules.hasBounds
    var indexes = ["type": 0]
    var names = ["type"]
    for name in rules.commands.flatMap(Self.names) where indexes[name] == nil {
      indexes[name] = names.count
      names.append(name)
    }
    self.indexes = indexes
    fields = AuditFields(names)
    stateIndexes = Dictionary(rules.fields.enumerated().map { ($0.element.name, $0.offset) }) { first, _ in
      first
    }
  }

  /// The fields of a command that a rule names.
  private static func names(_ rule: CommandRule) -> [String] {
    let compared = rule.guards.flatMap(\.condition.reads.command)
    return (rule.require + rule.optional).map(\.name) + rule.keep + compared
  }

  /// A command's fields; nil when its payload is no JSON object.
  func values(_ payload: UnsafeRawBufferPointer?) -> [AuditValue?]? { fields.read(payload) }

  func type(_ values: [AuditValue?]) -> AuditValue? { values[0] }

  func value(of name: String, _ values: [AuditValue?]) -> AuditValue? { indexes[name].flatMap { values[$0] } }

  /// What the rule says of a command on an object, which is nil when it does not exist.
  func verdict(
    on rule: CommandRule, _ values: [AuditValue?]?, _ object: AuditedObject?
  ) -> AuditVerdict {
    if object?.isUnclear == true { return .unclear }
    guard let values else { return .rejected(code: "malformed", why: "its payload is no JSON object") }
    let status = object?.status ?? Rules.none
    guard rule.from.contains(status) else {
      let code = status == Rules.none ? "not-found" : "invalid-transition"
      return .rejected(code: code, why: "the object has the status \(status)")
    }
    if let why = fieldFault(rule, values) { return .rejected(code: "invalid-field", why: why) }
    var isClear = !hasBounds && rules.unknownFields != .reject && rule.assign.isEmpty
    for field in rule.require + rule.optional where !field.type.isSimpleInJSON { isClear = false }
    for condition in rule.guards {
      guard let comparison = Comparison(condition), !readsUnknown(comparison, object) else {
        isClear = false
        continue
      }
      if holds(comparison, values, object) { continue }
      // A guard before it may have given another code.
      guard isClear else { return .unclear }
      return .rejected(
        code: condition.code ?? "guard-failed", why: why(condition, comparison, values, object))
    }
    return isClear ? .accepted : .unclear
  }

  /// A guard that compares two fields or literals.
  private struct Comparison {
    let sign: Operator
    let left, right: SimpleOperand

    /// Nil for any other guard.
    init?(_ condition: Guard) {
      guard case .simpleComparison(let sign, let left, let right) = condition.condition.root.node else {
        return nil
      }
      (self.sign, self.left, self.right) = (sign, left, right)
    }
  }

  /// Whether a side of the comparison is a field that the audit cannot reckon.
  private func readsUnknown(_ comparison: Comparison, _ object: AuditedObject?) -> Bool {
    [comparison.left, comparison.right].contains { side in
      if case .state(let name) = side { stateValue(name, object) == .unknown } else { false }
    }
  }

  private func fieldFault(_ rule: CommandRule, _ values: [AuditValue?]) -> String? {
    for field in rule.require {
      guard let value = value(of: field.name, values) else { return "the field \(field.name) is missing" }
      if !value.isOf(field.type) { return "the field \(field.name) is \(value.shown)" }
    }
    for field in rule.optional {
      guard let value = value(of: field.name, values) else { continue }
      if !value.isOf(field.type) { return "the field \(field.name) is \(value.shown)" }
    }
    let declared = Set((rule.require + rule.optional).map(\.name))
    for name in rule.keep where !declared.contains(name) {
      guard let value = value(of: name, values), let index = stateIndexes[name] else { continue }
      if !value.isOf(rules.fields[index].type) { return "the field \(name) is \(value.shown)" }
    }
    return nil
  }

  private func why(
    _ condition: Guard, _ comparison: Comparison, _ values: [AuditValue?], _ object: AuditedObject?
  ) -> String {
    let sides = [comparison.left, comparison.right].map { side in
      value(of: side, values, object)?.shown ?? "missing"
    }
    return "\(condition) does not hold for \(sides[0]) and \(sides[1])"
  }

  private func value(
    of operand: SimpleOperand, _ values: [AuditValue?], _ object: AuditedObject?
  ) -> AuditValue? {
    switch operand {
    case .string(let text): .string(Array(text.utf8))
    case .integer(let integer): .number(AuditNumber(.integer(integer)))
    case .number(let double): .number(AuditNumber(.double(double)))
    case .boolean(let boolean): .boolean(boolean)
    case .command(let name): value(of: name, values)
    case .state(let name): stateValue(name, object)
    }
  }

  private func stateValue(_ name: String, _ object: AuditedObject?) -> AuditValue? {
    guard let object, object.status != nil, let index = stateIndexes[name] else { return nil }
    return object.fields[index]?.value
  }

  private func holds(_ condition: Comparison, _ values: [AuditValue?], _ object: AuditedObject?) -> Bool {
    guard let left = value(of: condition.left, values, object),
      let right = value(of: condition.right, values, object)
    else { return false }
    switch (left, right) {
    case (.number(let left), .number(let right)):
      return Self.holds(condition.sign, order: left.order(to: right))
    case (.string(let left), .string(let right)):
      let order = left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
      return Self.holds(condition.sign, order: order)
    case (.boolean(let left), .boolean(let right)):
      return condition.sign == .equal && left == right
        || condition.sign == .notEqual && left != right
    default: return false
    }
  }

  private static func holds(_ sign: Operator, order: Int) -> Bool {
    switch sign {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    default: false
    }
  }

  /// More about a wrong decision, when a number may be the cause; else empty.
  func hint(_ rule: CommandRule, _ values: [AuditValue?]?, _ object: AuditedObject?) -> String {
    let ofCommand = Self.names(rule).map { name in values.flatMap { value(of: name, $0) } }
    let ofState = object?.fields.map { $0?.value } ?? []
    let isLong = (ofCommand + ofState).contains { value in
      if case .number(let number) = value { number.isLong } else { false }
    }
    return isLong ? Self.longNumberHint : ""
  }
}

extension AuditValue {
  /// Whether the value is of a field's type.
  fileprivate func isOf(_ type: FieldType) -> Bool {
    switch (self, type) {
    case (.string, .string), (.number, .number), (.boolean, .boolean): true
    case (.number(let number), .integer): number.isInteger
    case (.string(let text), .enumeration(let members)): members.contains { $0.utf8.elementsEqual(text) }
    // What is read from texts, or exactly, is taken as it is.
    case (.string, .timestamp), (.string, .duration), (.string, .decimal), (.number, .decimal): true
    case (.number(let number), .timestamp), (.number(let number), .duration): number.isInteger
    case (.nested, .list): true
    default: false
    }
  }
}

extension FieldType {
  /// Whether a command's value of this type is judged by its kind alone.
  fileprivate var isSimpleInJSON: Bool {
    switch self {
    case .string, .integer, .number, .boolean, .enumeration: true
    case .timestamp, .duration, .decimal, .list: false
    }
  }
}

extension Rules {
  /// Whether a field, of the object or of a command, has bounds: they are not the audit's to judge.
  fileprivate var hasBounds: Bool {
    (fields + commands.flatMap { $0.require + $0.optional }).contains { !$0.bounds.isEmpty }
  }
}
