import ArgumentParser
import SequiturSettings
import SequiturTopics
import TerminalView

/// Which application, and which topics are its own.
struct TopicOptions: ParsableArguments {
  @Option(.applicationID) var applicationID: String?
  @Option(.commandsTopic) var commandsTopic: String?
  @Option(.validTopic) var validTopic: String?
  @Option(.invalidTopic) var invalidTopic: String?
  @Option(.changelogTopic) var changelogTopic: String?

  /// The application id, with the environment and the file.
  /// - Throws: a ``CommandFailure`` for an empty one.
  func applicationID(_ settings: Settings) throws -> String {
    try namedApplicationID(settings) ?? "sequitur"
  }

  /// The application id, if somebody said it.
  /// - Throws: a ``CommandFailure`` for an empty one.
  func namedApplicationID(_ settings: Settings) throws -> String? {
    try settings.text(applicationID, .applicationID)
  }

  /// The topics, with the environment and the file.
  ///
  /// - Parameter roles: those that are needed.
  /// - Throws: a ``CommandFailure`` for each name of theirs that no topic can have, or that two of them have.
  func topics(
    _ settings: Settings, for roles: [TopicNames.Role] = TopicNames.Role.allCases
  ) throws -> TopicNames {
    let applicationID = try applicationID(settings)
    var names = TopicNames(applicationID: applicationID)
    names.commands = try settings.text(commandsTopic, .commandsTopic) ?? names.commands
    names.valid = try settings.text(validTopic, .validTopic) ?? names.valid
    names.invalid = try settings.text(invalidTopic, .invalidTopic) ?? names.invalid
    names.changelog = try settings.text(changelogTopic, .changelogTopic) ?? names.changelog
    var faults = names.nameFaults(
      of: applicationID, in: roles, idSource: settings.origin(self.applicationID, .applicationID)
    ) { settings.origin(flag($0), $0.key) }
    if faults.isEmpty { faults = names.sameNameFaults(in: roles) }
    guard faults.isEmpty else { throw CommandFailure("\(TopicFaults(faults: faults))") }
    return names
  }

  private func flag(_ role: TopicNames.Role) -> String? {
    switch role {
    case .commands: commandsTopic
    case .valid: validTopic
    case .invalid: invalidTopic
    case .changelog: changelogTopic
    }
  }

  /// What creates and checks them.
  /// - Throws: a ``CommandFailure`` for a value that is not possible.
  func setup(_ kafka: KafkaSettings, _ forgetting: ForgettingOptions) throws -> TopicSetup {
    var setup = TopicSetup(
      topics: try topics(kafka.settings), of: try applicationID(kafka.settings), kafka: kafka.client(),
      logger: kafka.logger)
    setup.forgetAfter = try forgetting.forgetAfter(kafka.settings) ?? setup.forgetAfter
    return setup
  }
}

extension TopicNames.Role {
  /// The setting that names it.
  fileprivate var key: SettingKey {
    switch self {
    case .commands: .commandsTopic
    case .valid: .validTopic
    case .invalid: .invalidTopic
    case .changelog: .changelogTopic
    }
  }
}
