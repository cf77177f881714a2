import JSONFields
import ReadableText

/// Which types go together, and what comes of them.
extension TypeChecker {
  /// `+ - * / %`.
  func arithmetic(
    _ sign: Operator, _ start: Int, _ left: Syntax, _ right: Syntax
  ) throws(ExpressionFault) -> TypedNode {
    let first = try typed(left)
    let second = try typed(right)
    if let type = Self.timeType(sign, first.type, second.type) {
      return TypedNode(node: .binary(sign, first, second), type: type)
    }
    if let type = Self.textType(sign, first, second) {
      return TypedNode(node: .binary(sign, first, second), type: type)
    }
    let isNumeric = first.isNumeric && second.isNumeric
    guard isNumeric, let (one, other) = try unified(first, left, second, right, isProduct: sign == .multiply),
      let type = one.type
    else {
      throw mismatch("around `\(sign.rawValue)`", start, left, first, right, second)
    }
    if sign == .divide || sign == .remainder, other.isZero {
      throw ExpressionFault(
        offset: right.start, message: "Expected a divisor that is not zero, but found `\(text(of: right))`")
    }
    guard case .decimal(let scale) = type else {
      return TypedNode(node: .binary(sign, one, other), type: type)
    }
    guard sign == .multiply, case .decimal(let otherScale)? = other.type else {
      return TypedNode(node: .binary(sign, one, other), type: type)
    }
    guard scale + otherScale <= ExactDecimal.digitsMax else {
      throw ExpressionFault(
        offset: start,
        message: "Expected at most \(ExactDecimal.digitsMax) places behind the point, but the product has "
          + "\(scale + otherScale). Write round(…, places) around a factor")
    }
    return TypedNode(node: .binary(sign, one, other), type: .decimal(scale: scale + otherScale))
  }

  /// What comes of reckoning with times; nil when there is none, or it makes no sense.
  private static func timeType(_ sign: Operator, _ left: FieldType?, _ right: FieldType?) -> FieldType? {
    switch (left, sign, right) {
    case (.timestamp, .add, .duration), (.timestamp, .subtract, .duration), (.duration, .add, .timestamp):
      .timestamp
    case (.timestamp, .subtract, .timestamp): .duration
    case (.duration, .add, .duration), (.duration, .subtract, .duration), (.duration, .remainder, .duration),
      (.duration, .multiply, .integer), (.integer, .multiply, .duration), (.duration, .divide, .integer):
      .duration
    case (.duration, .divide, .duration): .integer
    default: nil
    }
  }

  /// What comes of joining texts, and of lists that gain or lose one.
  private static func textType(_ sign: Operator, _ left: TypedNode, _ right: TypedNode) -> FieldType? {
    if sign == .add, left.isText, right.isText { return .string }
    if sign == .add || sign == .subtract, left.type == .list, right.isText { return .list }
    return nil
  }

  /// Both as one type; nil when there is none. Decimals get the larger scale, but for a product.
  func unified(
    _ first: TypedNode, _ left: Syntax, _ second: TypedNode, _ right: Syntax, isProduct: Bool = false
  ) throws(ExpressionFault) -> (TypedNode, TypedNode)? {
    if first.isText, second.isText {
      try checkMember(first, second, right)
      try checkMember(second, first, left)
      return (first, second)
    }
    switch (first.type, second.type) {
    case (.decimal(let one)?, .decimal(let other)?):
      if isProduct || one == other { return (first, second) }
      let type = FieldType.decimal(scale: max(one, other))
      return (Self.convert(first, to: type), Self.convert(second, to: type))
    case (.integer?, .decimal?), (.decimal?, .integer?):
      let scale = isProduct ? 0 : max(first.scale, second.scale)
      return (
        first.type == .integer ? Self.convert(first, to: .decimal(scale: scale)) : first,
        second.type == .integer ? Self.convert(second, to: .decimal(scale: scale)) : second
      )
    case (.number?, .integer?), (.integer?, .number?):
      return (Self.convert(first, to: .number), Self.convert(second, to: .number))
    case (.number?, .decimal?):
      return Self.asNumber(second).map { (first, $0) }
    case (.decimal?, .number?):
      return Self.asNumber(first).map { ($0, second) }
    case (.timestamp?, .string?):
      return second.constant == nil ? nil : (first, try converted(second, to: .timestamp, right, "as a time"))
    case (.string?, .timestamp?):
      return first.constant == nil ? nil : (try converted(first, to: .timestamp, left, "as a time"), second)
    case (let one?, let other?): return one == other ? (first, second) : nil
    case (nil, _), (_, nil): return nil
    }
  }

  private func checkMember(
    _ member: TypedNode, _ literal: TypedNode, _ syntax: Syntax
  ) throws(ExpressionFault) {
    guard case .enumeration(let values)? = member.type, case .string(let text)? = literal.constant,
      !values.contains(text)
    else { return }
    throw fault(
      "Expected one of \(values.joined(separator: ", ")), but found '\(text)'"
        + Suggestion.text(for: text, among: values), syntax)
  }

  /// A value as another type, without a check; a literal becomes a literal.
  private static func convert(_ node: TypedNode, to type: FieldType) -> TypedNode {
    if node.type == type { return node }
    switch (node.constant, type) {
    case (.integer(let integer)?, .decimal(let scale)):
      let decimal = ExactDecimal(unscaled: Int128(integer), scale: 0)
      if let exact = decimal.exactly(scale: scale) {
        return TypedNode(node: .constant(.decimal(exact)), type: type)
      }
    case (.decimal(let decimal)?, .decimal(let scale)):
      if let exact = decimal.exactly(scale: scale) {
        return TypedNode(node: .constant(.decimal(exact)), type: type)
      }
    // An integer among numbers stays exact until somebody reckons with it.
    case (.integer?, .number): return TypedNode(node: .convert(node), type: type)
    default: break
    }
    return TypedNode(node: .convert(node), type: type)
  }

  /// A decimal literal as a double; nil for a decimal that is no literal.
  private static func asNumber(_ node: TypedNode) -> TypedNode? {
    guard case .decimal(let decimal)? = node.constant, let number = JSONNumber.parse("\(decimal)") else {
      return nil
    }
    return TypedNode(node: .constant(.number(number)), type: .number)
  }

  /// A value as the type that is needed for `purpose`, or why it cannot be.
  func converted(
    _ node: TypedNode, to type: FieldType, _ syntax: Syntax, _ purpose: String
  ) throws(ExpressionFault) -> TypedNode {
    switch (node.type, type) {
    case (.integer?, .number), (.integer?, .decimal): return Self.convert(node, to: type)
    case (.decimal(let found)?, .decimal(let wanted)):
      if case .decimal(let decimal)? = node.constant, decimal.exactly(scale: wanted) != nil {
        return Self.convert(node, to: type)
      }
      guard found <= wanted else {
        throw fault(
          "Expected at most \(wanted) places behind the point \(purpose), but `\(text(of: syntax))` has \(found). "
            + "Write `round(\(text(of: syntax)), \(wanted))`", syntax)
      }
      return Self.convert(node, to: type)
    case (.decimal?, .number):
      if let number = Self.asNumber(node) { return number }
    case (.string?, .timestamp):
      guard case .string(var text)? = node.constant else { break }
      let milliseconds = text.withUTF8 { TimeText.milliseconds(rfc3339: UnsafeRawBufferPointer($0)) }
      guard let milliseconds else {
        throw fault(
          "Expected a time like '2026-11-23T13:05:00Z' \(purpose), but found '\(text)'", syntax)
      }
      return TypedNode(node: .constant(.timestamp(milliseconds)), type: .timestamp)
    case (.string?, .enumeration(let values)):
      if case .string(let text)? = node.constant, !values.contains(text) {
        throw fault(
          "Expected one of \(values.joined(separator: ", ")) \(purpose), but found '\(text)'"
            + Suggestion.text(for: text, among: values), syntax)
      }
      return node
    case (.enumeration?, .enumeration), (.enumeration?, .string): return node
    case (let found?, let wanted) where found == wanted: return node
    default: break
    }
    var hint = ""
    if case .number? = node.type, case .decimal = type {
      hint = ". A number is a double and not exact: declare it as decimal"
    } else if type == .duration || type == .timestamp, case .integer(let count)? = node.constant {
      hint = ". Write a duration with its unit, like `\(type == .timestamp ? "$time + " : "")\(count)s`"
    } else if type == .timestamp, node.type == .duration {
      hint = ". Write `$time + \(text(of: syntax))`"
    } else if type == .string || type.isEnumeration, node.constant != nil {
      hint = ". Text stands in single quotes: '\(text(of: syntax))'"
    }
    throw fault(
      "Expected \(type.phrase) \(purpose), but `\(text(of: syntax))` is \(node.phrase)\(hint)", syntax)
  }

  // MARK: Functions

  func call(
    _ function: Function, _ arguments: [Syntax], _ syntax: Syntax
  ) throws(ExpressionFault) -> TypedNode {
    switch function {
    case .has: return try has(arguments, syntax)
    case .length:
      let value = try only(arguments, of: function, syntax)
      let node = try typed(value)
      guard node.isText || node.type == .list else {
        throw fault(
          "Expected a string or a list in length(…), but `\(text(of: value))` is \(node.phrase)", value)
      }
      return TypedNode(node: .call(.length, [node]), type: .integer)
    case .abs:
      let value = try only(arguments, of: function, syntax)
      let node = try typed(value)
      guard node.isNumeric || node.type == .duration else {
        throw fault(
          "Expected a number or a duration in abs(…), but `\(text(of: value))` is \(node.phrase)", value)
      }
      return TypedNode(node: .call(.abs, [node]), type: node.type)
    case .round: return try round(arguments, syntax)
    case .min, .max: return try extreme(function, arguments, syntax)
    case .string, .integer, .number, .boolean, .decimal, .timestamp, .duration:
      return try conversion(function, arguments, syntax)
    }
  }

  func only(
    _ arguments: [Syntax], of function: Function, _ syntax: Syntax
  ) throws(ExpressionFault) -> Syntax {
    guard arguments.count == 1 else { throw wrongCount(function, arguments.count, syntax) }
    return arguments[0]
  }

  func wrongCount(_ function: Function, _ count: Int, _ syntax: Syntax) -> ExpressionFault {
    let found = count == 0 ? "no value" : count == 1 ? "one value" : "\(count) values"
    return fault("Expected \(function.signature), but found \(found)", syntax)
  }

  private func has(_ arguments: [Syntax], _ syntax: Syntax) throws(ExpressionFault) -> TypedNode {
    let value = try only(arguments, of: .has, syntax)
    switch value.node {
    case .command(let name):
      _ = try typed(value)
      return TypedNode(node: .has(isState: false, name), type: .boolean)
    case .state(let name):
      _ = try typed(value)
      return TypedNode(node: .has(isState: true, name), type: .boolean)
    default:
      throw fault("Expected a field in has(…), but found `\(text(of: value))`", value)
    }
  }

  private func round(_ arguments: [Syntax], _ syntax: Syntax) throws(ExpressionFault) -> TypedNode {
    guard arguments.count == 2 else { throw wrongCount(.round, arguments.count, syntax) }
    let node = try typed(arguments[0])
    guard case .decimal(let scale)? = node.type else {
      throw fault(
        "Expected a decimal in round(…), but `\(text(of: arguments[0]))` is \(node.phrase)", arguments[0])
    }
    let places = try places(arguments[1])
    let type = FieldType.decimal(scale: places)
    if places >= scale { return Self.convert(node, to: type) }
    return TypedNode(node: .call(.round, [node]), type: type)
  }

  /// A decimal's places, written as a number.
  func places(_ argument: Syntax) throws(ExpressionFault) -> Int {
    guard case .constant(.integer(let places)) = argument.node, 0...Int64(ExactDecimal.digitsMax) ~= places
    else {
      throw fault(
        "Expected a number of places, 0 to \(ExactDecimal.digitsMax), but found `\(text(of: argument))`",
        argument)
    }
    return Int(places)
  }

  private func extreme(
    _ function: Function, _ arguments: [Syntax], _ syntax: Syntax
  ) throws(ExpressionFault) -> TypedNode {
    guard arguments.count >= 2 else { throw wrongCount(function, arguments.count, syntax) }
    var result = try typed(arguments[0])
    guard result.isNumeric || result.type == .timestamp || result.type == .duration else {
      throw fault(
        "Expected numbers or times in \(function.rawValue)(…), but `\(text(of: arguments[0]))` is \(result.phrase)",
        arguments[0])
    }
    for argument in arguments.dropFirst() {
      let next = try typed(argument)
      guard next.type != .boolean, next.type != .list,
        let (one, other) = try unified(result, arguments[0], next, argument)
      else {
        throw mismatch("in \(function.rawValue)(…)", argument.start, arguments[0], result, argument, next)
      }
      result = TypedNode(node: .call(function, [one, other]), type: one.type)
    }
    return result
  }
}

extension FieldType {
  var isEnumeration: Bool { if case .enumeration = self { true } else { false } }
}

extension TypedNode {
  var isNumeric: Bool {
    switch type {
    case .integer, .number, .decimal: true
    default: false
    }
  }

  /// A decimal's places; 0 for anything else.
  package var scale: Int { if case .decimal(let scale)? = type { scale } else { 0 } }

  /// Whether it is the literal zero.
  var isZero: Bool {
    switch constant {
    case .integer(0)?: true
    case .decimal(let decimal)?: decimal.unscaled == 0
    case .number(let number)?: number == 0
    default: false
    }
  }
}
