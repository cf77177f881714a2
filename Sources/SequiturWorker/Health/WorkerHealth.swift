/// How a worker is, at one moment.
public struct WorkerHealth: Sendable, Hashable {
  /// What keeps it, or a partition of it, from going on.
  public struct Trouble: Sendable, Hashable {
    /// Why.
    public var reason: TroubleReason
    /// The partition that it concerns; nil: the whole worker.
    public var partition: Int32?
    /// What is known of it: whose, which command, the library's own words.
    public var detail: String
    /// How long it has lasted, in seconds.
    public var seconds: Double

    /// A trouble of this kind.
    public init(_ reason: TroubleReason, partition: Int32? = nil, detail: String, seconds: Double) {
      self.reason = reason
      self.partition = partition
      self.detail = detail
      self.seconds = seconds
    }
  }

  /// What a worker does with a partition.
  public enum Role: String, Codable, Sendable {
    /// Its state is being restored.
    case restoring
    /// Its commands are processed.
    case serving
    /// It is assigned and not served.
    case refused
  }

  /// How a partition is.
  public struct Partition: Sendable, Hashable {
    /// Its number.
    public var number: Int32
    /// What the worker does with it.
    public var role: Role
    /// The next command offset without a committed outcome; nil while it is not known.
    public var position: Int64?
    /// The end of its commands when it was asked for last; nil while it is not known.
    public var end: Int64?
    /// How long ago the oldest command without an outcome came, at least; 0 without one.
    public var lagSeconds = 0.0
    /// Since its last commit, or since it is served.
    public var commitAgeSeconds = 0.0
    /// How far its restore is.
    public var restore: RestoreProgress?
    /// The lane that serves it.
    public var lane: Int?

    /// A partition in this role.
    public init(_ number: Int32, _ role: Role) {
      self.number = number
      self.role = role
    }

    /// Offsets behind the end; nil while it is not known.
    public var lagRecords: Int64? {
      guard let position, let end else { return nil }
      return max(0, end - position)
    }
  }

  /// Member of the group, every assigned partition restored, and none of them standing still.
  public var isReady: Bool { troubles.isEmpty }
  /// Empty when all is well; what concerns the whole worker first.
  public var troubles: [Trouble]
  /// By number.
  public var partitions: [Partition]

  /// Health with these troubles and partitions.
  public init(troubles: [Trouble] = [], partitions: [Partition] = []) {
    self.troubles = troubles
    self.partitions = partitions
  }
}
