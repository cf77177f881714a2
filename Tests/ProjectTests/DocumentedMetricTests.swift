import Foundation
import Testing

/// Operators set alarms by docs/operations.md.
struct DocumentedMetricTests {
  @Test func `every metric of the worker is in the manual, and no other`() throws {
    let sources = try ProjectFile.swift(in: "Sources").map(\.text).joined(separator: "\n")
    let made = Set(sources.matches(of: /"(sequitur_[a-z_]+)"/).map { String($0.1) })
    #expect(made.count > 10)
    let pages = try ["operations", "changing-rules", "rebalancing", "state"].map {
      try ProjectFile.read("docs/\($0).md").text
    }
    let table = try #require(pages[0].components(separatedBy: "\n## ").first { $0.hasPrefix("Metrics\n") })
    #expect(made.filter { !table.contains("`\($0)`") }.sorted() == [])
    let named = Set(pages.flatMap { $0.matches(of: /`(sequitur_[a-z_]+)`/).map { String($0.1) } })
    #expect(named.subtracting(made) == [])
  }
}
