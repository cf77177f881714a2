/// What ``Decider/decide(_:on:in:)`` answers.
public enum Decision<Event> {
  /// The command is valid and made one event.
  case accept(Event)
  /// The command is valid and made several events, in this order. An empty array is a fault of the decider
  /// (`decider-error`), since every command has an outcome that others can see.
  case acceptAll([Event])
  /// The command does not follow from the state.
  case reject(Rejection)

  /// Rejects with a code and a sentence for people.
  @inlinable
  public static func reject(_ code: RejectionCode, _ reason: String) -> Decision {
    .reject(Rejection(code, reason))
  }
}

/// What ``Decider/decode(_:)`` answers.
public enum Decoded<Command> {
  /// A command of a known type.
  case command(Command)
  /// The payload cannot be read; the rejection is `malformed`. The text says what was expected and found.
  case malformed(String)
  /// The payload can be read, but its type is not known; the rejection is `unknown-command`.
  case unknownCommand(String)
  /// The payload can be read, but it is no command of its type; mostly ``RejectionCode/invalidField``. Unlike
  /// the two above, it is given only after the checks for a duplicate and the expected version.
  case rejected(Rejection)
}
