/// What ``TopicSetup`` found.
public struct TopicReport: Sendable {
  /// Errors and warnings, all of them.
  public var faults: [TopicFault]
  /// The number of partitions of each of the four topics; nil when there are errors.
  public var partitions: Int?
  /// What the output topics take.
  public var limits = TopicLimits()
  /// The topics that were created just now.
  public var created: [String] = []

  init(faults: [TopicFault]) { self.faults = faults }

  /// Those that keep a worker from starting.
  public var errors: [TopicFault] { faults.filter { $0.severity == .error } }
  /// Those that do not.
  public var warnings: [TopicFault] { faults.filter { $0.severity == .warning } }
  /// Whether the topics could not be looked at, since no broker answered or none could be asked.
  public var isUnreachable: Bool {
    faults.contains { [.unreachable, .property, .name].contains($0.kind) }
  }

  /// The number of partitions, or all errors at once.
  public func usablePartitions() throws(TopicFaults) -> Int {
    guard errors.isEmpty, let partitions else { throw TopicFaults(faults: errors) }
    return partitions
  }
}

/// How large records of the output topics may be.
public struct TopicLimits: Sendable, Hashable {
  /// Kafka's default for `max.message.bytes`.
  public static let messageBytesDefault = 1_048_588
  /// The smallest that a broker told.
  var told: Int?

  /// The smallest `max.message.bytes` of the three output topics, since an output may go to any of them; the
  /// default when no broker told.
  public var messageBytesMax: Int { told ?? Self.messageBytesDefault }
}

/// All that is wrong with the topics.
public struct TopicFaults: Error, Sendable, CustomStringConvertible {
  /// At least one.
  public let faults: [TopicFault]

  /// - Parameter faults: at least one.
  public init(faults: [TopicFault]) { self.faults = faults }

  /// One line for each.
  public var description: String { faults.map(\.description).joined(separator: "\n") }
}
