import Foundation
import ReadableText
import TerminalView

/// What the environment says: the variables that begin with `SEQUITUR_`, each with its name in every error.
struct EnvironmentSettings {
  /// A variable's value as the process got it.
  enum Value: Hashable {
    case text(String)
    case notUTF8
  }

  /// By the variable's name: those that are settings.
  private(set) var settings: [String: String] = [:]
  /// librdkafka's properties, ordered by variable.
  private(set) var kafka: [(name: String, value: String, variable: String)] = []
  /// `SEQUITUR_CONFIG`.
  private(set) var configurationFile: String?
  /// Variables that nobody reads, a sentence each.
  private(set) var warnings: [String] = []

  /// So many unknown variables are named.
  private static let warningsMax = 10
  private static let prefix = "SEQUITUR_"
  private static let kafkaPrefix = "SEQUITUR_KAFKA_"
  private static let configurationName = "SEQUITUR_CONFIG"
  /// Read by the tests and the scripts of the project.
  private static let testPrefix = "SEQUITUR_TEST_"

  /// - Throws: a ``CommandFailure`` that names the variable.
  init(_ environment: [String: Value]) throws {
    let names = Set(SettingKey.allCases.filter { $0 != .kafka }.map(\.environmentName))
    var unknown: [String] = []
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(Self.prefix) {
      if Self.isMadeByOrchestrator(name, value) || name.hasPrefix(Self.testPrefix) { continue }
      let isKnown = names.contains(name) || name == Self.configurationName
      guard isKnown || name.hasPrefix(Self.kafkaPrefix) else {
        unknown.append(name)
        continue
      }
      guard case .text(let text) = value else {
        throw CommandFailure(
          "Expected the environment variable \(ShownText.line(name)) to be UTF-8, but it is not.")
      }
      if name == Self.configurationName {
        configurationFile = text
      } else if isKnown {
        settings[name] = text
      } else {
        let property = name.dropFirst(Self.kafkaPrefix.count).lowercased().replacingOccurrences(
          of: "_", with: ".")
        kafka.append((property, text, name))
      }
    }
    warnings = Self.warnings(unknown, known: names.sorted() + [Self.configurationName])
  }

  /// The environment of this process.
  static func ofProcess() throws -> EnvironmentSettings {
    var values: [String: Value] = [:]
    for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix(prefix) {
      // Foundation's values have U+FFFD in place of what is no UTF-8.
      guard let bytes = getenv(name) else { continue }
      values[name] = String(validatingCString: bytes).map(Value.text) ?? .notUTF8
    }
    return try EnvironmentSettings(values)
  }

  /// Whether Kubernetes or Docker made the variable, for a service or a linked container of such a name.
  ///
  /// A release called sequitur with a Kafka beside it has a service `sequitur-kafka`, and Kubernetes gives each pod
  /// `SEQUITUR_KAFKA_SERVICE_HOST`, `SEQUITUR_KAFKA_PORT=tcp://10.0.0.1:9092`, `SEQUITUR_KAFKA_PORT_9092_TCP_ADDR` and
  /// the like (`enableServiceLinks`); Docker's links also make `…_NAME=/app/kafka` and `…_ENV_…`.
  static func isMadeByOrchestrator(_ name: String, _ value: Value) -> Bool {
    if name.contains(/^SEQUITUR_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/) {
      return true
    }
    if name.contains(/^SEQUITUR_(\w+_)?ENV_\w+$/) { return true }
    guard case .text(let text) = value else { return false }
    if name.hasSuffix("_PORT") { return text.contains(/^(tcp|udp|sctp):\/\//) }
    return name.hasSuffix("_NAME") && text.hasPrefix("/")
  }

  private static func warnings(_ unknown: [String], known: [String]) -> [String] {
    var warnings = unknown.prefix(warningsMax).map { name in
      let cure = Suggestion.text(for: name, among: known)
      return "Warning: the environment variable \(ShownText.line(name)) is no setting, and nobody reads it"
        + (cure.isEmpty ? "." : cure)
    }
    if unknown.count > warningsMax {
      warnings.append(
        "Warning: nor \((unknown.count - warningsMax).counted("more variable")) of that prefix.")
    }
    return warnings
  }
}
