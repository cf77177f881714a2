/// How a gateway is, at one moment.
public struct GatewayHealth: Sendable, Hashable {
  /// A partition whose commands wait and get no outcome: no worker serves it.
  public struct Stall: Sendable, Hashable {
    /// The partition's number.
    public let partition: Int32
    /// Commands that wait, of those that this gateway appended.
    public let behind: Int64
    /// Since the last outcome, or since the first of them was appended.
    public let seconds: Double
  }

  /// Requests for commands that are held at this moment.
  public var held: Int
  /// Requests for commands that were answered, by HTTP status.
  public var answers: [Int: Int]
  /// Outcomes that were read of all workers.
  public var outcomes: Int
  /// How long the cluster has owed an answer, in seconds; 0 when it owes none.
  public var silence: Double
  /// What it said instead; nil when it has answered last.
  public var fault: String?
  /// By number.
  public var stalls: [Stall]
}
