/// Something that happens between clients and brokers, and what Kafka documents of it.
struct Scenario: Sendable {
  /// What a cluster must have, beyond producing and consuming.
  enum Need: Sendable {
    /// Members whose session ends.
    case sessions
    /// The coordinator gives a transaction up that takes too long.
    case transactionTimeout
    case cooperativeRebalance
    case deleteRecords
    /// A log cleaner that comes by within a minute; without it nothing is shown.
    case compaction
  }

  let name: String
  /// Where it is documented.
  let source: String
  let needs: Set<Need>
  /// What Kafka does, observation by observation.
  let documented: [String]
  private let run: @Sendable (any Cluster) throws -> [String]

  init(
    _ name: String, _ source: String, needs: Set<Need> = [], documented: [String],
    _ run: @escaping @Sendable (any Cluster) throws -> [String]
  ) {
    self.name = name
    self.source = source
    self.needs = needs
    self.documented = documented
    self.run = run
  }

  /// Goes through it on a cluster that nobody else uses; what was seen.
  func observe(on cluster: any Cluster) -> [String] {
    do {
      return try run(cluster)
    } catch {
      return ["\(error)"]
    }
  }

  static let all = transactions + logs + offsets + members
}
