/// What is known of the values that a rule's guards compare: from constants, bounds, and the guards before.
///
/// Whole numbers, times and decimals are known as intervals, texts and booleans as the one value that they have. What
/// is not understood is not known, so that nothing is called impossible that is not.
struct ValueFacts {
  /// Whether a condition holds.
  enum Verdict: Equatable {
    case always
    /// With the reason where it is short.
    case never(String?)
    case unknown
  }

  /// The values between two numbers; no number: no bound.
  private struct Interval: Equatable {
    var low: ExactDecimal?
    var high: ExactDecimal?

    var isEmpty: Bool {
      guard let low, let high else { return false }
      return ExactDecimal.order(low.unscaled, low.scale, high.unscaled, high.scale) > 0
    }
  }

  private enum Place: Hashable {
    case command(String)
    case state(String)
    case context(ContextValue)
  }

  private var intervals: [Place: Interval] = [:]
  private var texts: [Place: Constant] = [:]
  private let bounds: [Place: Rules.Field]

  init(rule: CommandRule, fields: [String: Rules.Field]) {
    var bounds: [Place: Rules.Field] = [:]
    for field in rule.require + rule.optional { bounds[.command(field.name)] = field }
    let names = Set(rule.guards.flatMap { $0.condition.reads.state })
    for name in names { bounds[.state(name)] = fields[name] }
    self.bounds = bounds
  }

  /// Takes a condition for true, after saying whether it can be, or must be.
  mutating func assume(_ node: TypedNode) -> Verdict {
    if case .binary(.and, let left, let right) = node.node {
      let first = assume(left)
      if case .never = first { return first }
      let second = assume(right)
      if case .never = second { return second }
      return first == .always && second == .always ? .always : .unknown
    }
    let verdict = verdict(on: node)
    guard verdict == .unknown else { return verdict }
    return narrow(node)
  }

  private func verdict(on node: TypedNode) -> Verdict {
    switch node.node {
    case .constant(.boolean(let boolean)): return boolean ? .always : .never(nil)
    case .not(let inner):
      switch verdict(on: inner) {
      case .always: return .never(nil)
      case .never: return .always
      case .unknown: return .unknown
      }
    case .binary(.or, let left, let right):
      let first = verdict(on: left)
      let second = verdict(on: right)
      if first == .always || second == .always { return .always }
      if case .never = first, case .never = second { return .never(nil) }
      return .unknown
    case .binary(.and, let left, let right):
      let first = verdict(on: left)
      let second = verdict(on: right)
      if case .never = first { return first }
      if case .never = second { return second }
      return first == .always && second == .always ? .always : .unknown
    case .binary(let sign, let left, let right) where sign.isComparison:
      return compare(sign, left, right)
    case .simpleComparison(let sign, let left, let right):
      return compare(sign, Self.typed(left), Self.typed(right))
    default: return .unknown
    }
  }

  /// A side of a simple comparison as a node; its type is not looked at.
  private static func typed(_ operand: SimpleOperand) -> TypedNode {
    switch operand {
    case .string(let text): TypedNode(node: .constant(.string(text)), type: .string)
    case .integer(let integer): TypedNode(node: .constant(.integer(integer)), type: .integer)
    case .number(let number): TypedNode(node: .constant(.number(number)), type: .number)
    case .boolean(let boolean): TypedNode(node: .constant(.boolean(boolean)), type: .boolean)
    case .command(let name): TypedNode(node: .command(name), type: nil)
    case .state(let name): TypedNode(node: .state(name), type: nil)
    }
  }

  private func compare(_ sign: Operator, _ left: TypedNode, _ right: TypedNode) -> Verdict {
    if let one = text(left), let other = text(right) {
      switch sign {
      case .equal: return one == other ? .always : .never(nil)
      case .notEqual: return one != other ? .always : .never(nil)
      default: return .unknown
      }
    }
    guard let one = interval(left), let other = interval(right) else { return .unknown }
    let isBelow = Self.isLess(one.high, other.low)
    let isAbove = Self.isLess(other.high, one.low)
    let isAtMost = Self.isLessOrEqual(one.high, other.low)
    let isAtLeast = Self.isLessOrEqual(other.high, one.low)
    switch sign {
    case .equal:
      return isBelow || isAbove ? .never(reason(left, right)) : isAtMost && isAtLeast ? .always : .unknown
    case .notEqual: return isBelow || isAbove ? .always : isAtMost && isAtLeast ? .never(nil) : .unknown
    case .less: return isBelow ? .always : isAtLeast ? .never(reason(left, right)) : .unknown
    case .lessOrEqual: return isAtMost ? .always : isAbove ? .never(reason(left, right)) : .unknown
    case .greater: return isAbove ? .always : isAtMost ? .never(reason(left, right)) : .unknown
    case .greaterOrEqual: return isAtLeast ? .always : isBelow ? .never(reason(left, right)) : .unknown
    default: return .unknown
    }
  }

  /// Names the bounds of a field that stand against a condition.
  private func reason(_ left: TypedNode, _ right: TypedNode) -> String? {
    for node in [left, right] {
      guard let place = Self.place(node), let interval = interval(node) else { continue }
      let low = interval.low.map { "at least \($0)" }
      let high = interval.high.map { "at most \($0)" }
      let facts = [low, high].compactMap { $0 }
      if !facts.isEmpty { return "\(Self.name(place)) is \(facts.joined(separator: " and "))" }
    }
    return nil
  }

  private static func name(_ place: Place) -> String {
    switch place {
    case .command(let name): name
    case .state(let name): "state.\(name)"
    case .context(let value): value.rawValue
    }
  }

  private static func isLess(_ one: ExactDecimal?, _ other: ExactDecimal?) -> Bool {
    guard let one, let other else { return false }
    return ExactDecimal.order(one.unscaled, one.scale, other.unscaled, other.scale) < 0
  }

  private static func isLessOrEqual(_ one: ExactDecimal?, _ other: ExactDecimal?) -> Bool {
    guard let one, let other else { return false }
    return ExactDecimal.order(one.unscaled, one.scale, other.unscaled, other.scale) <= 0
  }

  // MARK: Values

  private static func place(_ node: TypedNode) -> Place? {
    switch node.node {
    case .command(let name): .command(name)
    case .state(let name): .state(name)
    case .context(let value): .context(value)
    case .convert(let inner): place(inner)
    default: nil
    }
  }

  /// The text or the boolean that a node must be.
  private func text(_ node: TypedNode) -> Constant? {
    switch node.node {
    case .constant(.string), .constant(.boolean): node.constant
    default: Self.place(node).flatMap { texts[$0] }
    }
  }

  /// The numbers that a node can be; nil when it is no exact number.
  private func interval(_ node: TypedNode) -> Interval? {
    if let constant = node.constant {
      return Self.exact(constant).map { Interval(low: $0, high: $0) }
    }
    if let place = Self.place(node) { return interval(of: place) }
    switch node.node {
    case .binary(let sign, let left, let right):
      guard let one = interval(left), let other = interval(right) else { return nil }
      switch sign {
      case .add: return Interval(low: Self.sum(one.low, other.low), high: Self.sum(one.high, other.high))
      case .subtract:
        return Interval(
          low: Self.sum(one.low, Self.negative(other.high)),
          high: Self.sum(one.high, Self.negative(other.low)))
      default: return Interval()
      }
    case .negate(let inner):
      return interval(inner).map { Interval(low: Self.negative($0.high), high: Self.negative($0.low)) }
    case .call(.length, _): return Interval(low: ExactDecimal(unscaled: 0, scale: 0), high: nil)
    default: return Interval()
    }
  }

  private func interval(of place: Place) -> Interval? {
    if let known = intervals[place] { return known }
    if case .context(let value) = place {
      return value == .version ? Interval(low: ExactDecimal(unscaled: 0, scale: 0), high: nil) : Interval()
    }
    guard let field = bounds[place] else { return Interval() }
    switch field.type {
    case .integer, .decimal, .timestamp, .duration:
      return Interval(low: field.bounds.min.flatMap(Self.exact), high: field.bounds.max.flatMap(Self.exact))
    case .number: return Interval()
    case .string, .boolean, .enumeration, .list: return nil
    }
  }

  private static func exact(_ constant: Constant) -> ExactDecimal? {
    switch constant {
    case .integer(let value), .timestamp(let value), .duration(let value):
      ExactDecimal(unscaled: Int128(value), scale: 0)
    case .decimal(let decimal): decimal
    case .number(let number): Int64(exactly: number).map { ExactDecimal(unscaled: Int128($0), scale: 0) }
    case .string, .boolean, .list: nil
    }
  }

  private static func sum(_ one: ExactDecimal?, _ other: ExactDecimal?) -> ExactDecimal? {
    guard let one, let other else { return nil }
    let scale = max(one.scale, other.scale)
    guard let first = one.exactly(scale: scale), let second = other.exactly(scale: scale) else { return nil }
    return ExactDecimal(unscaled: first.unscaled + second.unscaled, scale: scale)
  }

  private static func negative(_ one: ExactDecimal?) -> ExactDecimal? {
    one.map { ExactDecimal(unscaled: -$0.unscaled, scale: $0.scale) }
  }

  // MARK: Narrowing

  /// Keeps what follows from a condition that is taken for true.
  private mutating func narrow(_ node: TypedNode) -> Verdict {
    let (sign, left, right): (Operator, TypedNode, TypedNode)
    switch node.node {
    case .binary(let found, let one, let other) where found.isComparison:
      (sign, left, right) = (found, one, other)
    case .simpleComparison(let found, let one, let other):
      (sign, left, right) = (found, Self.typed(one), Self.typed(other))
    default: return .unknown
    }
    if sign == .equal {
      if let place = Self.place(left), let constant = text(right) { texts[place] = constant }
      if let place = Self.place(right), let constant = text(left) { texts[place] = constant }
    }
    narrow(left, sign, by: right)
    narrow(right, sign.mirrored, by: left)
    return .unknown
  }

  private mutating func narrow(_ node: TypedNode, _ sign: Operator, by other: TypedNode) {
    guard let place = Self.place(node), var known = interval(of: place), let limit = interval(other) else {
      return
    }
    let isWhole = isWhole(place)
    if sign == .less || sign == .lessOrEqual || sign == .equal {
      let step: Int128 = sign == .less && isWhole ? -1 : 0
      let high = Self.sum(limit.high, ExactDecimal(unscaled: step, scale: 0))
      if let high, known.high == nil || Self.isLess(high, known.high) { known.high = high }
    }
    if sign == .greater || sign == .greaterOrEqual || sign == .equal {
      let step: Int128 = sign == .greater && isWhole ? 1 : 0
      let low = Self.sum(limit.low, ExactDecimal(unscaled: step, scale: 0))
      if let low, known.low == nil || Self.isLess(known.low, low) { known.low = low }
    }
    intervals[place] = known
  }

  /// Whether only whole numbers can stand there.
  private func isWhole(_ place: Place) -> Bool {
    if case .context = place { return true }
    switch bounds[place]?.type {
    case .integer, .timestamp, .duration: return true
    default: return false
    }
  }
}

extension Operator {
  /// The operator that says the same with its sides changed.
  fileprivate var mirrored: Operator {
    switch self {
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    default: self
    }
  }
}
