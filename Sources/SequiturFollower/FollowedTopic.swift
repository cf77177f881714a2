import PartitionEngine
import SequiturTopics

/// Which topic is followed, and whose records must stand there.
public struct FollowedTopic: Sendable, Hashable {
  let source: FollowMachine.Source
  package let applicationID: String
  let topics: TopicNames
  /// Whether a record of another application is a fault.
  private(set) var isOfOneApplication = true

  /// An application's changelog: states and tombstones, applied by source transaction.
  public static func changelog(_ topics: TopicNames, of applicationID: String) -> FollowedTopic {
    FollowedTopic(source: .changelog, applicationID: applicationID, topics: topics)
  }

  /// The changelog of an application whose topics have their default names.
  public static func changelog(application: String) -> FollowedTopic {
    .changelog(TopicNames(applicationID: application), of: application)
  }

  /// An application's valid topic: events, applied by command.
  public static func events(_ topics: TopicNames, of applicationID: String) -> FollowedTopic {
    FollowedTopic(source: .events, applicationID: applicationID, topics: topics)
  }

  /// An application's invalid topic: rejections, applied by command.
  public static func rejections(_ topics: TopicNames, of applicationID: String) -> FollowedTopic {
    FollowedTopic(source: .rejections, applicationID: applicationID, topics: topics)
  }

  /// The same, for who knows only the topics' names: the application that a record names does not count, its commands
  /// topic does.
  public func ofAnyApplication() -> FollowedTopic {
    var topic = self
    topic.isOfOneApplication = false
    return topic
  }

  /// Whether it holds states.
  package var isChangelog: Bool { source == .changelog }

  /// The topic's name.
  public var name: String {
    switch source {
    case .changelog: topics.changelog
    case .events: topics.valid
    case .rejections: topics.invalid
    }
  }
}
