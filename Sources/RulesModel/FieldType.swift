/// The type of a field.
public enum FieldType: Sendable, Hashable {
  case string
  /// A JSON number without fraction and exponent, within 64 bits, signed.
  case integer
  /// Any JSON number. An integer within 64 bits is kept exactly, everything else as a double.
  case number
  case boolean
  /// An exact number of at most 34 digits, so many of them behind the point.
  case decimal(scale: Int)
  /// Milliseconds since 1970, or a text of RFC 3339.
  case timestamp
  /// Milliseconds, or a text like `10m`.
  case duration
  /// One of these texts.
  case enumeration([String])
  /// A list of texts.
  case list

  /// The names of the types that need nothing besides their name.
  static let plainNames = ["string", "integer", "number", "boolean", "timestamp", "duration"]
  /// The types that a file from before `decimal` and the others can have.
  static let all = plainNames + ["decimal", "enum", "list"]

  /// The type of a name in ``plainNames``.
  init?(name: String) {
    switch name {
    case "string": self = .string
    case "integer": self = .integer
    case "number": self = .number
    case "boolean": self = .boolean
    case "timestamp": self = .timestamp
    case "duration": self = .duration
    default: return nil
    }
  }

  /// How the file calls it, like `decimal`.
  public var name: String {
    switch self {
    case .string: "string"
    case .integer: "integer"
    case .number: "number"
    case .boolean: "boolean"
    case .decimal: "decimal"
    case .timestamp: "timestamp"
    case .duration: "duration"
    case .enumeration: "enum"
    case .list: "list"
    }
  }

  /// Like `an integer`.
  public var phrase: String {
    switch self {
    case .integer: "an integer"
    case .decimal(let scale): "a decimal with \(scale == 1 ? "1 place" : "\(scale) places")"
    case .enumeration(let values): "one of \(values.joined(separator: ", "))"
    case .list: "a list of strings"
    case .string, .number, .boolean, .timestamp, .duration: "a \(name)"
    }
  }

  /// Whether values of it are compared as the first version of the language did.
  package var isSimple: Bool {
    switch self {
    case .string, .integer, .number, .boolean, .enumeration: true
    case .decimal, .timestamp, .duration, .list: false
    }
  }

  /// What a simple comparison compares: both number types are one.
  var simpleKind: String {
    switch self {
    case .integer, .number: "number"
    case .enumeration: "string"
    case .string, .boolean, .decimal, .timestamp, .duration, .list: name
    }
  }
}
