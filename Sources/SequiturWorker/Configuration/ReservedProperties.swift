import KafkaClient

/// The librdkafka properties that are Sequitur's own: what it promises depends on them.
///
/// All others may be given, and go over Sequitur's defaults. One of these may be given only with the value that it has
/// anyway; docs/operations.md lists them.
public struct ReservedProperties: Sendable {
  /// Whose clients are meant.
  public enum Scope: Sendable, Hashable {
    /// All clients: of workers, `submit`, `verify` and the rest.
    case all
    /// A worker's.
    case worker
  }

  /// A property that may not be given as it is.
  public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The property's name, as it was given.
    public let name: String
    /// What was expected, why, and what to do.
    public let description: String
  }

  /// One of Sequitur's own.
  public struct Property: Sendable, Hashable {
    /// librdkafka's name of it.
    public let name: String
    /// Whose clients it may not be given for.
    public let scope: Scope
    /// The values that may be given; empty: none.
    public let values: [String]
    /// Why: a clause.
    public let why: String
    /// What to do instead; empty: leave it out.
    public let instead: String
  }

  /// All of them.
  public static let all: [Property] = outcomes + input + membership + clients

  /// What is wrong with the properties that somebody gave; in their order.
  ///
  /// - Parameters:
  ///   - kafka: the properties that somebody gave.
  ///   - scope: whose clients are made of them.
  ///   - source: where a property of this name was set, such as `the environment variable NAME`; nil: not known.
  public static func faults(
    _ kafka: KafkaConfiguration, in scope: Scope, source: (_ name: String) -> String? = { _ in nil }
  ) -> [Fault] {
    kafka.properties.compactMap { given in
      guard let property = byName[KafkaProperties.canonicalName(given.name)],
        property.scope == .all || scope == .worker,
        !property.values.contains(where: { isSame($0, given.value) })
      else { return nil }
      return Fault(name: given.name, description: sentence(property, given, source(given.name)))
    }
  }

  private static let byName = Dictionary(
    uniqueKeysWithValues: all.map { (KafkaProperties.canonicalName($0.name), $0) })

  private static func sentence(
    _ property: Property, _ given: KafkaConfiguration.Property, _ source: String?
  ) -> String {
    let expected =
      property.values.isEmpty
      ? "no property \(given.name)" : "\(given.name)=\(property.values.joined(separator: " or "))"
    // A value is not shown: a fault in a file may have made a secret of another property this one's.
    let found =
      property.values.isEmpty
      ? source.map { "\($0) sets it" } ?? "it is given" : "\(source ?? "it") has another value"
    let cure = property.instead.isEmpty ? "Leave it out." : property.instead
    return "Expected \(expected), since \(property.why), but \(found). \(cure)"
  }

  /// librdkafka reads booleans and names without regard to case.
  private static func isSame(_ own: String, _ given: String) -> Bool {
    let given = given.lowercased()
    switch own {
    case "true": return ["true", "t", "1"].contains(given)
    case "false": return ["false", "f", "0"].contains(given)
    default: return own == given
    }
  }

  // MARK: The list

  private static let outcomes = [
    Property(
      name: "enable.idempotence", scope: .all, values: ["true"],
      why: "a retry would write a record twice without it", instead: ""),
    Property(
      name: "acks", scope: .all, values: ["all", "-1"],
      why: "a record that is acknowledged must be on all replicas in sync", instead: ""),
    Property(
      name: "max.in.flight.requests.per.connection", scope: .all, values: ["1", "2", "3", "4", "5"],
      why: "records keep their order with at most five requests under way", instead: ""),
    Property(
      name: "queuing.strategy", scope: .all, values: ["fifo"],
      why: "commands of one key must stay in order", instead: ""),
    Property(
      name: "partitioner", scope: .all, values: ["murmur2_random"],
      why: "all producers must put a key on the same partition", instead: ""),
    Property(
      name: "delivery.report.only.error", scope: .all, values: ["false"],
      why: "acknowledgements are counted", instead: ""),
    Property(
      name: "enable.gapless.guarantee", scope: .all, values: ["false"],
      why: "a transaction that fails is sent again as a whole", instead: ""),
    Property(
      name: "transactional.id", scope: .all, values: [],
      why: "each lane's is made of application id and instance id", instead: "Set --instance-id instead."),
    Property(
      name: "message.max.bytes", scope: .worker, values: [],
      why: "the topics' max.message.bytes say how large an outcome may be",
      instead: "Set max.message.bytes of the topics instead."),
    Property(
      name: "batch.size", scope: .worker, values: [],
      why: "it follows the topics' max.message.bytes", instead: ""),
  ]

  private static let input = [
    Property(
      name: "isolation.level", scope: .all, values: ["read_committed"],
      why: "what was aborted must not be read", instead: ""),
    Property(
      name: "auto.offset.reset", scope: .all, values: [],
      why: "Sequitur knows where each partition goes on, and a lost position must not be passed over",
      instead: ""),
    Property(
      name: "enable.auto.commit", scope: .all, values: ["false"],
      why: "positions are committed in the transaction of their outcomes", instead: ""),
    Property(
      name: "auto.commit.enable", scope: .all, values: ["false"],
      why: "positions are committed in the transaction of their outcomes", instead: ""),
    Property(
      name: "enable.auto.offset.store", scope: .all, values: ["false"],
      why: "positions are committed in the transaction of their outcomes", instead: ""),
    Property(
      name: "enable.partition.eof", scope: .all, values: [],
      why: "Sequitur asks for the ends of partitions where it needs them", instead: ""),
    Property(
      name: "allow.auto.create.topics", scope: .all, values: ["false"],
      why: "a topic that is made by itself has another number of partitions",
      instead: "Use sequitur topics create."),
  ]

  private static let membership = [
    Property(
      name: "group.id", scope: .all, values: [], why: "the group is named by the application id",
      instead: "Set --application-id instead."),
    Property(
      name: "group.instance.id", scope: .all, values: [],
      why: "it is made of application id and instance id", instead: "Set --instance-id instead."),
    Property(
      name: "group.protocol.type", scope: .all, values: ["consumer"],
      why: "workers are consumers", instead: ""),
    Property(
      name: "group.protocol", scope: .all, values: ["classic"],
      why: "the hand-over of partitions is made for the classic protocol", instead: ""),
    Property(
      name: "partition.assignment.strategy", scope: .worker, values: [],
      why: "all workers must have the same", instead: "Set --assignment-strategy instead."),
  ]

  private static let clients = [
    Property(
      name: "test.mock.num.brokers", scope: .all, values: ["0"],
      why: "the client would speak to brokers in its own memory", instead: ""),
    Property(
      name: "log.queue", scope: .all, values: ["false"],
      why: "nobody would read the client's log", instead: "Set --log-level instead."),
  ]
}
