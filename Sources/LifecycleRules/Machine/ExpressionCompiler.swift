import JSONFields
import RulesModel
import Sequitur

/// Turns expressions into programs, all in one run of instructions with one table of constants.
struct ExpressionCompiler {
  /// Where a field of the command stands: its slot, or the slot of what was read from its text.
  struct Field {
    let bank: Instruction.Bank
    let index: Int
  }

  private(set) var instructions: [Instruction] = []
  private(set) var constants: [Cell] = []
  /// How deep the stack becomes.
  private(set) var depthMax = 1
  /// Own the bytes of texts among the constants.
  private(set) var owners: [PermanentBytes] = []
  private let stateFields: [String: (index: Int, initial: Int32)]
  private var depth = 0

  init(_ rules: Rules) {
    var constants: [Cell] = []
    var owners: [PermanentBytes] = []
    var fields: [String: (index: Int, initial: Int32)] = [:]
    for (index, field) in rules.fields.enumerated() {
      var initial: Int32 = -1
      if let value = field.initial {
        initial = Int32(constants.count)
        constants.append(Cell(value, as: field.type, &owners))
      }
      fields[field.name] = (index, initial)
    }
    self.constants = constants
    self.owners = owners
    stateFields = fields
  }

  /// The program of one expression.
  ///
  /// - Parameter command: where the command's fields stand.
  mutating func compile(_ expression: Expression, command: [String: Field]) -> Code {
    compile(expression.root, command: command)
  }

  mutating func compile(_ root: TypedNode, command: [String: Field]) -> Code {
    let start = instructions.count
    depth = 0
    emit(root, command)
    append(Instruction(operation: .end), 0)
    return Code(start: start, kind: CellKind(root), scale: root.scale)
  }

  /// - Parameter change: by how much the stack grows.
  private mutating func append(_ instruction: Instruction, _ change: Int) {
    instructions.append(instruction)
    depth += change
    depthMax = max(depthMax, depth + 1)
  }

  private mutating func emit(_ node: TypedNode, _ command: [String: Field]) {
    switch node.node {
    case .constant(let constant):
      push(constant, as: node.type ?? .string)
    case .command(let name):
      let field = command[name]!
      load(node, field.bank, field.index, initial: -1)
    case .state(let name):
      let field = stateFields[name]!
      load(node, .state, field.index, initial: field.initial)
    case .context(let value):
      let operation: Instruction.Operation =
        switch value {
        case .time: .time
        case .key: .key
        case .version: .version
        }
      append(Instruction(operation: operation), 1)
    case .has(let isState, let name):
      let field = isState ? Field(bank: .state, index: stateFields[name]!.index) : command[name]!
      let initial = isState ? stateFields[name]!.initial : -1
      append(Instruction(operation: .has, bank: field.bank, index: Int32(field.index), extra: initial), 1)
    case .not(let inner):
      emit(inner, command)
      append(Instruction(operation: .not), 0)
    case .negate(let inner):
      emit(inner, command)
      append(Instruction(operation: pick(inner, .negateInteger, .negateNumber, .negateWide)), 0)
    case .convert(let inner): convert(inner, to: node, command)
    case .binary(let sign, let left, let right): binary(sign, left, right, command)
    case .isOneOf(let value, let constants): isOneOf(value, constants, command)
    case .call(let function, let arguments): call(function, arguments, command, node)
    case .simpleComparison: preconditionFailure("a simple comparison is no part of another expression")
    }
  }

  private mutating func push(_ constant: Constant, as type: FieldType) {
    let index = constants.count
    constants.append(Cell(constant, as: type, &owners))
    append(Instruction(operation: .constant, index: Int32(index)), 1)
  }

  private mutating func load(_ node: TypedNode, _ bank: Instruction.Bank, _ index: Int, initial: Int32) {
    let operation: Instruction.Operation =
      switch CellKind(node) {
      case .integer, .boolean: .loadInteger
      case .number: .loadNumber
      case .wide: .loadWide
      case .string, .list: .loadBytes
      }
    append(Instruction(operation: operation, bank: bank, index: Int32(index), extra: initial), 1)
  }

  /// The operation for a value of this kind.
  private func pick(
    _ node: TypedNode, _ integer: Instruction.Operation, _ number: Instruction.Operation,
    _ wide: Instruction.Operation
  ) -> Instruction.Operation {
    switch CellKind(node) {
    case .number: number
    case .wide: wide
    case .integer, .boolean, .string, .list: integer
    }
  }

  private mutating func convert(_ inner: TypedNode, to node: TypedNode, _ command: [String: Field]) {
    emit(inner, command)
    switch (CellKind(inner), CellKind(node)) {
    case (.integer, .number): append(Instruction(operation: .integerToNumber), 0)
    case (.integer, .wide):
      append(Instruction(operation: .integerToWide), 0)
      raise(by: node.scale)
    case (.wide, .wide): raise(by: node.scale - inner.scale)
    default: break
    }
  }

  private mutating func raise(by places: Int) {
    guard places > 0 else { return }
    append(Instruction(operation: .raiseWide, index: Int32(places)), 0)
  }

  private mutating func binary(
    _ sign: Operator, _ left: TypedNode, _ right: TypedNode, _ command: [String: Field]
  ) {
    emit(left, command)
    if sign == .and || sign == .or {
      let jump = instructions.count
      append(Instruction(operation: sign == .and ? .jumpIfFalse : .jumpIfTrue), -1)
      emit(right, command)
      instructions[jump].index = Int32(instructions.count)
      return
    }
    emit(right, command)
    if let mask = sign.mask {
      let operation: Instruction.Operation =
        switch CellKind(left) {
        case .integer, .boolean: .compareInteger
        case .number: .compareNumber
        case .wide: .compareWide
        case .string, .list: .compareBytes
        }
      return append(Instruction(operation: operation, extra: mask), -1)
    }
    append(arithmetic(sign, left, right), -1)
  }

  private func arithmetic(_ sign: Operator, _ left: TypedNode, _ right: TypedNode) -> Instruction {
    switch CellKind(left) {
    case .string: return Instruction(operation: sign == .isIn ? .isItem : .concatenate)
    case .list: return Instruction(operation: sign == .add ? .appendItem : .removeItem)
    case .integer, .boolean, .number, .wide: break
    }
    switch sign {
    case .add: return Instruction(operation: pick(left, .addInteger, .addNumber, .addWide))
    case .subtract:
      return Instruction(operation: pick(left, .subtractInteger, .subtractNumber, .subtractWide))
    case .multiply:
      return Instruction(operation: pick(left, .multiplyInteger, .multiplyNumber, .multiplyWide))
    case .divide:
      return Instruction(
        operation: pick(left, .divideInteger, .divideNumber, .divideWide), index: Int32(left.scale))
    default: return Instruction(operation: pick(left, .remainderInteger, .remainderNumber, .remainderWide))
    }
  }

  private mutating func isOneOf(_ value: TypedNode, _ members: [Constant], _ command: [String: Field]) {
    emit(value, command)
    let start = constants.count
    for member in members { constants.append(Cell(member, as: value.type ?? .string, &owners)) }
    let operation: Instruction.Operation =
      switch CellKind(value) {
      case .integer, .boolean: .isOneOfIntegers
      case .number: .isOneOfNumbers
      case .wide: .isOneOfWides
      case .string, .list: .isOneOfBytes
      }
    append(Instruction(operation: operation, index: Int32(start), extra: Int32(members.count)), 0)
  }

  private mutating func call(
    _ function: Function, _ arguments: [TypedNode], _ command: [String: Field], _ node: TypedNode
  ) {
    for argument in arguments { emit(argument, command) }
    let first = arguments[0]
    switch function {
    case .length:
      append(Instruction(operation: CellKind(first) == .list ? .lengthOfList : .lengthOfString), 0)
    case .abs: append(Instruction(operation: pick(first, .absInteger, .absNumber, .absWide)), 0)
    case .round: append(Instruction(operation: .roundWide, index: Int32(first.scale - node.scale)), 0)
    case .min: append(Instruction(operation: pick(first, .minInteger, .minNumber, .minWide)), -1)
    case .max: append(Instruction(operation: pick(first, .maxInteger, .maxNumber, .maxWide)), -1)
    case .has: preconditionFailure("has is a node of its own")
    case .string, .integer, .number, .boolean, .decimal, .timestamp, .duration:
      preconditionFailure("conversions are read before an expression runs")
    }
  }
}

extension Operator {
  /// Which orders a comparison takes: 1 below, 2 equal, 4 above; nil for another operator.
  fileprivate var mask: Int32? {
    switch self {
    case .less: 1
    case .equal: 2
    case .lessOrEqual: 3
    case .greater: 4
    case .notEqual: 5
    case .greaterOrEqual: 6
    case .or, .and, .isIn, .add, .subtract, .multiply, .divide, .remainder: nil
    }
  }
}

extension CellKind {
  init(_ node: TypedNode) { self.init(node.type ?? .string) }

  init(_ type: FieldType) {
    switch type {
    case .string, .enumeration: self = .string
    case .integer, .timestamp, .duration: self = .integer
    case .number: self = .number
    case .boolean: self = .boolean
    case .decimal: self = .wide
    case .list: self = .list
    }
  }
}
