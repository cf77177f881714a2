import JSONFields

extension Rules {
  /// The rules in one form, whatever their file looks like: two files that decide alike, word for word, have the same.
  ///
  /// Not in it: comments, layout, parentheses and spaces of expressions, the order of fields, states and commands,
  /// reasons, examples. In it: ``version``, and the order of alternatives, guards and events.
  public var normalForm: String {
    var lines = ["object \(object)", "version \(version)", "unknown-fields \(unknownFields.rawValue)"]
    lines += fields.map { "field \($0.normalForm)" }.sorted()
    lines += states.map { "state \($0)" }.sorted()
    lines += commands.sorted { ($0.name, $0.alternative) < ($1.name, $1.alternative) }.flatMap(\.normalForm)
    lines += migrations.sorted { $0.from < $1.from }.flatMap(\.normalForm)
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Migration {
  fileprivate var normalForm: [String] {
    ["migrate \(from)"] + states.map { " state \($0.key) \($0.value)" }.sorted()
      + fields.map { " field \($0.field) \($0.value.root.normalForm)" }.sorted()
  }
}

extension Rules.Field {
  /// Like `price decimal(2) min=0`.
  package var normalForm: String {
    var text = "\(name) \(type.normalForm)"
    if let min = bounds.min { text += " min=\(min.normalForm)" }
    if let max = bounds.max { text += " max=\(max.normalForm)" }
    if let length = bounds.lengthMax { text += " max-length=\(length)" }
    if let items = bounds.itemsMax { text += " items=\(items)" }
    if let initial { text += " default=\(initial.normalForm)" }
    return text
  }
}

extension FieldType {
  /// Like `decimal(2)`.
  package var normalForm: String {
    switch self {
    case .decimal(let scale): "decimal(\(scale))"
    case .enumeration(let values): "enum(\(values.map(JSONText.quoted).sorted().joined(separator: ",")))"
    case .string, .integer, .number, .boolean, .timestamp, .duration, .list: name
    }
  }
}

extension CommandRule {
  /// A line for each part.
  fileprivate var normalForm: [String] {
    var lines = ["command \(name) \(alternative)"]
    lines.append(" from \(from.sorted().joined(separator: " "))")
    lines.append(" to \(to ?? "=")")
    lines += require.map { " require \($0.normalForm)" }.sorted()
    lines += optional.map { " optional \($0.normalForm)" }.sorted()
    lines += guards.map { " guard \($0.code ?? "guard-failed") \($0.condition.root.normalForm)" }
    lines += keep.map { " keep \($0)" }.sorted()
    lines += assign.map { " set \($0.field) \($0.value.root.normalForm)" }.sorted()
    lines += unset.map { " unset \($0)" }.sorted()
    for event in events {
      let members = event.payload.map { $0.map { "\($0.field)=\($0.value.root.normalForm)" } }
      lines.append(" event \(event.type)" + (members.map { " {\($0.joined(separator: " "))}" } ?? ""))
    }
    return lines
  }
}

extension Constant {
  package var normalForm: String {
    switch self {
    case .string(let text): JSONText.quoted(text)
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)f"
    case .decimal(let decimal): "\(decimal)d"
    case .boolean(let boolean): "\(boolean)"
    case .timestamp(let milliseconds): "@\(milliseconds)"
    case .duration(let milliseconds): "\(milliseconds)ms"
    case .list(let items): "[\(items.map(JSONText.quoted).joined(separator: ","))]"
    }
  }
}

extension TypedNode {
  /// The part in prefix form, like `(<= (+ state.reserved quantity) state.onHand)`.
  package var normalForm: String {
    switch node {
    case .constant(let constant): constant.normalForm
    case .command(let name): name
    case .state(let name): "state.\(name)"
    case .context(let value): value.rawValue
    case .has(let isState, let name): "(has \(isState ? "state." : "")\(name))"
    case .negate(let inner): "(- \(inner.normalForm))"
    case .not(let inner): "(not \(inner.normalForm))"
    case .binary(let sign, let left, let right): "(\(sign.rawValue) \(left.normalForm) \(right.normalForm))"
    case .isOneOf(let value, let constants):
      "(in \(value.normalForm) \(constants.map(\.normalForm).joined(separator: " ")))"
    case .call(let function, let arguments):
      "(\(function.rawValue)\(type.map { ":\($0.normalForm)" } ?? "") "
        + arguments.map(\.normalForm).joined(separator: " ") + ")"
    case .convert(let inner): "(as \(type?.normalForm ?? "") \(inner.normalForm))"
    case .simpleComparison(let sign, let left, let right):
      "(\(sign.rawValue) \(left.normalForm) \(right.normalForm))"
    }
  }
}

extension SimpleOperand {
  fileprivate var normalForm: String {
    switch self {
    case .string(let text): Constant.string(text).normalForm
    case .integer(let integer): Constant.integer(integer).normalForm
    case .number(let number): Constant.number(number).normalForm
    case .boolean(let boolean): Constant.boolean(boolean).normalForm
    case .command(let name): name
    case .state(let name): "state.\(name)"
    }
  }
}
