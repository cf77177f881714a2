/// What one command does to an object, or one of the alternatives of a command.
public struct CommandRule: Sendable, Hashable {
  /// The command's type.
  public let name: String
  /// Which of the command's alternatives it is, from 0.
  public let alternative: Int
  /// The statuses that allow it, ``Rules/none`` for an object that does not exist.
  public let from: [String]
  /// The status it leads to; ``Rules/none`` forgets the object, nil leaves the status as it is.
  public let to: String?
  /// The events it makes, in this order; at least one.
  public let events: [EventRule]
  /// The fields that the command must carry.
  public let require: [Rules.Field]
  /// The fields that the command may carry.
  public let optional: [Rules.Field]
  /// The conditions on the command and the object; all must hold.
  public let guards: [Guard]
  /// The fields that are kept when the command carries them: `set` as a list.
  public let keep: [String]
  /// The fields that get the value of an expression: `set` as a mapping.
  public let assign: [Assignment]
  /// The fields that are removed.
  public let unset: [String]
  /// Where the rule stands in its file.
  package let line: Int

  /// The statuses it may lead to: `from` where the status stays.
  public var targets: [String] { to.map { [$0] } ?? from }

  /// Whether the command makes one event with its own payload.
  package var hasPlainEvent: Bool { events.count == 1 && events[0].payload == nil }

  /// Rules of the same content are equal, wherever they stand.
  public static func == (left: CommandRule, right: CommandRule) -> Bool {
    left.name == right.name && left.alternative == right.alternative && left.from == right.from
      && left.to == right.to && left.events == right.events && left.require == right.require
      && left.optional == right.optional && left.guards == right.guards && left.keep == right.keep
      && left.assign == right.assign && left.unset == right.unset
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(alternative)
    hasher.combine(from)
    hasher.combine(to)
  }
}

/// An event that a command makes.
public struct EventRule: Sendable, Hashable {
  /// `ce_type`.
  public let type: String
  /// The payload's fields in their order; nil for the command's own payload.
  public let payload: [Assignment]?
}

/// A field and the expression that it gets its value from.
public struct Assignment: Sendable, Hashable {
  /// The field's name.
  public let field: String
  /// What it is set to.
  public let value: Expression
}

/// A condition that must hold, and what is said when it does not.
public struct Guard: Sendable, Hashable, CustomStringConvertible {
  /// A truth value.
  public let condition: Expression
  /// The rejection's code; nil for `guard-failed`.
  public let code: String?
  /// The rejection's reason; nil for the one that names the condition.
  public let reason: Template?

  /// The condition as the file has it.
  public var description: String { condition.description }
}
