import Foundation
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
    let url = PackageRoot.url.appending(path: "docs/configuration.md")
    let text = try String(contentsOf: url, encoding: .utf8)
    let marker = "| flag | environment | values | default | librdkafka's | |\n|---|---|---|---|---|---|\n"
    let start = try #require(text.range(of: marker))
    let rest = text[start.upperBound...]
    let end = rest.range(of: "\n\n")?.lowerBound ?? rest.endIndex
    let table = SettingKey.allCases.map(row).joined(separator: "\n")
    if ProcessInfo.processInfo.environment["SEQUITUR_WRITE_DOCS"] != nil {
      try (text[..<start.upperBound] + table + text[end...]).write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(
      rest[..<end] == table,
      "write it with SEQUITUR_WRITE_DOCS=1 swift test --filter ConfigurationPageTests")
  }
}
