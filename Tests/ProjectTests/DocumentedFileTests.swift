import Foundation
import TestBroker
import Testing

/// Pages that name a file must name one that is there: files move.
struct DocumentedFileTests {
  private static let roots = ["Sources/", "", "docs/"]

  /// Paths in code spans, such as `SequiturWorker/Lane/Lane.swift`; names without a folder are taken for those of the
  /// file before in the same row, and not looked for.
  private func paths(in text: String) -> [String] {
    text.matches(of: /`([A-Za-z][\w-]*\/[\w+\/.-]+\.(?:swift|md|yaml|py))`/).map { String($0.1) }
  }

  private func missing(in text: String) -> [String] {
    paths(in: text).filter { path in !Self.roots.contains { ProjectFile.exists($0 + path) } }
  }

  @Test func `every source file that a page names is there`() throws {
    let docs = try FileManager.default.contentsOfDirectory(
      atPath: PackageRoot.url.appending(path: "docs").path
    )
    .filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }
    var count = 0
    for page in docs + ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
      let text = try ProjectFile.read(page).text
      count += paths(in: text).count
      #expect(missing(in: text) == [], "\(page)")
    }
    #expect(count > 30, "the pages name files")
  }

  @Test func `a file that is not there is found`() {
    #expect(
      missing(in: "| `SequiturWorker/Lane/Gone.swift` | `Sequitur/Decider.swift` |") == [
        "SequiturWorker/Lane/Gone.swift"
      ])
    #expect(missing(in: "`Tests/ProjectTests/StyleTests.swift` and `Lane.swift`") == [])
  }
}
