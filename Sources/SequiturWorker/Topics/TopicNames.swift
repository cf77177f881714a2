/// The four topics of an application. All have the same number of partitions.
public struct TopicNames: Sendable, Hashable {
  /// Commands in; default `commands`.
  public var commands = "commands"
  /// Events out; default `valid`.
  public var valid = "valid"
  /// Rejections out; default `invalid`.
  public var invalid = "invalid"
  /// States and checkpoints; default `<application id>-changelog`. Compacted.
  public var changelog: String

  public init(applicationID: String) {
    changelog = "\(applicationID)-changelog"
  }

  /// Those that are written to.
  var outputs: [String] { [valid, invalid, changelog] }

  /// All four, commands first.
  public var all: [String] { [commands, valid, invalid, changelog] }
}
