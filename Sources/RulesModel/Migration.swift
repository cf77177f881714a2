/// How states are read that the rules wrote under an older ``Rules/version``: `migrate` in the file.
///
/// What it does not name is read as it is: a status by its name, a field as its type.
public struct Migration: Sendable, Hashable {
  /// The version that wrote the states, below the rules' own.
  public let from: Int
  /// The statuses that are called otherwise now, and what they are called.
  public let states: [String: String]
  /// The fields that get the value of an expression on the older state, each of its own type. Where a part of it is missing
  /// the field is missing, or has its default.
  public let fields: [Assignment]
}

/// How an expression of a migration reads a field of the older state.
package enum FormerRead: Hashable {
  /// As the type that the rules declare for it.
  case declared(String)
  /// As another type: a conversion function, or the whole expression is the field alone.
  case converted(String, FieldType)
  /// Whether it is there.
  case has(String)
}

extension TypedNode {
  /// The expression with a field of a command, whose name `body` gives, in place of each read of the older state.
  package func replacingFormerReads(_ body: (FormerRead) -> String) -> TypedNode {
    func inner(_ node: TypedNode) -> TypedNode { node.replacingFormerReads(body) }
    func field(_ read: FormerRead) -> TypedNode { TypedNode(node: .command(body(read)), type: type) }
    switch node {
    case .state(let name): return field(.declared(name))
    case .has(isState: true, let name):
      return TypedNode(node: .has(isState: false, body(.has(name))), type: type)
    case .call(let function, let arguments) where function.isConversion:
      guard let name = arguments.first?.stateName, let type else { return self }
      return field(.converted(name, type))
    case .convert(let read) where read.type == nil:
      guard let name = read.stateName, let type else { return self }
      return field(.converted(name, type))
    case .constant, .command, .context, .has, .simpleComparison: return self
    case .negate(let node): return TypedNode(node: .negate(inner(node)), type: type)
    case .not(let node): return TypedNode(node: .not(inner(node)), type: type)
    case .convert(let node): return TypedNode(node: .convert(inner(node)), type: type)
    case .isOneOf(let node, let constants):
      return TypedNode(node: .isOneOf(inner(node), constants), type: type)
    case .binary(let sign, let left, let right):
      return TypedNode(node: .binary(sign, inner(left), inner(right)), type: type)
    case .call(let function, let arguments):
      return TypedNode(node: .call(function, arguments.map(inner)), type: type)
    }
  }

  /// The field of the object that it is; nil for anything else.
  private var stateName: String? {
    if case .state(let name) = node { name } else { nil }
  }
}
