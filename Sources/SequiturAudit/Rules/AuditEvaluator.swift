import RulesModel

/// What an expression may read.
struct AuditInputs {
  /// The command's fields by name, as the types that the rule declares.
  var command: [String: AuditValue] = [:]
  /// The object's fields by name.
  var state: [String: AuditValue] = [:]
  /// What the object's fields are when nothing has set them.
  var initials: [String: AuditValue] = [:]
  /// Of the command's record.
  var time: Int64 = 0
  var key: [UInt8] = []
  /// The object's version before the command.
  var version: Int64 = 0
}

/// Why an expression has no value.
enum AuditTrouble: Error {
  /// A field that it needs is missing.
  case missing
  /// Overflow, a division by zero, a text that is too long.
  case outOfRange
  /// It hangs on something that the audit does not know.
  case unknown
}

/// Evaluates the expressions of rules by walking their trees: code of the audit's own, plain rather than fast.
struct AuditEvaluator {
  /// The longest text or list that an expression may make (docs/rules.md).
  private static let textBytesMax = 4 << 20

  var inputs: AuditInputs

  func value(_ node: TypedNode) throws(AuditTrouble) -> AuditValue {
    switch node.node {
    case .constant(let constant): return AuditValue(constant)
    case .command(let name): return try known(inputs.command[name])
    case .state(let name): return try known(inputs.state[name] ?? inputs.initials[name])
    case .context(.time): return AuditValue(inputs.time)
    case .context(.version): return AuditValue(inputs.version)
    case .context(.key): return .string(Array(String(decoding: inputs.key, as: UTF8.self).utf8))
    case .has(let isState, let name):
      if isState {
        let isSet = try isThere(inputs.state[name])
        return .boolean(isSet || inputs.initials[name] != nil)
      }
      return .boolean(try isThere(inputs.command[name]))
    case .not(let inner): return .boolean(try !condition(inner))
    case .negate(let inner): return try negated(value(inner), node.type)
    case .convert(let inner): return try converted(value(inner), to: node.type)
    case .binary(.and, let left, let right):
      // The right side is only looked at when the left one leaves it open.
      return .boolean(try condition(left) ? try condition(right) : false)
    case .binary(.or, let left, let right):
      return .boolean(try condition(left) ? true : try condition(right))
    case .binary(let sign, let left, let right):
      return try binary(sign, value(left), value(right), left, right)
    case .isOneOf(let inner, let constants):
      let found = try value(inner)
      return .boolean(constants.contains { AuditValue($0).isSame(as: found) })
    case .call(let function, let arguments): return try call(function, arguments, node)
    case .simpleComparison(let sign, let left, let right):
      return .boolean(try holds(sign, left, right))
    }
  }

  func condition(_ node: TypedNode) throws(AuditTrouble) -> Bool {
    guard case .boolean(let boolean) = try value(node) else { throw .unknown }
    return boolean
  }

  private func known(_ value: AuditValue?) throws(AuditTrouble) -> AuditValue {
    guard let value else { throw .missing }
    if value == .unknown { throw .unknown }
    return value
  }

  private func isThere(_ value: AuditValue?) throws(AuditTrouble) -> Bool {
    if value == .unknown { throw .unknown }
    return value != nil
  }

  // MARK: Comparisons

  /// `operand op operand`: fails when a side is missing, or the sides are of different kinds.
  func holds(
    _ sign: Operator, _ left: SimpleOperand, _ right: SimpleOperand
  ) throws(AuditTrouble) -> Bool {
    let (first, second) = (operand(left), operand(right))
    if first == .unknown || second == .unknown { throw .unknown }
    guard let first, let second else { return false }
    switch (first, second) {
    case (.number, .number), (.string, .string): return Self.holds(sign, order: first.order(to: second) ?? 0)
    case (.boolean(let left), .boolean(let right)):
      return sign == .equal && left == right || sign == .notEqual && left != right
    default: return false
    }
  }

  /// A side's value; nil when it is missing.
  func operand(_ operand: SimpleOperand) -> AuditValue? {
    switch operand {
    case .string(let text): .string(Array(text.utf8))
    case .integer(let integer): AuditValue(integer)
    case .number(let double): .number(AuditNumber(.double(double)))
    case .boolean(let boolean): .boolean(boolean)
    case .command(let name): inputs.command[name]
    case .state(let name): inputs.state[name]
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

  // MARK: Reckoning

  private func binary(
    _ sign: Operator, _ left: AuditValue, _ right: AuditValue, _ leftNode: TypedNode, _ rightNode: TypedNode
  ) throws(AuditTrouble) -> AuditValue {
    if sign.isEquality { return .boolean(left.isSame(as: right) == (sign == .equal)) }
    if sign.isOrdering {
      guard let order = left.order(to: right) else { throw .unknown }
      return .boolean(Self.holds(sign, order: order))
    }
    switch (left, right) {
    case (.string(let text), .string(let other)): return .string(try bounded(text + other))
    case (.string(let text), .list(let items)): return .boolean(items.contains(text))
    case (.list(let items), .string(let text)):
      let list = sign == .add ? items + [text] : items.filter { $0 != text }
      guard list.reduce(0, { $0 + $1.count + 4 }) <= Self.textBytesMax else { throw .outOfRange }
      return .list(list)
    case (.decimal(let one), .decimal(let other)): return try decimal(sign, one, other)
    case (.number(let one), .number(let other)):
      if leftNode.type == .number { return try double(sign, one.double, other.double) }
      guard case .integer(let first) = one.value, case .integer(let second) = other.value else {
        throw .unknown
      }
      return AuditValue(try integer(sign, first, second))
    default: throw .unknown
    }
  }

  private func bounded(_ text: [UInt8]) throws(AuditTrouble) -> [UInt8] {
    guard text.count <= Self.textBytesMax else { throw .outOfRange }
    return text
  }

  private func integer(_ sign: Operator, _ left: Int64, _ right: Int64) throws(AuditTrouble) -> Int64 {
    // Twice the width holds every result; then it is looked at.
    let (one, other) = (Int128(left), Int128(right))
    let wide: Int128
    switch sign {
    case .add: wide = one + other
    case .subtract: wide = one - other
    case .multiply: wide = one * other
    case .divide where right != 0: wide = one / other
    case .remainder where right != 0: wide = one % other
    default: throw .outOfRange
    }
    guard let result = Int64(exactly: wide) else { throw .outOfRange }
    return result
  }

  private func double(_ sign: Operator, _ left: Double, _ right: Double) throws(AuditTrouble) -> AuditValue {
    let result: Double
    switch sign {
    case .add: result = left + right
    case .subtract: result = left - right
    case .multiply: result = left * right
    case .divide where right != 0: result = left / right
    case .remainder where right != 0: result = left.truncatingRemainder(dividingBy: right)
    default: throw .outOfRange
    }
    guard result.isFinite else { throw .outOfRange }
    return .number(AuditNumber(.double(result)))
  }

  private func decimal(
    _ sign: Operator, _ left: AuditDecimal, _ right: AuditDecimal
  ) throws(AuditTrouble) -> AuditValue {
    if right.unscaled == 0, sign == .divide || sign == .remainder { throw .outOfRange }
    let result: AuditDecimal? =
      switch sign {
      case .add: left.adding(right)
      case .subtract: left.subtracting(right)
      case .multiply: left.multiplied(by: right)
      case .divide: left.divided(by: right)
      default: left.remainder(by: right)
      }
    guard let result else { throw .outOfRange }
    return .decimal(result)
  }

  private func negated(_ value: AuditValue, _ type: FieldType?) throws(AuditTrouble) -> AuditValue {
    switch value {
    case .decimal(let decimal):
      guard let negative = AuditDecimal(unscaled: -decimal.unscaled, scale: decimal.scale) else {
        throw .outOfRange
      }
      return .decimal(negative)
    case .number(let number):
      if type == .number { return .number(AuditNumber(.double(-number.double))) }
      guard case .integer(let integer) = number.value else { throw .unknown }
      return AuditValue(try self.integer(.subtract, 0, integer))
    default: throw .unknown
    }
  }

  /// Integers among numbers stay exact; decimals get more places.
  private func converted(_ value: AuditValue, to type: FieldType?) throws(AuditTrouble) -> AuditValue {
    guard case .decimal(let scale)? = type else { return value }
    let found: AuditDecimal?
    switch value {
    case .decimal(let decimal): found = decimal.raised(to: scale)
    case .number(let number):
      guard case .integer(let integer) = number.value else { throw .unknown }
      found = AuditDecimal(unscaled: Int128(integer), scale: 0)?.raised(to: scale)
    default: throw .unknown
    }
    guard let found else { throw .outOfRange }
    return .decimal(found)
  }

  private func call(
    _ function: Function, _ arguments: [TypedNode], _ node: TypedNode
  ) throws(AuditTrouble) -> AuditValue {
    let first = try value(arguments[0])
    switch function {
    case .length:
      switch first {
      case .string(let text):
        return AuditValue(Int64(String(decoding: text, as: UTF8.self).unicodeScalars.count))
      case .list(let items): return AuditValue(Int64(items.count))
      default: throw .unknown
      }
    case .abs:
      guard case .number(let number) = first, node.type == .number else {
        return first.isNegative ? try negated(first, node.type) : first
      }
      return .number(AuditNumber(.double(number.double.magnitude)))
    case .round:
      guard case .decimal(let decimal) = first, case .decimal(let scale)? = node.type,
        let rounded = decimal.rounded(to: scale)
      else { throw .unknown }
      return .decimal(rounded)
    case .min, .max:
      let second = try value(arguments[1])
      guard let order = first.order(to: second) else { throw .unknown }
      return (function == .min ? order < 0 : order > 0) ? first : second
    case .has, .string, .integer, .number, .boolean, .decimal, .timestamp, .duration: throw .unknown
    }
  }
}
