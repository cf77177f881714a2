import PartitionEngine
import SequiturTopics

/// Which topic is followed, and whose records must stand there.
public struct FollowedTopic: Sendable, Hashable {
  let source: FollowMachine.Source
  package let applicationID: String
  let topics: TopicNames

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

  /// Whether it holds states.
  package var isChangelog: Bool { source == .changelog }

  /// The topic's name.
  public var name: String { source == .changelog ? topics.changelog : topics.valid }
}
