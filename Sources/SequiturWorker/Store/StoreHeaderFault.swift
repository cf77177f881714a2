import ReadableText

/// Why a store must not be used by this worker, by its header. Nothing of it was changed.
public enum StoreHeaderFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// A newer version of Sequitur wrote it.
  case newerFormat(path: String, found: Int)
  /// Another application's: the wrong directory.
  case otherApplication(path: String, expected: String, found: String)
  /// Another topic's: the wrong directory, or the wrong topic.
  case otherTopic(path: String, expected: String, found: String)
  /// The commands topic has another number of partitions than when the store was written.
  case partitionCountChanged(path: String, expected: Int32, found: Int32)
  /// A newer decider wrote objects into it.
  case newerSchema(path: String, known: Int, found: Int)

  /// What was expected, what was found, and what to do.
  public var description: String {
    switch self {
    case .newerFormat(let path, let found):
      "Expected a store of format \(StoreHeader.currentFormat) or older in \(path), but it has format "
        + "\(found): a newer version of Sequitur wrote it. Use that version, or another directory "
        + "(--state-dir): the state is rebuilt from the changelog."
    case .otherApplication(let path, let expected, let found):
      "Expected the store of the application \(expected) in \(path), but it belongs to the application "
        + "\(found). Give each application a directory of its own (--state-dir), or correct --application-id."
    case .otherTopic(let path, let expected, let found):
      "Expected a store of the topic \(expected) in \(path), but it was written for the topic \(found). "
        + "Give the worker another directory (--state-dir), or correct the topic's name."
    case .partitionCountChanged(let path, let expected, let found):
      "Expected the commands topic to have \(expected.counted("partition")), as when the store in \(path) was "
        + "written, but it has \(found): keys would move away from their state. Go back to "
        + "\(expected.counted("partition")), or start over with new topics and another application id."
    case .newerSchema(let path, let known, let found):
      "Expected states of schema version \(known) or older in the store in \(path), but a decider of "
        + "schema version \(found) wrote it. Run that decider, or a newer one."
    }
  }
}
