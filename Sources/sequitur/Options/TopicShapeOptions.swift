import ArgumentParser
import SequiturSettings
import SequiturTopics
import TerminalView

/// How missing topics are created.
struct TopicShapeOptions: ParsableArguments {
  @Option(help: "Partitions of each of the four topics; cannot be changed later. (default: 12)")
  var partitions: Int?

  @Option(
    name: .customLong("replication-factor"), help: "Replicas of each partition. (default: the cluster's)")
  var replicationFactor: Int?

  /// The shape, with the environment and the file.
  /// - Throws: a ``CommandFailure`` for an impossible number.
  func shape(_ settings: Settings) throws -> TopicShape {
    var shape = TopicShape()
    shape.partitions = try settings.integer(partitions, .partitions) ?? shape.partitions
    shape.replicationFactor =
      try settings.integer(replicationFactor, .replicationFactor) ?? shape.replicationFactor
    guard (1...10_000).contains(shape.partitions) else {
      throw CommandFailure(
        "Expected \(settings.origin(partitions, .partitions)) to be 1 to 10000, but it is \(shape.partitions)."
      )
    }
    guard shape.replicationFactor == -1 || (1...100).contains(shape.replicationFactor) else {
      throw CommandFailure(
        "Expected \(settings.origin(replicationFactor, .replicationFactor)) to be 1 to 100, or -1 for the cluster's default, "
          + "but it is \(shape.replicationFactor).")
    }
    return shape
  }
}
