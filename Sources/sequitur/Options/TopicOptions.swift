import ArgumentParser
import SequiturWorker

/// Which application, and which topics are its own.
struct TopicOptions: ParsableArguments {
  @Option(name: .customLong("application-id"), help: "Names the application. (default: sequitur)")
  var applicationID: String?

  @Option(name: .customLong("commands-topic"), help: "Commands in. (default: <application-id>-commands)")
  var commandsTopic: String?

  @Option(name: .customLong("valid-topic"), help: "Events out. (default: <application-id>-valid)")
  var validTopic: String?

  @Option(name: .customLong("invalid-topic"), help: "Rejections out. (default: <application-id>-invalid)")
  var invalidTopic: String?

  @Option(
    name: .customLong("changelog-topic"),
    help: "States and checkpoints. (default: <application-id>-changelog)")
  var changelogTopic: String?

  /// The application id, with the environment and the file.
  func applicationID(_ settings: Settings) -> String {
    settings.text(applicationID, .applicationID) ?? "sequitur"
  }

  /// The topics, with the environment and the file.
  func topics(_ settings: Settings) -> TopicNames {
    var names = TopicNames(applicationID: applicationID(settings))
    names.commands = settings.text(commandsTopic, .commandsTopic) ?? names.commands
    names.valid = settings.text(validTopic, .validTopic) ?? names.valid
    names.invalid = settings.text(invalidTopic, .invalidTopic) ?? names.invalid
    names.changelog = settings.text(changelogTopic, .changelogTopic) ?? names.changelog
    return names
  }

  /// What creates and checks them.
  func setup(_ kafka: KafkaSettings) -> TopicSetup {
    TopicSetup(
      topics: topics(kafka.settings), of: applicationID(kafka.settings), kafka: kafka.client(),
      logger: kafka.logger)
  }
}
