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

    package init(name: String, value: String, origin: String, isFromFile: Bool) {
      self.name = name
      self.value = value
      self.origin = origin
      self.isFromFile = isFromFile
    }
  }

  /// librdkafka's properties of both, the environment's over the file's.
  package let kafka: [Property]
  /// What was asked of these settings so far.
  package let record = SettingsRecord()
  private let reader: ConfigReader
  private let environment: EnvironmentSettings
  private let file: SettingsFile?
  /// The configuration file's path; nil without one.
  package var path: String? { file?.path }
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
  ///
  /// An empty one is a value only where the setting has a meaning for it. It is none that was left out: a script that sets
  /// a variable from one that it does not have would else run with the default, and nobody would know.
  ///
  /// - Throws: a ``CommandFailure`` that names the flag, the environment variable or the file.
  package func text(_ flag: String?, _ key: SettingKey) throws -> String? {
    guard let text = flag ?? reader.string(forKey: ConfigKey([Self.scope, key.rawValue])) else {
      record.note(key, key.setting.standard ?? "", .standard)
      return nil
    }
    record.note(key, text, source(flag, key))
    guard !text.isEmpty || key.setting.mayBeEmpty else {
      throw CommandFailure(
        "Expected \(origin(flag, key)) to have a value, but it is empty. Give it one, or leave it out.")
    }
    return text
  }

  private func source(_ flag: Any?, _ key: SettingKey) -> SettingsRecord.Source {
    if flag != nil { return .flag }
    return environment.settings[key.environmentName] != nil ? .environment : .file
  }

  /// Where the value comes from, as a message names it: the flag, the variable, or the key of the file.
  package func origin(_ flag: Any?, _ key: SettingKey) -> String {
    if flag != nil { return "--\(key.rawValue)" }
    if environment.settings[key.environmentName] != nil {
      return "the environment variable \(key.environmentName)"
    }
    return file?.values[key] == nil ? "--\(key.rawValue)" : "\(key.rawValue) in \(file?.path ?? "the file")"
  }

  /// The same for an integer, within the setting's range.
  ///
  /// - Parameter range: instead of the setting's own.
  /// - Throws: a ``CommandFailure`` that names the flag, the environment variable or the file.
  package func integer(_ flag: Int?, _ key: SettingKey, in range: ClosedRange<Int>? = nil) throws -> Int? {
    let number: Int
    if let flag {
      number = flag
      record.note(key, "\(flag)", .flag)
    } else {
      guard let text = try text(nil, key) else { return nil }
      guard let parsed = Int(text) else { throw mismatch(flag, key, text) }
      number = parsed
    }
    let kind = range.map { .integer($0) } ?? key.kind
    guard kind.contains(number) else {
      throw CommandFailure("Expected \(origin(flag, key)) to be \(kind.range), but it is \(number).")
    }
    return number
  }

  /// The same for one of the setting's words.
  /// - Throws: a ``CommandFailure`` that names the flag, the environment variable or the file.
  package func choice<Word: RawRepresentable<String>>(_ flag: String?, _ key: SettingKey) throws -> Word? {
    guard let text = try text(flag, key) else { return nil }
    guard let word = Word(rawValue: text) else { throw outOfRange(flag, key, text) }
    return word
  }

  /// The same for a size, in bytes.
  /// - Throws: a ``CommandFailure`` that names the flag, the environment variable or the file.
  package func size(_ flag: String?, _ key: SettingKey) throws -> Int? {
    guard let text = try text(flag, key) else { return nil }
    guard case .size(let least) = key.kind, let bytes = ByteCount.parse(text), bytes >= least else {
      throw outOfRange(flag, key, text)
    }
    return bytes
  }

  /// The same for a boolean: `true` or `false`, also `1` or `0`.
  /// - Throws: a ``CommandFailure`` that names the environment variable; the file was checked before.
  package func boolean(_ flag: Bool?, _ key: SettingKey) throws -> Bool? {
    if let flag { record.note(key, "\(flag)", .flag) }
    guard flag == nil, let text = try text(nil, key) else { return flag }
    switch text.lowercased() {
    case "true", "1": return true
    case "false", "0": return false
    default: throw mismatch(flag, key, text)
    }
  }

  /// The same for a time, like `15s`.
  /// - Throws: a ``CommandFailure`` that names the flag or the environment variable; the file was checked before.
  package func duration(_ flag: String?, _ key: SettingKey) throws -> Duration? {
    guard let text = try text(flag, key) else { return nil }
    if let duration = DurationText.parse(text) { return duration }
    throw mismatch(flag, key, text)
  }

  /// What a value that is none of the setting's is told with.
  package func outOfRange(_ flag: String?, _ key: SettingKey, _ text: String) -> CommandFailure {
    CommandFailure(
      "Expected \(origin(flag, key)) to be \(key.kind.range), but it is `\(ShownText.line(text, atMost: 80))`."
    )
  }

  private func mismatch(_ flag: Any?, _ key: SettingKey, _ text: String) -> CommandFailure {
    CommandFailure(
      "Expected \(origin(flag, key)) to be \(key.kind.phrase), but it is `\(ShownText.line(text, atMost: 80))`."
    )
  }
}
