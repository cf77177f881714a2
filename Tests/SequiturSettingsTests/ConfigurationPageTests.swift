import TestBroker
import Testing

@testable import SequiturSettings

/// docs/configuration.md is the table of settings. `SEQUITUR_WRITE_DOCS=1` writes it.
struct ConfigurationPageTests {
  private func row(_ key: SettingKey) -> String {
    let setting = key.setting
    let property =
      switch setting.destination {
      case .property(let name): "`\(name)`"
      case .own: ""
      }
    let environment = key == .kafka ? "`SEQUITUR_KAFKA_…`" : "`\(key.environmentName)`"
    let standard = setting.standard.map { $0.replacing("|", with: "\\|") } ?? "–"
    return "| `--\(key.rawValue)` | \(environment) | \(setting.kind.range) | \(standard) | \(property) | "
      + "\(setting.text.replacing("|", with: "\\|")) |"
  }

  @Test func `docs/configuration.md is the table of settings`() throws {
    let head = "| flag | environment | values | default | librdkafka's | |\n|---|---|---|---|---|---|\n"
    let table = SettingKey.allCases.map(row).joined(separator: "\n")
    let found = try PageTable.find("docs/configuration.md", behind: head, writing: table)
    #expect(
      found == table,
      "write it with SEQUITUR_WRITE_DOCS=1 swift test --filter ConfigurationPageTests")
  }
}
