import ReadableText

/// Reads the text of an expression into a tree.
///
/// ```
/// expression  = conjunction { "or" conjunction }
/// conjunction = negation { "and" negation }
/// negation    = [ "not" ] comparison
/// comparison  = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" ) sum ]
/// sum         = product { ( "+" | "-" ) product }
/// product     = factor { ( "*" | "/" | "%" ) factor }
/// factor      = [ "-" ] ( literal | name | call | "(" expression ")" | "[" [ expression { "," expression } ] "]" )
/// ```
struct ExpressionParser {
  /// How deep parentheses, calls, lists and signs may be nested.
  static let depthMax = 32
  /// How many words and signs an expression may have.
  static let tokensMax = 512

  private let functions: [Function]
  private var lexer: ExpressionLexer
  private var token: ExpressionLexer.Token
  private var tokens = 1
  private var depth = 0

  /// - Parameter functions: those that may be called.
  static func parse(
    _ text: String, calling functions: [Function] = Function.allCases.filter { !$0.isConversion }
  ) throws(ExpressionFault) -> Syntax {
    var lexer = ExpressionLexer(text)
    guard lexer.scalars.count <= ExpressionLexer.lengthMax else {
      throw ExpressionFault(
        offset: 0,
        message: "Expected an expression of at most \(ExpressionLexer.lengthMax) characters, but it has "
          + "\(lexer.scalars.count)")
    }
    let first = try lexer.next(isOperand: true)
    var parser = ExpressionParser(lexer: lexer, token: first, functions: functions)
    let syntax = try parser.disjunction()
    guard case .end = parser.token.kind else { throw parser.unexpectedRest(after: syntax) }
    return syntax
  }

  private init(lexer: ExpressionLexer, token: ExpressionLexer.Token, functions: [Function]) {
    self.functions = functions
    self.lexer = lexer
    self.token = token
  }

  /// Goes on to the next word or sign.
  private mutating func advance(isOperand: Bool) throws(ExpressionFault) {
    tokens += 1
    guard tokens <= Self.tokensMax else {
      throw ExpressionFault(
        offset: token.start,
        message: "Expected at most \(Self.tokensMax) words and signs in an expression, but found more")
    }
    token = try lexer.next(isOperand: isOperand)
  }

  private mutating func nested<Value>(
    _ body: (inout Self) throws(ExpressionFault) -> Value
  ) throws(ExpressionFault) -> Value {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMax else {
      throw ExpressionFault(
        offset: token.start,
        message: "Expected at most \(Self.depthMax) levels of nesting in an expression, but found more")
    }
    return try body(&self)
  }

  private func isAt(_ word: String) -> Bool { token.kind == .name(word) }

  private mutating func disjunction() throws(ExpressionFault) -> Syntax {
    try nested { (parser: inout Self) throws(ExpressionFault) -> Syntax in
      try parser.chain([.or]) { (parser: inout Self) throws(ExpressionFault) -> Syntax in
        try parser.chain([.and]) { (parser: inout Self) throws(ExpressionFault) -> Syntax in
          try parser.negation()
        }
      }
    }
  }

  /// Operands with operators of one rank between them, from the left.
  private mutating func chain(
    _ operators: [Operator], _ operand: (inout Self) throws(ExpressionFault) -> Syntax
  ) throws(ExpressionFault) -> Syntax {
    var left = try operand(&self)
    while let found = operatorHere, operators.contains(found) {
      left = try binary(found, left, operand)
    }
    return left
  }

  private mutating func binary(
    _ found: Operator, _ left: Syntax, _ operand: (inout Self) throws(ExpressionFault) -> Syntax
  ) throws(ExpressionFault) -> Syntax {
    let start = token.start
    try advance(isOperand: true)
    let right = try operand(&self)
    return Syntax(
      node: .binary(found, operatorStart: start, left, right), start: left.start, end: right.end)
  }

  private var operatorHere: Operator? {
    switch token.kind {
    case .sign(let sign): sign
    case .name(let word): ["or": .or, "and": .and, "in": .isIn][word]
    case .constant, .state, .context, .mark, .end: nil
    }
  }

  private mutating func negation() throws(ExpressionFault) -> Syntax {
    let start = token
    guard isAt("not") else { return try comparison() }
    try advance(isOperand: true)
    // A field may be called `not`, as it could before there was such a word.
    if isAtEndOfOperand { return try comparison(after: field("not", start)) }
    return try nested { (parser: inout Self) throws(ExpressionFault) -> Syntax in
      let operand = try parser.negation()
      return Syntax(node: .not(operand), start: start.start, end: operand.end)
    }
  }

  /// Whether what stands here cannot begin an operand.
  private var isAtEndOfOperand: Bool {
    switch token.kind {
    case .sign(let sign): sign != .subtract
    case .mark(let mark): mark != "(" && mark != "["
    case .end: true
    case .name(let word): word == "and" || word == "or" || word == "in"
    case .constant, .state, .context: false
    }
  }

  private mutating func comparison() throws(ExpressionFault) -> Syntax {
    try comparison(after: sum())
  }

  private mutating func comparison(after left: Syntax) throws(ExpressionFault) -> Syntax {
    guard let found = operatorHere, found.isComparison || found == .isIn else { return left }
    let comparison = try binary(found, left) { (parser: inout Self) throws(ExpressionFault) -> Syntax in
      try parser.sum()
    }
    if let second = operatorHere, second.isComparison || second == .isIn {
      throw ExpressionFault(
        offset: token.start,
        message: "Expected one comparison, but found `\(second.rawValue)` behind "
          + "`\(lexer.text(from: comparison.start, to: comparison.end))`. Write `and` between two comparisons"
      )
    }
    return comparison
  }

  private mutating func sum() throws(ExpressionFault) -> Syntax {
    try chain([.add, .subtract]) { (parser: inout Self) throws(ExpressionFault) -> Syntax in
      try parser.chain([.multiply, .divide, .remainder]) {
        (parser: inout Self) throws(ExpressionFault) -> Syntax in try parser.factor()
      }
    }
  }

  private mutating func factor() throws(ExpressionFault) -> Syntax {
    guard token.kind == .sign(.subtract) else { return try operand() }
    let start = token.start
    try advance(isOperand: true)
    return try nested { (parser: inout Self) throws(ExpressionFault) -> Syntax in
      let operand = try parser.factor()
      return Syntax(node: .negate(operand), start: start, end: operand.end)
    }
  }

  private mutating func operand() throws(ExpressionFault) -> Syntax {
    let found = token
    switch found.kind {
    case .constant(let constant): return try leaf(.constant(constant))
    case .state(let name): return try leaf(.state(name))
    case .context(let value): return try leaf(.context(value))
    case .name(let word): return try name(word)
    case .mark("("):
      try advance(isOperand: true)
      let inner = try disjunction()
      try expect(")", "that closes the ( before it")
      return Syntax(node: inner.node, start: found.start, end: inner.end)
    case .mark("["):
      try advance(isOperand: true)
      let (items, end) = try arguments(until: "]")
      return Syntax(node: .list(items), start: found.start, end: end)
    case .mark, .sign, .end: throw unexpectedOperand()
    }
  }

  private mutating func leaf(_ node: Syntax.Node) throws(ExpressionFault) -> Syntax {
    let found = token
    try advance(isOperand: false)
    return Syntax(node: node, start: found.start, end: found.end)
  }

  private func field(_ name: String, _ token: ExpressionLexer.Token) -> Syntax {
    Syntax(node: .command(name), start: token.start, end: token.end)
  }

  /// A field of the command, or a function's call.
  private mutating func name(_ word: String) throws(ExpressionFault) -> Syntax {
    let found = token
    try advance(isOperand: false)
    guard token.kind == .mark("(") else { return field(word, found) }
    guard let function = Function(rawValue: word), functions.contains(function) else {
      let names = functions.map(\.rawValue)
      throw ExpressionFault(
        offset: found.start,
        message: "Expected one of the functions \(names.joined(separator: ", ")), but found `\(word)(`"
          + Suggestion.text(for: word, among: names))
    }
    try advance(isOperand: true)
    let (items, end) = try arguments(until: ")")
    return Syntax(node: .call(function, items), start: found.start, end: end)
  }

  /// Expressions with commas between them, and where they end.
  private mutating func arguments(until close: Unicode.Scalar) throws(ExpressionFault) -> ([Syntax], Int) {
    var items: [Syntax] = []
    if token.kind != .mark(close) {
      items.append(try disjunction())
      while token.kind == .mark(",") {
        try advance(isOperand: true)
        items.append(try disjunction())
      }
    }
    let end = token.end
    try expect(close, "or `,` after a value")
    return (items, end)
  }

  private mutating func expect(_ mark: Unicode.Scalar, _ purpose: String) throws(ExpressionFault) {
    guard token.kind == .mark(mark) else {
      let found =
        token.kind == .end ? "the expression ends here" : "found `\(lexer.text(from: token.start))`"
      let cure = mark == ")" && token.kind == .mark(",") ? ". A list stands in brackets: [1, 2]" : ""
      throw ExpressionFault(
        offset: token.start, message: "Expected `\(mark)` \(purpose), but \(found)\(cure)")
    }
    try advance(isOperand: false)
  }

  private func unexpectedOperand() -> ExpressionFault {
    let expected =
      "Expected a field, `state.` and a field, 'text', a number, a duration, true or false"
    let found = token.kind == .end ? "the expression ends here" : "found `\(lexer.text(from: token.start))`"
    return ExpressionFault(offset: token.start, message: "\(expected), but \(found)")
  }

  private func unexpectedRest(after syntax: Syntax) -> ExpressionFault {
    let rest = lexer.text(from: token.start)
    if case .command(let word) = syntax.node.last, word.lowercased() == "not" {
      return ExpressionFault(
        offset: syntax.end - word.unicodeScalars.count,
        message: "Expected `not`, but found `\(word)`. Write `not`")
    }
    var cure = ". Write an operator between two values"
    switch token.kind {
    case .name(let word):
      let lower = word.lowercased()
      if ["and", "or", "in"].contains(lower) {
        cure = ". Write `\(lower)`"
      } else if lower == "not" || lower == "is" {
        cure = ". Write `==` or `!=` to compare"
      } else if let unit = DurationUnit.right(for: lower),
        case .constant(.integer(let count)) = syntax.node.last
      {
        cure = ". Write the duration as `\(count)\(unit)`"
      } else if word == "equals" || word == "eq" {
        cure = ". Write `==` to compare"
      }
    case .mark(")"): cure = ". There is no ( before it"
    case .mark("]"): cure = ". There is no [ before it"
    case .mark("["): cure = ". Elements of lists cannot be taken; `x in list` asks whether a list has one"
    case .mark(","): cure = ". Write `and` between two conditions"
    case .constant, .state, .context, .sign, .mark, .end: break
    }
    return ExpressionFault(
      offset: token.start, message: "Expected the end of the expression, but found `\(rest)`\(cure)")
  }
}

extension Syntax.Node {
  /// What stands last in the text.
  fileprivate var last: Syntax.Node {
    switch self {
    case .binary(_, _, _, let right): right.node.last
    case .negate(let operand), .not(let operand): operand.node.last
    case .constant, .command, .state, .context, .call, .list: self
    }
  }
}
