import JSONFields
import Glibc
import RulesModel
import Sequitur

/// Runs the programs of expressions. Nothing is allocated once its memory is warm.
///
/// Thread rule: one thread.
final class Machine {
  private let instructions: UnsafeMutablePointer<Instruction>
  private let constants: UnsafeMutablePointer<Cell>
  private let stack: UnsafeMutablePointer<Cell>
  private let owners: [PermanentBytes]
  private let nothing: UnsafeMutablePointer<csj_value>
  /// Texts that expressions make; they last until the next command begins.
  private var texts = TextArena()

  /// What the programs read.
  struct Inputs {
    var command: UnsafePointer<csj_value>
    var converted: UnsafePointer<csj_value>
    /// Nil when the object does not exist.
    var state: UnsafePointer<csj_value>?
    var time: Int64
    var version: Int64
    var key: UnsafeRawBufferPointer
  }

  private var inputs: Inputs
  /// Why the last program that failed has no value.
  private(set) var fault = MachineFault.overflow

  init(_ compiler: ExpressionCompiler) {
    instructions = .allocate(capacity: max(compiler.instructions.count, 1))
    instructions.initialize(from: compiler.instructions, count: compiler.instructions.count)
    constants = .allocate(capacity: max(compiler.constants.count, 1))
    constants.initialize(from: compiler.constants, count: compiler.constants.count)
    stack = .allocate(capacity: compiler.depthMax + 1)
    stack.initialize(repeating: Cell(wide: 0), count: compiler.depthMax + 1)
    owners = compiler.owners
    nothing = .allocate(capacity: 1)
    nothing.initialize(to: csj_value())
    inputs = Inputs(
      command: nothing, converted: nothing, state: nil, time: 0, version: 0,
      key: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  deinit {
    instructions.deallocate()
    constants.deallocate()
    stack.deallocate()
    nothing.deallocate()
  }

  /// Begins a command: texts of the one before are gone.
  func begin(_ inputs: Inputs) {
    self.inputs = inputs
    texts.removeAll()
  }

  /// What is read as the object from here on.
  func see(state: UnsafePointer<csj_value>?) { inputs.state = state }

  /// The value that the last program left.
  var result: Cell { stack[0] }

  private func values(_ bank: Instruction.Bank) -> UnsafePointer<csj_value>? {
    switch bank {
    case .command: inputs.command
    case .converted: inputs.converted
    case .state: inputs.state
    }
  }

  private func fail(_ fault: MachineFault) -> Bool {
    self.fault = fault
    return false
  }

  /// Runs a program; false when it has no value, with ``fault`` saying why. The value is the ``result``.
  func run(_ code: Code) -> Bool {
    var at = instructions + code.start
    // The cell on top; the first one is pushed to `stack`.
    var top = stack - 1
    while true {
      let step = at.pointee
      at += 1
      switch step.operation {
      case .end: return true
      case .constant:
        top += 1
        top.pointee = constants[Int(step.index)]
      case .loadInteger, .loadNumber, .loadBytes, .loadWide:
        top += 1
        guard load(step, into: top) else { return false }
      case .time:
        guard inputs.time != CommandRecord.noTimestamp else { return fail(.missing(.time)) }
        top += 1
        top.pointee = Cell(integer: inputs.time)
      case .version:
        top += 1
        top.pointee = Cell(integer: inputs.version)
      case .key:
        top += 1
        guard loadKey(into: top) else { return false }
      case .has:
        top += 1
        let isThere = values(step.bank).map { !$0[Int(step.index)].isMissing } ?? false
        top.pointee = Cell(boolean: isThere || step.extra >= 0)
      case .jumpIfFalse:
        if top.pointee.boolean { top -= 1 } else { at = instructions + Int(step.index) }
      case .jumpIfTrue:
        if top.pointee.boolean { at = instructions + Int(step.index) } else { top -= 1 }
      case .not: top.pointee = Cell(boolean: !top.pointee.boolean)
      case .addInteger, .subtractInteger, .multiplyInteger, .divideInteger, .remainderInteger, .minInteger,
        .maxInteger:
        top -= 1
        guard reckon(step.operation, top[0].integer, top[1].integer, into: top) else { return false }
      case .compareInteger:
        top -= 1
        let (left, right) = (top[0].integer, top[1].integer)
        let order: Int32 = left < right ? 1 : left == right ? 2 : 4
        top.pointee = Cell(boolean: order & step.extra != 0)
      case .negateInteger, .absInteger:
        let value = top.pointee.integer
        guard step.operation == .negateInteger || value < 0 else { continue }
        guard value != .min else { return fail(.overflow) }
        top.pointee = Cell(integer: -value)
      case .integerToNumber: top.pointee = Cell(exactNumber: top.pointee.integer)
      case .integerToWide: top.pointee = Cell(wide: Int128(top.pointee.integer))
      case .negateNumber, .absNumber:
        let number = top.pointee.number
        top.pointee = Cell(number: step.operation == .negateNumber ? -number : abs(number))
      case .addNumber, .subtractNumber, .multiplyNumber, .divideNumber, .remainderNumber, .minNumber,
        .maxNumber:
        top -= 1
        guard reckonNumbers(step.operation, top) else { return false }
      case .compareNumber:
        top -= 1
        top.pointee = Cell(boolean: Self.order(top[0], top[1]) & step.extra != 0)
      case .negateWide: top.pointee = Cell(wide: -top.pointee.wide)
      case .absWide: top.pointee = Cell(wide: abs(top.pointee.wide))
      case .addWide, .subtractWide, .multiplyWide, .divideWide, .remainderWide, .minWide, .maxWide:
        top -= 1
        guard reckonWide(step, top) else { return false }
      case .compareWide:
        top -= 1
        let (left, right) = (top[0].wide, top[1].wide)
        let order: Int32 = left < right ? 1 : left == right ? 2 : 4
        top.pointee = Cell(boolean: order & step.extra != 0)
      case .raiseWide:
        guard let raised = ExactDecimal.raise(top.pointee.wide, by: Int(step.index)) else {
          return fail(.overflow)
        }
        top.pointee = Cell(wide: raised)
      case .roundWide:
        let power = ExactDecimal.powerOfTen(Int(step.index))
        top.pointee = Cell(wide: ExactDecimal.lower(top.pointee.wide, by: power))
      case .compareBytes:
        top -= 1
        let order = Self.order(top[0].bytes, top[1].bytes)
        top.pointee = Cell(boolean: order & step.extra != 0)
      case .lengthOfString: top.pointee = Cell(integer: Self.scalarCount(top.pointee.bytes))
      case .lengthOfList:
        var count: Int64 = 0
        for _ in ListItems(top.pointee.bytes) { count += 1 }
        top.pointee = Cell(integer: count)
      case .concatenate, .appendItem, .removeItem:
        top -= 1
        guard join(step.operation, top) else { return false }
      case .isItem:
        top -= 1
        top.pointee = Cell(boolean: ListItems(top[1].bytes).contains { Self.order($0, top[0].bytes) == 2 })
      case .isOneOfIntegers, .isOneOfNumbers, .isOneOfWides, .isOneOfBytes:
        top.pointee = Cell(boolean: isOneOf(step, top.pointee))
      }
    }
  }

  // MARK: Loading

  @inline(__always)
  private func load(_ step: Instruction, into top: UnsafeMutablePointer<Cell>) -> Bool {
    guard let values = values(step.bank), !values[Int(step.index)].isMissing else {
      guard step.extra >= 0 else { return fail(.missing(.field(step.bank, Int(step.index)))) }
      top.pointee = constants[Int(step.extra)]
      return true
    }
    let value = values[Int(step.index)]
    switch step.operation {
    case .loadInteger:
      top.pointee = value.kind == CSJ_BOOLEAN ? Cell(boolean: value.boolean) : Cell(integer: value.integer)
    case .loadNumber: top.pointee = Cell(value, .number)
    case .loadWide: top.pointee = Cell(wide: value.wide)
    default: top.pointee = Cell(bytes: value.bytes)
    }
    return true
  }

  /// The key as text: what is no UTF-8 becomes U+FFFD.
  private func loadKey(into top: UnsafeMutablePointer<Cell>) -> Bool {
    if String(validating: inputs.key, as: UTF8.self) != nil {
      top.pointee = Cell(bytes: inputs.key)
      return true
    }
    var text = String(decoding: inputs.key, as: UTF8.self)
    let copy = text.withUTF8 {
      texts.append(UnsafeRawBufferPointer($0), UnsafeRawBufferPointer(start: nil, count: 0))
    }
    guard let copy else { return fail(.tooLong) }
    top.pointee = Cell(bytes: copy)
    return true
  }

  // MARK: Reckoning

  @inline(__always)
  private func reckon(
    _ operation: Instruction.Operation, _ left: Int64, _ right: Int64, into top: UnsafeMutablePointer<Cell>
  ) -> Bool {
    let (value, isOver): (Int64, Bool)
    switch operation {
    case .addInteger: (value, isOver) = left.addingReportingOverflow(right)
    case .subtractInteger: (value, isOver) = left.subtractingReportingOverflow(right)
    case .multiplyInteger: (value, isOver) = left.multipliedReportingOverflow(by: right)
    case .minInteger: (value, isOver) = (Swift.min(left, right), false)
    case .maxInteger: (value, isOver) = (Swift.max(left, right), false)
    case .divideInteger:
      if right == 0 { return fail(.divisionByZero) }
      (value, isOver) = left.dividedReportingOverflow(by: right)
    default:
      if right == 0 { return fail(.divisionByZero) }
      // The smallest integer modulo -1 is 0, although the quotient is too large.
      (value, isOver) = right == -1 ? (0, false) : (left % right, false)
    }
    if isOver { return fail(.overflow) }
    top.pointee = Cell(integer: value)
    return true
  }

  private func reckonNumbers(_ operation: Instruction.Operation, _ top: UnsafeMutablePointer<Cell>) -> Bool {
    if operation == .minNumber || operation == .maxNumber {
      let isFirst = Self.order(top[0], top[1]) == (operation == .minNumber ? 1 : 4)
      if !isFirst { top.pointee = top[1] }
      return true
    }
    let (left, right) = (top[0].number, top[1].number)
    let value: Double
    switch operation {
    case .addNumber: value = left + right
    case .subtractNumber: value = left - right
    case .multiplyNumber: value = left * right
    case .divideNumber:
      if right == 0 { return fail(.divisionByZero) }
      value = left / right
    default:
      if right == 0 { return fail(.divisionByZero) }
      value = left.truncatingRemainder(dividingBy: right)
    }
    guard value.isFinite else { return fail(.overflow) }
    top.pointee = Cell(number: value)
    return true
  }

  private func reckonWide(_ step: Instruction, _ top: UnsafeMutablePointer<Cell>) -> Bool {
    let (left, right) = (top[0].wide, top[1].wide)
    var value: Int128
    switch step.operation {
    // Two decimals of 34 digits cannot leave 128 bits.
    case .addWide: value = left &+ right
    case .subtractWide: value = left &- right
    case .minWide: value = Swift.min(left, right)
    case .maxWide: value = Swift.max(left, right)
    case .multiplyWide:
      let (product, isOver) = left.multipliedReportingOverflow(by: right)
      if isOver { return fail(.overflow) }
      value = product
    case .divideWide:
      if right == 0 { return fail(.divisionByZero) }
      guard let quotient = ExactDecimal.divide(left, by: right, places: Int(step.index)) else {
        return fail(.overflow)
      }
      value = quotient
    default:
      if right == 0 { return fail(.divisionByZero) }
      value = left % right
    }
    guard ExactDecimal.fits(value) else { return fail(.overflow) }
    top.pointee = Cell(wide: value)
    return true
  }

  // MARK: Comparing

  /// 1, 2 or 4 like a number below, equal to or above another: exact, also an integer with a double.
  private static func order(_ left: Cell, _ right: Cell) -> Int32 {
    switch (left.isExactNumber, right.isExactNumber) {
    case (true, true):
      return left.integer < right.integer ? 1 : left.integer == right.integer ? 2 : 4
    case (false, false): return left.number < right.number ? 1 : left.number == right.number ? 2 : 4
    case (true, false): return mask(csj_value.exactOrder(left.integer, right.number))
    case (false, true): return mask(-csj_value.exactOrder(right.integer, left.number))
    }
  }

  private static func mask(_ order: Int) -> Int32 { order < 0 ? 1 : order == 0 ? 2 : 4 }

  static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int32 {
    let common = Swift.min(left.count, right.count)
    if common > 0 {
      let order = memcmp(left.baseAddress!, right.baseAddress!, common)
      if order != 0 { return order < 0 ? 1 : 4 }
    }
    return left.count < right.count ? 1 : left.count == right.count ? 2 : 4
  }

  /// How many Unicode scalars a UTF-8 text has.
  static func scalarCount(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    var count: Int64 = 0
    for byte in bytes where byte & 0xc0 != 0x80 { count += 1 }
    return count
  }

  private func isOneOf(_ step: Instruction, _ value: Cell) -> Bool {
    let members = UnsafeBufferPointer(start: constants + Int(step.index), count: Int(step.extra))
    switch step.operation {
    case .isOneOfIntegers: return members.contains { $0.integer == value.integer }
    case .isOneOfNumbers: return members.contains { Self.order($0, value) == 2 }
    case .isOneOfWides: return members.contains { $0.wide == value.wide }
    default: return members.contains { Self.order($0.bytes, value.bytes) == 2 }
    }
  }

  /// 1, 2 or 4 like one number below, equal to or above another of the same kind.
  static func order(_ left: Cell, _ right: Cell, _ kind: CellKind) -> Int32 {
    switch kind {
    case .number: order(left, right)
    case .wide: left.wide < right.wide ? 1 : left.wide == right.wide ? 2 : 4
    case .integer, .boolean, .string, .list:
      left.integer < right.integer ? 1 : left.integer == right.integer ? 2 : 4
    }
  }

  // MARK: Texts

  private func join(_ operation: Instruction.Operation, _ top: UnsafeMutablePointer<Cell>) -> Bool {
    let (left, right) = (top[0].bytes, top[1].bytes)
    let joined: UnsafeRawBufferPointer?
    switch operation {
    case .concatenate: joined = texts.append(left, right)
    case .appendItem: joined = texts.append(item: right, to: left)
    default: joined = texts.remove(item: right, from: left)
    }
    guard let joined else { return fail(.tooLong) }
    top.pointee = Cell(bytes: joined)
    return true
  }
}
