import CSimdJSON

/// A guard with every name replaced by an index.
struct GuardProgram {
  let rule: Guard
  private let left: Side
  private let right: Side

  private enum Source {
    case literal
    case command
    case state
  }

  private struct Side {
    let source: Source
    let index: Int
    let literal: csj_value
    /// Owns a literal string's bytes.
    let owner: PermanentBytes?
  }

  /// - Parameters:
  ///   - fields: the indexes of the object's fields.
  ///   - slots: the indexes of the commands' fields.
  init(_ rule: Guard, fields: [String: Int], slots: [String: Int]) {
    self.rule = rule
    left = Self.side(rule.left, fields, slots)
    right = Self.side(rule.right, fields, slots)
  }

  /// Whether it holds.
  func holds(command: ValueBox, state: ValueBox?) -> Bool {
    value(left, command, state).satisfies(rule.comparison, value(right, command, state))
  }

  /// The text of the first operand that is missing, for the reason.
  func missingOperand(command: ValueBox, state: ValueBox?) -> String? {
    if value(left, command, state).isMissing { return rule.left.text }
    if value(right, command, state).isMissing { return rule.right.text }
    return nil
  }

  private func value(_ side: Side, _ command: ValueBox, _ state: ValueBox?) -> csj_value {
    switch side.source {
    case .literal: side.literal
    case .command: command.values[side.index]
    case .state: state?.values[side.index] ?? csj_value()
    }
  }

  private static func side(
    _ operand: Guard.Operand, _ fields: [String: Int], _ slots: [String: Int]
  ) -> Side {
    var literal = csj_value()
    switch operand {
    case .command(let name): return Side(source: .command, index: slots[name]!, literal: literal, owner: nil)
    case .state(let name):
      return Side(source: .state, index: fields[name]!, literal: literal, owner: nil)
    case .string(let text):
      let owner = Array(text.utf8).withUnsafeBytes { PermanentBytes($0) }
      literal.kind = CSJ_STRING
      literal.string = owner.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      literal.length = UInt32(owner.bytes.count)
      return Side(source: .literal, index: 0, literal: literal, owner: owner)
    case .integer(let integer):
      literal.kind = CSJ_INTEGER
      literal.integer = integer
    case .number(let number):
      literal.kind = CSJ_NUMBER
      literal.number = number
    case .boolean(let boolean):
      literal.kind = CSJ_BOOLEAN
      literal.boolean = boolean
    }
    return Side(source: .literal, index: 0, literal: literal, owner: nil)
  }
}

extension Guard.Operand {
  /// A field as the guard names it.
  fileprivate var text: String? {
    switch self {
    case .command(let name): name
    case .state(let name): "state.\(name)"
    case .string, .integer, .number, .boolean: nil
    }
  }
}
