/// Why a projection cannot go on, or not as it was asked to.
public struct ProjectionFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Kind: Sendable, Hashable {
    /// The file, the database or the topic is not what it must be: the way out is said.
    case configuration
    /// An event was not taken, and the policy is to stop.
    case stopped
  }

  public let kind: Kind
  /// A sentence with its end, and what to do.
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

/// A partition has come to an event that is not taken.
struct PartitionStopped: Error, Sendable, Hashable {
  let partition: Int32
  let offset: Int64
  let reason: String
}
