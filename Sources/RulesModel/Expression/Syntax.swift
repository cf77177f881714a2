/// An expression as it was written, before its names and types are looked up.
struct Syntax {
  indirect enum Node {
    case constant(Constant)
    /// A field of the command.
    case command(String)
    /// A field of the object.
    case state(String)
    case context(ContextValue)
    case negate(Syntax)
    case not(Syntax)
    case binary(Operator, operatorStart: Int, Syntax, Syntax)
    case call(Function, [Syntax])
    case list([Syntax])
  }

  let node: Node
  /// Where it begins and ends, in Unicode scalars of the text.
  let start: Int
  let end: Int
}

/// What stands between two operands.
package enum Operator: String, Sendable, Hashable, CaseIterable {
  case or, and
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case remainder = "%"

  /// Whether it compares two values: `== != < <= > >=`.
  package var isComparison: Bool { isEquality || isOrdering }

  package var isEquality: Bool { self == .equal || self == .notEqual }

  /// Whether it asks for an order, which booleans and lists do not have.
  package var isOrdering: Bool {
    self == .less || self == .lessOrEqual || self == .greater || self == .greaterOrEqual
  }
}

/// The functions of the language.
package enum Function: String, Sendable, Hashable, CaseIterable {
  case min, max, length, abs, round, has
  // How a field of an older state is read: in `migrate` only.
  case string, integer, number, boolean, decimal, timestamp, duration

  /// Whether it reads a field of an older state as another type.
  package var isConversion: Bool {
    switch self {
    case .min, .max, .length, .abs, .round, .has: false
    case .string, .integer, .number, .boolean, .decimal, .timestamp, .duration: true
    }
  }

  /// How it is called.
  var signature: String {
    switch self {
    case .min: "min(a, b, …)"
    case .max: "max(a, b, …)"
    case .length: "length(text or list)"
    case .abs: "abs(number)"
    case .round: "round(decimal, places)"
    case .has: "has(field)"
    case .decimal: "decimal(state.field) or decimal(state.field, places)"
    case .string, .integer, .number, .boolean, .timestamp, .duration: "\(rawValue)(state.field)"
    }
  }
}

/// What an expression may know besides the command and the object.
package enum ContextValue: String, Sendable, Hashable, CaseIterable {
  /// The command record's time.
  case time = "$time"
  /// The object's key, as text.
  case key = "$key"
  /// The object's version before the command; 0 for a new object.
  case version = "$version"
}

/// A value that stands in the rules themselves.
package enum Constant: Sendable, Hashable {
  case string(String)
  case integer(Int64)
  case number(Double)
  case decimal(ExactDecimal)
  case boolean(Bool)
  /// Milliseconds since 1970.
  case timestamp(Int64)
  /// Milliseconds.
  case duration(Int64)
  case list([String])
}

/// Why an expression cannot be used, and at which Unicode scalar of it, from 0.
struct ExpressionFault: Error, Hashable {
  let offset: Int
  let message: String
}
