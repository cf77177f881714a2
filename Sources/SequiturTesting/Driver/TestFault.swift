/// What a decider does wrong, found while a test ran: not a rejection, but a fault in the decider's code.
public struct TestFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The promise that the decider did not keep.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The same command on the same state had another outcome the second time.
    case nondeterministic
    /// A state read from its bytes has other bytes when it is written again.
    case stateCodec
    /// Evolving from nothing over all events gives another state than the one that was kept.
    case fold
    /// A replay of the changelog gives another state.
    case replay
    /// The state could not be restored, or read.
    case restore
  }

  /// Which rule was broken.
  public let kind: Kind
  /// The command at which it was found.
  public let command: String
  /// What was expected and what was found, as a sentence.
  public let reason: String

  public var description: String { "\(kind.rawValue): \(command): \(reason)" }
}
