/// One command of an object's history, with all that came of it.
public struct HistoryEntry: Sendable {
  /// The command as it was sent.
  public struct Command: Sendable, Hashable {
    /// The header `ce_type`; `nil`: the payload tells.
    public let type: String?
    /// The header `ce_id`.
    public let id: String?
    /// `nil` for a null value.
    public let payload: [UInt8]?
  }

  /// An event that it made.
  public struct Event: Sendable, Hashable {
    /// `ce_type`.
    public let type: String
    /// The object's version that it made.
    public let version: UInt64
    /// Nil for an event without a payload.
    public let payload: [UInt8]?
  }

  /// Why it was rejected.
  public struct Rejection: Sendable, Hashable {
    /// `rejection-code`.
    public let code: String
    /// `rejection-reason`.
    public let reason: String
  }

  /// An object's state, and how it is known.
  public struct State: Sendable, Hashable {
    /// As the decider encoded it.
    public let bytes: [UInt8]
    /// The version of that encoding.
    public let schemaVersion: Int
    /// Whether the changelog keeps it; else it was decided again, and the outcome was the same.
    public let isKept: Bool
  }

  /// The partition of the commands topic.
  public let partition: Int32
  /// The command's offset.
  public let offset: Int64
  /// The command's time, in milliseconds since 1970.
  public let time: Int64
  /// `nil`: retention has deleted it.
  public let command: Command?
  /// Empty when it was rejected, or has no outcome.
  public let events: [Event]
  /// Nil when it was accepted, or has no outcome.
  public let rejection: Rejection?
  /// Whether no worker has decided it yet.
  public let isPending: Bool
  /// Whether the object does not exist any more, as far as that is known.
  public let isForgotten: Bool
  /// The state that its events made; `nil` when it made none, the object is forgotten, or nobody can tell.
  public let state: State?
}
