/// The lifecycle of a kind of object: which commands its status allows, and what they change.
///
/// Read from YAML by ``RulesFile``, run by ``LifecycleDecider``, drawn by ``RulesDrawing``.
public struct Rules: Sendable, Hashable {
  /// The status of an object that does not exist.
  public static let none = "none"

  /// What kind of object it is, like `order`.
  public let object: String
  /// What is kept of an object besides its status, in the order of the file.
  public let fields: [Field]
  /// The statuses, in the order of the file; without ``none``.
  public let states: [String]
  /// The commands, in the order of the file.
  public let commands: [CommandRule]

  /// A named value and its type.
  public struct Field: Sendable, Hashable {
    public let name: String
    public let type: FieldType
  }
}

/// The type of a field.
public enum FieldType: String, Sendable, Hashable, CaseIterable {
  case string
  /// A JSON number without fraction and exponent, within 64 bits, signed.
  case integer
  /// Any JSON number. An integer within 64 bits is kept exactly, everything else as a double.
  case number
  case boolean

  /// The kind that a guard compares: both number types are one.
  var kind: Guard.Kind {
    switch self {
    case .string: .string
    case .integer, .number: .number
    case .boolean: .boolean
    }
  }

  /// Like `an integer`.
  var phrase: String { self == .integer ? "an integer" : "a \(rawValue)" }
}
