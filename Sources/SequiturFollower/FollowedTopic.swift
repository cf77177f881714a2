import PartitionEngine
import SequiturTopics

/// Which topic is followed, and whose records must stand there.
public struct FollowedTopic: Sendable, Hashable {
  let source: FollowMachine.Source
  let applicationID: String
  let topics: TopicNames

  /// An application's changelog: states and tombstones, applied by source transaction.
  public static func changelog(_ topics: TopicNames, of applicationID: String) -> FollowedTopic {
    FollowedTopic(source: .changelog, applicationID: applicationID, topics: topics)
  }

  /// An application's valid topic: events, applied by command.
  public static func events(_ topics: TopicNames, of applicationID: String) -> FollowedTopic {
    FollowedTopic(source: .events, applicationID: applicationID, topics: topics)
  }

  var name: String { source == .changelog ? topics.changelog : topics.valid }
}
