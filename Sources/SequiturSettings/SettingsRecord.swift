import Synchronization

/// What a command has asked of its settings: each value, and where it came from. Any thread.
package final class SettingsRecord: Sendable {
  /// A setting's value as the command got it.
  package struct Row: Sendable, Hashable {
    package let name: String
    /// As text; what nobody set is what the table calls the default.
    package let value: String
    package let source: Source
  }

  /// Where a value came from.
  package enum Source: String, Sendable {
    case flag
    case environment
    case file
    case standard = "default"
  }

  private let rows = Mutex<[SettingKey: Row]>([:])

  func note(_ key: SettingKey, _ value: String, _ source: Source) {
    rows.withLock { $0[key] = Row(name: key.rawValue, value: value, source: source) }
  }

  /// In the order of the table of settings.
  package var all: [Row] {
    let rows = rows.withLock { $0 }
    return SettingKey.allCases.compactMap { rows[$0] }
  }
}
