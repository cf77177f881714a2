import ArgumentParser
import KafkaClient
import Logging
import ReadableText
import SequiturSettings
import SequiturWorker
import TerminalView

/// How to reach the cluster, and how much to say: shared by all subcommands that do.
struct KafkaOptions: ParsableArguments {
  @Option(.bootstrapServers) var bootstrapServers: String?
  @Option(name: .setting(.kafka), help: .setting(.kafka)) var kafka: [String] = []
  @Option(help: .config) var config: String?
  @Option(.logLevel) var logLevel: String?
  @Option(.logFormat) var logFormat: String?

  /// What the flags, the environment and the file say together.
  ///
  /// - Parameters:
  ///   - defaultLogLevel: critical where a command reports by itself what librdkafka would log.
  ///   - scope: whose clients are made.
  /// - Throws: a ``CommandFailure`` that names what is wrong, and where it was set.
  func resolve(
    defaultLogLevel: Logger.Level = .critical, for scope: ReservedProperties.Scope = .all
  ) throws -> KafkaSettings {
    let settings = try Settings(file: config)
    let servers = try settings.text(bootstrapServers, .bootstrapServers) ?? "localhost:9092"
    let given = settings.kafka + (try kafka.map { try Self.property(ofFlag: $0) })
    let properties = SourcedProperties(try SecretFiles.resolve(given))
    try properties.check(for: scope)
    let logger = try logger(settings, defaultLogLevel)
    for path in SecretFiles.openToAll(given, configuration: settings.path) {
      Self.warn(ofOpenFile: path, logger)
    }
    return KafkaSettings(
      settings: settings, bootstrapServers: servers, properties: properties.configuration,
      sources: properties.kinds, logger: logger)
  }

  /// Commands that report by themselves have a log of what is critical alone.
  private static func warn(ofOpenFile path: String, _ logger: Logger) {
    let shown = ShownText.line(path, atMost: nil)
    guard logger.logLevel > .warning else {
      return logger.warning(
        "every user of this machine may read a file with a secret",
        metadata: ["file": "\(shown)", "cure": "chmod 600"])
    }
    Terminal.printError("Every user of this machine may read the secret in \(shown). Do chmod 600.")
  }

  private static func property(ofFlag pair: String) throws -> Settings.Property {
    guard let sign = pair.firstIndex(of: "="), sign != pair.startIndex else {
      // The text may hold a secret: only what stands before the sign could be shown, and there is none.
      throw CommandFailure("Expected --kafka key=value, but found no key or no `=`.")
    }
    let name = String(pair[..<sign])
    return Settings.Property(
      name: name, value: String(pair[pair.index(after: sign)...]),
      origin: "--kafka \(ShownText.line(name, atMost: 80))", isFromFile: false)
  }

  private func logger(_ settings: Settings, _ defaultLevel: Logger.Level) throws -> Logger {
    var level = defaultLevel
    if let text = try settings.text(logLevel, .logLevel) {
      guard let found = Logger.Level(rawValue: text.lowercased()) else {
        throw settings.outOfRange(logLevel, .logLevel, text)
      }
      level = found
    }
    let isJSON = try settings.text(logFormat, .logFormat).map { format in
      guard ["text", "json"].contains(format) else {
        throw settings.outOfRange(logFormat, .logFormat, format)
      }
      return format == "json"
    }
    var logger = Logger(label: "sequitur") { label in
      if isJSON ?? false { return JSONLogHandler() }
      return StreamLogHandler(label: label, stream: LogStream())
    }
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
  /// Of the properties, by name, what set each: `flag`, `environment` or `file`.
  let sources: [String: String]
  let logger: Logger

  /// A client's configuration: the user's properties over `bootstrap.servers` and the given ones.
  func client(_ own: KafkaConfiguration = [:]) -> KafkaConfiguration {
    let base: KafkaConfiguration = ["bootstrap.servers": bootstrapServers]
    return base.merging(own).merging(properties)
  }
}
