import JSONFields
import RulesModel

/// A guard with every name replaced by an index: a simple comparison, or an expression's program.
struct GuardProgram {
  /// Nil for a simple comparison.
  let code: Code?
  private let comparison: Operator
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
  }

  /// - Parameters:
  ///   - fields: the indexes of the object's fields.
  ///   - slots: the indexes of the commands' fields.
  ///   - owners: gets the owners of literal strings' bytes.
  init(
    simple comparison: Operator, _ left: SimpleOperand, _ right: SimpleOperand, fields: [String: Int],
    slots: [String: Int], owners: inout [PermanentBytes]
  ) {
    code = nil
    self.comparison = comparison
    self.left = Self.side(left, fields, slots, &owners)
    self.right = Self.side(right, fields, slots, &owners)
  }

  init(_ code: Code) {
    self.code = code
    comparison = .equal
    left = Side(source: .literal, index: 0, literal: csj_value())
    right = left
  }

  /// Whether a simple comparison holds.
  func holds(command: ValueBox, state: ValueBox?) -> Bool {
    value(left, command, state).satisfies(comparison, value(right, command, state))
  }

  /// Whether a side of a simple comparison is missing: the left one, the right one.
  func missing(command: ValueBox, state: ValueBox?) -> (Bool, Bool) {
    (value(left, command, state).isMissing, value(right, command, state).isMissing)
  }

  private func value(_ side: Side, _ command: ValueBox, _ state: ValueBox?) -> csj_value {
    switch side.source {
    case .literal: side.literal
    case .command: command.values[side.index]
    case .state: state?.values[side.index] ?? csj_value()
    }
  }

  private static func side(
    _ operand: SimpleOperand, _ fields: [String: Int], _ slots: [String: Int],
    _ owners: inout [PermanentBytes]
  ) -> Side {
    var literal = csj_value()
    switch operand {
    case .command(let name): return Side(source: .command, index: slots[name]!, literal: literal)
    case .state(let name): return Side(source: .state, index: fields[name]!, literal: literal)
    case .string(let text):
      let owner = Array(text.utf8).withUnsafeBytes { PermanentBytes($0) }
      owners.append(owner)
      literal.kind = CSJ_STRING
      literal.string = owner.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      literal.length = UInt32(owner.bytes.count)
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
    return Side(source: .literal, index: 0, literal: literal)
  }
}

extension SimpleOperand {
  /// A field as the guard names it.
  var text: String? {
    switch self {
    case .command(let name): name
    case .state(let name): "state.\(name)"
    case .string, .integer, .number, .boolean: nil
    }
  }
}
