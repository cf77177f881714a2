import KafkaClient
import Logging
import SequiturTopics

/// What a ``Projector`` is told.
public struct ProjectorConfiguration: Sendable {
  /// What events do.
  public var definition: ProjectionDefinition
  /// What applies events in the place of a declaration's rules; nil where there are rules.
  let code: (any Projection)?
  /// Where the tables are.
  public var database: DatabaseAddress
  /// librdkafka's properties, `bootstrap.servers` among them.
  public var kafka: KafkaConfiguration
  /// The application's topics; of them the valid topic is read, and with `from: state` the changelog.
  public var topics: TopicNames
  /// The application whose events they are.
  public var applicationID: String
  /// Makes this process a static member of the group, so that a restart in place moves nothing; nil for a dynamic one.
  public var instanceID: String?
  /// Whether missing tables are made. Default false.
  public var createsTables = false
  /// Whether to end with what was committed at the start. Default false.
  public var stopsWhenCaughtUp = false
  /// How many connections a process makes at most; its partitions are shared among them. SQLite has one. Default 4.
  public var connectionsMax = 4
  /// Where the projector and its clients log.
  public var logger: Logger

  public init(
    definition: ProjectionDefinition, database: DatabaseAddress, kafka: KafkaConfiguration,
    topics: TopicNames, of applicationID: String, logger: Logger
  ) {
    self.init(definition, nil, database, kafka, topics, applicationID, logger)
  }

  /// The same for code of one's own.
  public init(
    _ projection: any Projection, database: DatabaseAddress, kafka: KafkaConfiguration, topics: TopicNames,
    of applicationID: String, logger: Logger
  ) {
    self.init(projection.definition, projection, database, kafka, topics, applicationID, logger)
  }

  private init(
    _ definition: ProjectionDefinition, _ code: (any Projection)?, _ database: DatabaseAddress,
    _ kafka: KafkaConfiguration, _ topics: TopicNames, _ applicationID: String, _ logger: Logger
  ) {
    self.definition = definition
    self.code = code
    self.database = database
    self.kafka = kafka
    self.topics = topics
    self.applicationID = applicationID
    self.logger = logger
  }

  /// The consumer group, which assigns partitions to instances and nothing else.
  public var groupID: String { "\(applicationID)-projection-\(definition.name)-\(definition.generation)" }
}
