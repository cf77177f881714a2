import ArgumentParser
import SequiturSettings

// Flags that are settings as well: name and help come from the table.

extension Option {
  /// - Parameter help: instead of the table's.
  init<Parsed: ExpressibleByArgument>(_ key: SettingKey, help: String? = nil) where Value == Parsed? {
    self.init(name: .setting(key), help: .setting(key, help))
  }
}

extension Flag where Value == Bool? {
  /// With `--no-…` beside it.
  init(_ key: SettingKey) {
    self.init(name: .setting(key), inversion: .prefixedNo, help: .setting(key))
  }
}

extension NameSpecification {
  static func setting(_ key: SettingKey) -> NameSpecification { .customLong(key.rawValue) }
}

extension ArgumentHelp {
  static func setting(_ key: SettingKey, _ help: String? = nil) -> ArgumentHelp {
    ArgumentHelp(stringLiteral: help ?? key.setting.help).named(key.setting.valueName)
  }

  /// Of `--config`, which names the file that settings come from.
  static let config = ArgumentHelp("A YAML or JSON file with settings.", valueName: "file")
  /// Of `--json`, where a command reports.
  static let json: ArgumentHelp = "Report as JSON on standard output."

  private func named(_ valueName: String?) -> ArgumentHelp {
    var help = self
    if let valueName { help.valueName = valueName }
    return help
  }
}
