import ArgumentParser
import SequiturSettings
import SequiturTopics
import TerminalView

/// How missing topics are created.
struct TopicShapeOptions: ParsableArguments {
  @Option(.partitions) var partitions: Int?
  @Option(.replicationFactor) var replicationFactor: Int?

  /// The shape, with the environment and the file.
  /// - Throws: a ``CommandFailure`` for an impossible number.
  func shape(_ settings: Settings) throws -> TopicShape {
    var shape = TopicShape()
    shape.partitions = try settings.integer(partitions, .partitions) ?? shape.partitions
    shape.replicationFactor =
      try settings.integer(replicationFactor, .replicationFactor) ?? shape.replicationFactor
    return shape
  }
}
