import Foundation

/// A table of a page that follows from the code.
public enum PageTable {
  /// What stands behind the table's head, up to an empty line. With `SEQUITUR_WRITE_DOCS` in the environment `rows` take its
  /// place in the file; what stood there is returned all the same.
  ///
  /// - Parameter page: like `docs/metrics.md`.
  public static func find(_ page: String, behind head: String, writing rows: String) throws -> String {
    let url = PackageRoot.url.appending(path: page)
    let text = try String(contentsOf: url, encoding: .utf8)
    guard let start = text.range(of: head)?.upperBound else { throw Missing(page: page, head: head) }
    let end = text[start...].range(of: "\n\n")?.lowerBound ?? text.endIndex
    if ProcessInfo.processInfo.environment["SEQUITUR_WRITE_DOCS"] != nil {
      try (text[..<start] + rows + text[end...]).write(to: url, atomically: true, encoding: .utf8)
    }
    return String(text[start..<end])
  }

  private struct Missing: Error {
    let page: String
    let head: String
  }
}
