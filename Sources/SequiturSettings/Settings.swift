import Configuration
import Foundation
import ReadableText
import TerminalView

/// Where settings come from besides the flags: the environment, and below it the configuration file.
package struct Settings {
  /// A property of librdkafka, and where it was set.
  package struct Property {
    package let name: String
    package let value: String
    /// Like `the environment variable SEQUITUR_KAFKA_CLIENT_ID`, or the place in the file.
    package let origin: String
    /// A file's text is never shown, not even what looks like a name.
    package let isFromFile: Bool
  }

  /// librdkafka's properties of both, the environment's over the file's.
  package let kafka: [Property]
  private let reader: ConfigReader
  private let environment: EnvironmentSettings
  private let file: SettingsFile?
  private static let scope = "sequitur"

  /// - Parameter path: the file that `--config` names; nil for `SEQUITUR_CONFIG`, or none.
  /// - Throws: a ``CommandFailure`` that names the file and the place, or the variable.
  package init(file path: String?) throws {
    let environment = try EnvironmentSettings.ofProcess()
    self.environment = environment
    let origin = path == nil ? "SEQUITUR_CONFIG" : "--config"
    let file = try (path ?? environment.configurationFile).map { try SettingsFile(path: $0, origin: origin) }
    self.file = file
    var values: [AbsoluteConfigKey: ConfigValue] = [:]
    for (key, text) in file?.values ?? [:] {
      values[[Self.scope, key.rawValue]] = ConfigValue(.string(text), isSecret: false)
    }
    reader = ConfigReader(providers: [
      EnvironmentVariablesProvider(environmentVariables: environment.settings),
      InMemoryProvider(name: "configuration file", values: values),
    ])
    kafka =
      (file?.kafka ?? []).map { Property(name: $0.name, value: $0.value, origin: $0.place, isFromFile: true) }
      + environment.kafka.map {
        Property(
          name: $0.name, value: $0.value, origin: "the environment variable \(ShownText.line($0.variable))",
          isFromFile: false)
      }
    for warning in environment.warnings { Terminal.printError(warning) }
  }

  /// The flag's value, or else the environment's, or else the file's.
  package func text(_ flag: String?, _ key: SettingKey) -> String? {
    flag ?? reader.string(forKey: ConfigKey([Self.scope, key.rawValue]))
  }

  /// Where the value comes from, as a message names it: the flag, the variable, or the key of the file.
  package func origin(_ flag: Any?, _ key: SettingKey) -> String {
    if flag != nil { return "--\(key.rawValue)" }
    if environment.settings[key.environmentName] != nil {
      return "the environment variable \(key.environmentName)"
    }
    return file?.values[key] == nil ? "--\(key.rawValue)" : "\(key.rawValue) in \(file?.path ?? "the file")"
  }

  /// The same for an integer.
  /// - Throws: a ``CommandFailure`` that names the environment variable; the file was checked before.
  package func integer(_ flag: Int?, _ key: SettingKey) throws -> Int? {
    guard flag == nil, let text = text(nil, key) else { return flag }
    guard let number = Int(text) else { throw mismatch(flag, key, text) }
    return number
  }

  /// The same for a boolean: `true` or `false`, also `1` or `0`.
  /// - Throws: a ``CommandFailure`` that names the environment variable; the file was checked before.
  package func boolean(_ flag: Bool?, _ key: SettingKey) throws -> Bool? {
    guard flag == nil, let text = text(nil, key) else { return flag }
    switch text.lowercased() {
    case "true", "1": return true
    case "false", "0": return false
    default: throw mismatch(flag, key, text)
    }
  }

  /// The same for a time, like `15s`.
  /// - Throws: a ``CommandFailure`` that names the flag or the environment variable; the file was checked before.
  package func duration(_ flag: String?, _ key: SettingKey) throws -> Duration? {
    guard let text = text(flag, key) else { return nil }
    if let duration = DurationText.parse(text) { return duration }
    throw mismatch(flag, key, text)
  }

  private func mismatch(_ flag: Any?, _ key: SettingKey, _ text: String) -> CommandFailure {
    CommandFailure(
      "Expected \(origin(flag, key)) to be \(key.kind.phrase), but it is `\(ShownText.line(text, atMost: 80))`."
    )
  }
}
