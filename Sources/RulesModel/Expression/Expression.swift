/// An expression of the rules, with the type of each of its parts.
///
/// Made by ``RulesFile`` from text like `state.reserved + quantity <= state.onHand`; run by the decider.
public struct Expression: Sendable, Hashable, CustomStringConvertible {
  /// The expression as the file has it.
  public let description: String
  package let root: TypedNode

  /// The type of its value; nil for a field of the command that no rule declares.
  public var type: FieldType? { root.type }

  /// Whether both are written alike but for spaces and parentheses.
  public static func == (left: Expression, right: Expression) -> Bool { left.root == right.root }
  public func hash(into hasher: inout Hasher) { hasher.combine(root) }
}

/// A part of an expression and the type of its value.
package struct TypedNode: Sendable, Hashable {
  package let node: ExpressionNode
  /// Nil for a field of the command that no rule declares, and for one of an older state.
  package let type: FieldType?
}

/// What a part of an expression does.
package indirect enum ExpressionNode: Sendable, Hashable {
  case constant(Constant)
  /// A field of the command.
  case command(String)
  /// A field of the object.
  case state(String)
  case context(ContextValue)
  /// Whether a field is there.
  case has(isState: Bool, String)
  case negate(TypedNode)
  case not(TypedNode)
  /// Both sides are of one type, but for a decimal's scale, and where times are reckoned with.
  case binary(Operator, TypedNode, TypedNode)
  /// Whether a value is one of these constants of its type.
  case isOneOf(TypedNode, [Constant])
  case call(Function, [TypedNode])
  /// The value as this node's type.
  case convert(TypedNode)
  /// `operand op operand`, compared by the kinds that the values turn out to have. See ``SimpleOperand``.
  case simpleComparison(Operator, SimpleOperand, SimpleOperand)
}

/// A side of a simple comparison: the guards that the first version of the language had.
///
/// Numbers are compared by their exact values, also a 64-bit integer with a double: nothing is rounded.
/// Strings are compared by their UTF-8 bytes, which is the order of their Unicode scalars; nothing is
/// normalised. Booleans are only equal or unequal. When a side is missing, or the sides are of different
/// kinds, the guard fails, whatever its operator is.
package enum SimpleOperand: Sendable, Hashable {
  case string(String)
  case integer(Int64)
  case number(Double)
  case boolean(Bool)
  /// A field of the command.
  case command(String)
  /// A field of the object.
  case state(String)
}

extension Expression {
  /// The fields that it reads; those that `has` asks for do not count.
  package var reads: FieldReads {
    var reads = FieldReads()
    reads.collect(root)
    return reads
  }

  /// The field of the command or of the object that the expression is, and nothing else.
  package var onlyField: (isState: Bool, name: String)? {
    var node = root
    while case .convert(let inner) = node.node { node = inner }
    switch node.node {
    case .command(let name): return (false, name)
    case .state(let name): return (true, name)
    default: return nil
    }
  }
}

/// The fields that an expression reads.
package struct FieldReads {
  /// In the order of the text, with repetitions.
  package private(set) var command: [String] = []
  package private(set) var state: [String] = []
  /// Fields that `has` asks for.
  package private(set) var asked: [(isState: Bool, name: String)] = []

  mutating func collect(_ node: TypedNode) {
    switch node.node {
    case .constant, .context: break
    case .command(let name): command.append(name)
    case .state(let name): state.append(name)
    case .has(let isState, let name): asked.append((isState, name))
    case .negate(let inner), .not(let inner), .convert(let inner), .isOneOf(let inner, _): collect(inner)
    case .binary(_, let left, let right):
      collect(left)
      collect(right)
    case .call(_, let arguments): arguments.forEach { collect($0) }
    case .simpleComparison(_, let left, let right):
      collect(left)
      collect(right)
    }
  }

  private mutating func collect(_ operand: SimpleOperand) {
    switch operand {
    case .command(let name): command.append(name)
    case .state(let name): state.append(name)
    case .string, .integer, .number, .boolean: break
    }
  }
}

/// A text with expressions in it, like `Only {state.onHand} are left.`
public struct Template: Sendable, Hashable, CustomStringConvertible {
  package enum Part: Sendable, Hashable {
    case text(String)
    case expression(Expression)
  }

  /// The text as the file has it.
  public let description: String
  package let parts: [Part]
}
