import ArgumentParser
import KafkaClient
import Logging
import SequiturWorker

/// How to reach the cluster, and how much to say: shared by all subcommands that do.
struct KafkaOptions: ParsableArguments {
  @Option(
    name: .customLong("bootstrap-servers"),
    help: ArgumentHelp("Where the cluster is. (default: localhost:9092)", valueName: "host:port,…"))
  var bootstrapServers: String?

  @Option(
    name: .customLong("kafka"),
    help: ArgumentHelp("Any librdkafka property; may be repeated.", valueName: "key=value"))
  var kafka: [String] = []

  @Option(help: ArgumentHelp("A YAML or JSON file with settings.", valueName: "file"))
  var config: String?

  @Option(
    name: .customLong("log-level"),
    help: "trace, debug, info, notice, warning, error or critical; logs go to standard error.")
  var logLevel: String?

  /// What the flags, the environment and the file say together.
  ///
  /// - Parameter defaultLogLevel: critical where a command reports by itself what librdkafka would log.
  /// - Throws: a ``CommandFailure`` that names what is wrong.
  func resolve(defaultLogLevel: Logger.Level = .critical) throws -> KafkaSettings {
    let settings = try Settings(file: config)
    let servers = settings.text(bootstrapServers, .bootstrapServers) ?? "localhost:9092"
    var properties = KafkaConfiguration()
    for (name, value) in settings.kafka { properties[name] = value }
    for pair in kafka {
      guard let sign = pair.firstIndex(of: "="), sign != pair.startIndex else {
        // The text may hold a secret: only what stands before the sign could be shown, and there is none.
        throw CommandFailure("Expected --kafka key=value, but found no key or no `=`.")
      }
      properties[String(pair[..<sign])] = String(pair[pair.index(after: sign)...])
    }
    do {
      try properties.validate()
    } catch {
      throw CommandFailure(
        "Expected properties that librdkafka knows in --kafka, SEQUITUR_KAFKA_… and the configuration file. "
          + "\(error). Its CONFIGURATION.md lists them.")
    }
    let reserved = ReservedProperties.faults(properties, in: .all)
    guard reserved.isEmpty else { throw CommandFailure(reserved.map(\.description).joined(separator: "\n")) }
    return KafkaSettings(
      settings: settings, bootstrapServers: servers, properties: properties,
      logger: try logger(settings, defaultLogLevel))
  }

  private func logger(_ settings: Settings, _ defaultLevel: Logger.Level) throws -> Logger {
    let text = settings.text(logLevel, .logLevel)
    guard let level = text.map({ Logger.Level(rawValue: $0.lowercased()) }) ?? defaultLevel else {
      throw CommandFailure(
        "Expected --log-level to be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")), "
          + "but it is \(text ?? "").")
    }
    var logger = Logger(label: "sequitur") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    return logger
  }
}

/// What ``KafkaOptions`` came to.
struct KafkaSettings {
  let settings: Settings
  let bootstrapServers: String
  /// The user's librdkafka properties, without `bootstrap.servers` unless they hold it.
  let properties: KafkaConfiguration
  let logger: Logger

  /// A client's configuration: the user's properties over `bootstrap.servers` and the given ones.
  func client(_ own: KafkaConfiguration = [:]) -> KafkaConfiguration {
    let base: KafkaConfiguration = ["bootstrap.servers": bootstrapServers]
    return base.merging(own).merging(properties)
  }
}
