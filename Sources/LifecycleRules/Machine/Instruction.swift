/// One step of an expression's program.
///
/// A program runs on a stack of 16-byte cells. What a cell holds is known from the expression's type alone: a 64-bit
/// integer (also times, durations and booleans), a number (a double or an exact integer), an `Int128` of a decimal, or
/// a view of bytes (strings and lists).
struct Instruction {
  enum Operation: UInt8 {
    case end
    // Push one cell.
    case constant, loadInteger, loadNumber, loadBytes, loadWide, time, key, version, has
    // Jump, and keep the boolean on the stack only when jumping.
    case jumpIfFalse, jumpIfTrue
    case not
    case negateInteger, addInteger, subtractInteger, multiplyInteger, divideInteger, remainderInteger
    case absInteger, minInteger, maxInteger, compareInteger
    case integerToNumber, integerToWide
    case negateNumber, addNumber, subtractNumber, multiplyNumber, divideNumber, remainderNumber
    case absNumber, minNumber, maxNumber, compareNumber
    case negateWide, addWide, subtractWide, multiplyWide, divideWide, remainderWide
    case absWide, minWide, maxWide, compareWide, raiseWide, roundWide
    case concatenate, lengthOfString, lengthOfList, appendItem, removeItem, compareBytes, isItem
    case isOneOfIntegers, isOneOfNumbers, isOneOfWides, isOneOfBytes
  }

  /// Where a field is loaded from.
  enum Bank: UInt8 {
    /// The command's values as they came.
    case command
    /// The command's values that were read from texts: times, durations, decimals and lists.
    case converted
    /// The object's values.
    case state
  }

  let operation: Operation
  var bank = Bank.command
  /// A field, a constant, a jump's target, or a power of ten.
  var index: Int32 = 0
  /// A field's default among the constants or -1, a comparison's mask, or how many constants.
  var extra: Int32 = -1
}

/// An expression's program: where it begins, and what it leaves on the stack.
struct Code {
  let start: Int
  let kind: CellKind
  /// A decimal's places.
  let scale: Int
}

/// What a cell holds.
enum CellKind {
  case integer
  case boolean
  case number
  case wide
  case string
  case list
}

/// What an expression needs and is not there.
enum Missing: Equatable {
  case field(Instruction.Bank, Int)
  /// The command's record has no timestamp.
  case time
}

/// Why an expression has no value.
enum MachineFault: Equatable {
  case missing(Missing)
  case overflow
  case divisionByZero
  /// A text or a list is longer than ``Machine/textBytesMax``.
  case tooLong
}
