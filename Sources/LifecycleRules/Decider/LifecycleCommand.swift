/// A command of a known type, as ``LifecycleDecider`` decodes it.
public struct LifecycleCommand {
  let box: ValueBox
}

/// An accepted command: its payload is the event's.
public struct LifecycleEvent {
  let box: ValueBox
}

/// An object's status and fields, as ``LifecycleDecider`` keeps them.
public struct LifecycleState {
  let box: ValueBox
}

/// Why bytes cannot be read as a state.
public struct LifecycleStateFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was expected and what was found.
  public let message: String

  public var description: String { message }
}
