/// The four topics of an application. All have the same number of partitions.
///
/// The names carry the application id, so that applications of one cluster do not meet by default. Several may read the
/// same commands; the other three belong to one application each.
public struct TopicNames: Sendable, Hashable {
  /// Commands in; default `<application id>-commands`.
  public var commands: String
  /// Events out; default `<application id>-valid`.
  public var valid: String
  /// Rejections out; default `<application id>-invalid`.
  public var invalid: String
  /// States and checkpoints; default `<application id>-changelog`. Compacted.
  public var changelog: String

  /// The default names of an application's topics.
  public init(applicationID: String) {
    commands = "\(applicationID)-commands"
    valid = "\(applicationID)-valid"
    invalid = "\(applicationID)-invalid"
    changelog = "\(applicationID)-changelog"
  }

  /// Those that are written to.
  package var outputs: [String] { [valid, invalid, changelog] }

  /// All four, commands first.
  public var all: [String] { [commands, valid, invalid, changelog] }
}
