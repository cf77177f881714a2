/// A condition: `operand op operand`.
///
/// Numbers are compared by their exact values, also a 64-bit integer with a double: nothing is rounded.
/// Strings are compared by their UTF-8 bytes, which is the order of their Unicode scalars; nothing is
/// normalised. Booleans are only equal or unequal. When a side is missing, or the sides are of different
/// kinds, the guard fails, whatever its operator is.
public struct Guard: Sendable, Hashable, CustomStringConvertible {
  public let left: Operand
  public let comparison: Comparison
  public let right: Operand
  /// The guard as the file has it.
  public let description: String

  /// One side of a guard.
  public enum Operand: Sendable, Hashable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    /// A field of the command.
    case command(String)
    /// A field of the object.
    case state(String)
  }

  /// How the sides are compared.
  public enum Comparison: String, Sendable, Hashable, CaseIterable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    /// Whether it asks for an order, which booleans do not have.
    var isOrdering: Bool { self != .equal && self != .notEqual }
  }

  /// What can be compared with each other.
  enum Kind: String {
    case string
    case number
    case boolean
  }
}

extension Guard.Operand {
  /// A literal's kind; nil for a field.
  var literalKind: Guard.Kind? {
    switch self {
    case .string: .string
    case .integer, .number: .number
    case .boolean: .boolean
    case .command, .state: nil
    }
  }
}
