import JSONFields

/// One difference between two versions of rules, and what it means for objects that exist.
public struct RulesChange: Sendable, Hashable, CustomStringConvertible {
  /// What a worker does that is started with the new rules where the old ones have written states.
  public enum Severity: String, Sendable, Hashable, CaseIterable {
    /// It does not start, and no `migrate` would help.
    case refused
    /// It does not start, unless the new rules say in `migrate` how older states are read.
    case needsMigration = "needs-migration"
    /// It goes on with all objects.
    case compatible
  }

  /// What differs.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case object
    case version
    case status
    case field
    case fieldType = "field-type"
    case bounds
    case defaultValue = "default"
    case unknownFields = "unknown-fields"
    case command
    case transition
    case commandField = "command-field"
    case condition = "guard"
    case effect
    case event
    case migration
  }

  /// What becomes of old objects.
  public let severity: Severity
  /// What part of the rules changed.
  public let kind: Kind
  /// What is concerned, like `command ship` or `field price`.
  public let subject: String
  /// What has changed, and what that means, as a sentence without its end.
  public let meaning: String
  /// What to do; nil when there is nothing to be done.
  public let cure: String?

  init(_ severity: Severity, _ kind: Kind, _ subject: String, _ meaning: String, cure: String? = nil) {
    self.severity = severity
    self.kind = kind
    self.subject = subject
    self.meaning = meaning
    self.cure = cure
  }

  /// One line, like `needs migration: status held: it is gone, … Write …`.
  public var description: String {
    let name = severity == .needsMigration ? "needs migration" : severity.rawValue
    return "\(name): \(subject): \(meaning)." + (cure.map { " \($0)." } ?? "")
  }

  /// A JSON object.
  public var json: String {
    "{\"severity\":\"\(severity.rawValue)\",\"kind\":\"\(kind.rawValue)\",\"subject\":\(JSONText.quoted(subject)),"
      + "\"meaning\":\(JSONText.quoted(meaning)),\"cure\":\(cure.map(JSONText.quoted) ?? "null")}"
  }

  static func versionLowered(from old: Int, to new: Int) -> RulesChange {
    RulesChange(
      .refused, .version, "version",
      "it goes back from \(old) to \(new), and states of version \(old) may exist",
      cure: "Write version: \(old), or one above it")
  }

  static func objectRenamed(from old: String, to new: String) -> RulesChange {
    RulesChange(
      .refused, .object, "object", "it was \(old) and is \(new): the states are another kind of object's",
      cure: "Write object: \(old), or give the rules an application id and topics of their own")
  }
}
