import Configuration
import Foundation

/// Where settings come from besides the flags: the environment, and below it the configuration file.
struct Settings {
  private let reader: ConfigReader
  /// librdkafka's properties of both, the environment's over the file's.
  let kafka: [(name: String, value: String)]
  private static let scope = "sequitur"
  private static let kafkaPrefix = "SEQUITUR_KAFKA_"

  /// - Parameter path: the file that `--config` names; nil for `SEQUITUR_CONFIG`, or none.
  init(file path: String?) throws {
    let environment = ProcessInfo.processInfo.environment
    let file = try (path ?? environment["SEQUITUR_CONFIG"]).map { try SettingsFile(path: $0) }
    var values: [AbsoluteConfigKey: ConfigValue] = [:]
    for (key, text) in file?.values ?? [:] {
      values[[Self.scope, key.rawValue]] = ConfigValue(.string(text), isSecret: false)
    }
    reader = ConfigReader(providers: [
      EnvironmentVariablesProvider(environmentVariables: environment),
      InMemoryProvider(name: "configuration file", values: values),
    ])
    let fromEnvironment = environment.filter { $0.key.hasPrefix(Self.kafkaPrefix) }.sorted { $0.key < $1.key }
    kafka =
      (file?.kafka ?? [])
      + fromEnvironment.map { name, value in
        (name.dropFirst(Self.kafkaPrefix.count).lowercased().replacingOccurrences(of: "_", with: "."), value)
      }
  }

  /// The flag's value, or else the environment's, or else the file's.
  func text(_ flag: String?, _ key: SettingKey) -> String? {
    flag ?? reader.string(forKey: ConfigKey([Self.scope, key.rawValue]))
  }

  /// The same for an integer.
  /// - Throws: a ``CommandFailure`` that names the environment variable; the file was checked before.
  func integer(_ flag: Int?, _ key: SettingKey) throws -> Int? {
    guard flag == nil, let text = text(nil, key) else { return flag }
    guard let number = Int(text) else { throw mismatch(key, text) }
    return number
  }

  /// The same for a boolean: `true` or `false`, also `1` or `0`.
  /// - Throws: a ``CommandFailure`` that names the environment variable; the file was checked before.
  func boolean(_ flag: Bool?, _ key: SettingKey) throws -> Bool? {
    guard flag == nil, let text = text(nil, key) else { return flag }
    switch text.lowercased() {
    case "true", "1": return true
    case "false", "0": return false
    default: throw mismatch(key, text)
    }
  }

  /// The same for a time, like `15s`.
  /// - Throws: a ``CommandFailure`` that names the flag or the environment variable; the file was checked before.
  func duration(_ flag: String?, _ key: SettingKey) throws -> Duration? {
    guard let text = text(flag, key) else { return nil }
    if let duration = DurationText.parse(text) { return duration }
    guard flag != nil else { throw mismatch(key, text) }
    throw CommandFailure(
      "Expected --\(key.rawValue) to be \(key.kind.phrase), but it is `\(text.prefix(80))`.")
  }

  private func mismatch(_ key: SettingKey, _ text: String) -> CommandFailure {
    CommandFailure(
      "Expected the environment variable \(key.environmentName) to be \(key.kind.phrase), "
        + "but it is `\(text.prefix(80))`.")
  }
}
