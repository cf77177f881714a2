/// Expressions of `migrate`: on an older state, whose fields may have had other types.
extension TypeChecker {
  /// Whether it is a field of an older state whose type is not known here.
  func isFormer(_ name: String) -> Bool {
    scope.isMigration && scope.state[name] == nil && name != "status"
  }

  func noCommand(_ found: String, _ cure: String, _ syntax: Syntax) -> ExpressionFault {
    fault("Expected fields of the older state alone, but found \(found). \(cure)", syntax)
  }

  /// What to write around a field whose type is not known.
  func formerHint(_ first: TypedNode, _ second: TypedNode) -> String {
    guard scope.isMigration, let name = first.formerName ?? second.formerName else { return "" }
    return ". Say as what the older field is read, like `integer(state.\(name))`"
  }

  /// An expression that is a field of the older state alone, read as the type of the field that it is for; nil for any
  /// other.
  func formerField(_ syntax: Syntax, as type: FieldType) throws(ExpressionFault) -> TypedNode? {
    guard scope.isMigration else { return nil }
    if case .state(let name) = syntax.node, isFormer(name) {
      return TypedNode(node: .convert(TypedNode(node: .state(name), type: nil)), type: type)
    }
    // The places of `decimal(state.price)` are those of the field.
    if case .call(.decimal, let arguments) = syntax.node, arguments.count == 1, case .decimal = type {
      return TypedNode(node: .call(.decimal, [try former(arguments[0], .decimal)]), type: type)
    }
    return nil
  }

  /// `integer(state.total)` and the like.
  func conversion(
    _ function: Function, _ arguments: [Syntax], _ syntax: Syntax
  ) throws(ExpressionFault) -> TypedNode {
    if function == .decimal {
      guard arguments.count == 2 else {
        let cure =
          arguments.count == 1 ? ". Write `decimal(\(text(of: arguments[0])), 2)` for two places" : ""
        throw fault(
          "Expected a field and the number of places in decimal(…), but found "
            + (arguments.count == 1 ? "one value" : "\(arguments.count) values") + cure, syntax)
      }
      let places = try places(arguments[1])
      return TypedNode(
        node: .call(.decimal, [try former(arguments[0], .decimal)]), type: .decimal(scale: places))
    }
    let argument = try only(arguments, of: function, syntax)
    let node = try former(argument, function)
    return TypedNode(node: .call(function, [node]), type: FieldType(name: function.rawValue))
  }

  private func former(_ argument: Syntax, _ function: Function) throws(ExpressionFault) -> TypedNode {
    guard case .state(let name) = argument.node, name != "status" else {
      throw fault(
        "Expected a field of the older state in \(function.rawValue)(…), but found `\(text(of: argument))`",
        argument)
    }
    return TypedNode(node: .state(name), type: nil)
  }
}
