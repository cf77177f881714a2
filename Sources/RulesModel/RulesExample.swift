import JSONFields

/// Commands on one object and what must become of the last one.
public struct RulesExample: Sendable, Hashable {
  /// What it shows, or the command it ends with.
  public let name: String
  /// The object's key.
  public let key: String
  /// Commands that are accepted before.
  public let given: [Command]
  /// The command that is judged.
  public let when: Command
  package let then: Outcome
  /// The file that it stands in, and the line.
  public let path: String
  /// Counted from 1.
  public let line: Int

  /// A command of an example.
  public struct Command: Sendable, Hashable {
    /// The command's type.
    public let type: String
    /// A JSON object.
    public let payload: String
    /// Milliseconds since 1970.
    public let time: Int64
  }

  /// What must become of the command; what is nil or empty is not looked at.
  package struct Outcome: Sendable, Hashable {
    package var code: String?
    package var reason: String?
    package var events: [Event]?
    /// The object afterwards: some of its fields, and `status`.
    package var state: State?

    package init() {}
  }

  package struct Event: Sendable, Hashable {
    package let type: String
    /// Fields of the payload; nil when they are not looked at.
    package let payload: [Member]?
  }

  /// A member of a JSON object.
  package struct Member: Sendable, Hashable {
    package let name: String
    package let value: ExampleValue
  }

  package enum State: Sendable, Hashable {
    /// The object does not exist.
    case none
    case fields([Member])
  }

  /// The time of an example's first command when it names none: 2026-01-01T00:00:00Z.
  public static let startTime: Int64 = 1_767_225_600_000
}

/// A value as an example has it.
package indirect enum ExampleValue: Sendable, Hashable {
  /// Also stands for a member that must be missing.
  case null
  case boolean(Bool)
  /// A number as JSON writes it.
  case number(String)
  case string(String)
  case list([ExampleValue])
  case object([RulesExample.Member])

  /// The value as JSON.
  package var json: String {
    switch self {
    case .null: "null"
    case .boolean(let boolean): boolean ? "true" : "false"
    case .number(let number): number
    case .string(let text): JSONText.quoted(text)
    case .list(let items): "[" + items.map(\.json).joined(separator: ",") + "]"
    case .object(let members): Self.json(members)
    }
  }

  package static func json(_ members: [RulesExample.Member]) -> String {
    "{" + members.map { JSONText.quoted($0.name) + ":" + $0.value.json }.joined(separator: ",") + "}"
  }
}
