/// The lifecycle of a kind of object: which commands its status allows, and what they change.
///
/// Read from YAML by ``RulesFile``, run by `LifecycleDecider`, drawn by ``RulesDrawing``.
public struct Rules: Sendable, Hashable {
  /// The status of an object that does not exist.
  public static let none = "none"
  /// What `to` says where the status stays.
  static let same = "same"

  /// What kind of object it is, like `order`.
  public let object: String
  /// The rules' version as their author counts it, 1…65,535; 1 when the file has none. States are written under it.
  public let version: Int
  /// What becomes of fields of a command that its rule does not name.
  public let unknownFields: UnknownFields
  /// What is kept of an object besides its status, in the order of the file.
  public let fields: [Field]
  /// The statuses, in the order of the file; without ``none``.
  public let states: [String]
  /// The commands' rules, in the order of the file. The alternatives of a command follow each other.
  public let commands: [CommandRule]
  /// How states of older versions are read, in the order of the file.
  public let migrations: [Migration]
  /// What the rules' author expects them to decide; run by `sequitur rules test`.
  public let examples: [RulesExample]

  /// The commands' names, in the order of the file.
  public var commandNames: [String] { commands.filter { $0.alternative == 0 }.map(\.name) }

  /// What becomes of fields of a command that its rule does not name.
  public enum UnknownFields: String, Sendable, Hashable, CaseIterable {
    /// They go into the event with the others.
    case keep
    /// They are left out of the event.
    case drop
    /// The command is rejected with `invalid-field`.
    case reject
  }

  /// A named value, its type and its bounds.
  public struct Field: Sendable, Hashable {
    /// As it stands in payloads and states.
    public let name: String
    /// What its values are.
    public let type: FieldType
    /// What the values of the field must keep to.
    package let bounds: Bounds
    /// What the field is when nothing has set it.
    package let initial: Constant?

    package init(name: String, type: FieldType, bounds: Bounds = Bounds(), initial: Constant? = nil) {
      self.name = name
      self.type = type
      self.bounds = bounds
      self.initial = initial
    }
  }

  /// The bounds of a field's values, each included. The numbers are of the field's own type.
  package struct Bounds: Sendable, Hashable {
    package var min: Constant?
    package var max: Constant?
    /// The most characters of a string.
    package var lengthMax: Int?
    /// The most items of a list.
    package var itemsMax: Int?

    package init() {}

    package var isEmpty: Bool { self == Bounds() }
  }

  /// The field of the object that has this name.
  package func field(_ name: String) -> Field? {
    fields.first { $0.name == name }
  }
}
