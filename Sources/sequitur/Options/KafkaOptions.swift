import ArgumentParser
import KafkaClient
import Logging
import Sequitur
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
    for property in settings.kafka {
      try Self.check(property)
      properties[property.name] = property.value
    }
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
        "Expected properties that librdkafka knows in --kafka. \(ShownText.line("\(error)", atMost: 1_000)). Its "
          + "CONFIGURATION.md lists them.")
    }
    let reserved = ReservedProperties.faults(properties, in: .all)
    guard reserved.isEmpty else { throw CommandFailure(reserved.map(\.description).joined(separator: "\n")) }
    return KafkaSettings(
      settings: settings, bootstrapServers: servers, properties: properties,
      logger: try logger(settings, defaultLogLevel))
  }

  /// - Throws: a ``CommandFailure`` that names the variable or the place, and no text of a file.
  private static func check(_ property: Settings.Property) throws {
    let alone: KafkaConfiguration = [property.name: property.value]
    do throws(KafkaError) {
      try alone.validate()
    } catch {
      let isUnknown = ["No such configuration property", "there is no such property"].contains {
        error.detail.hasPrefix($0)
      }
      let reason =
        switch (property.isFromFile, isUnknown) {
        case (false, _): ShownText.line(error.detail, atMost: 500)
        case (true, true): "there is none of that name"
        case (true, false): "its value is none that \(property.name) takes"
        }
      throw CommandFailure(
        "Expected \(property.origin) to be one that librdkafka knows, but \(reason). Its CONFIGURATION.md lists "
          + "them.")
    }
  }

  private func logger(_ settings: Settings, _ defaultLevel: Logger.Level) throws -> Logger {
    let text = settings.text(logLevel, .logLevel)
    guard let level = text.map({ Logger.Level(rawValue: $0.lowercased()) }) ?? defaultLevel else {
      throw CommandFailure(
        "Expected \(settings.origin(logLevel, .logLevel)) to be one of "
          + "\(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")), "
          + "but it is `\(ShownText.line(text ?? "", atMost: 80))`.")
    }
    var logger = Logger(label: "sequitur") { StreamLogHandler(label: $0, stream: LogStream()) }
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
