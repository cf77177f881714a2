import Foundation
import TerminalView

/// Where a demo's worker keeps its state: a temporary directory, unless it is to be kept.
package struct DemoDirectory {
  package let path: String
  private let isKept: Bool

  /// - Parameter kept: the directory to keep; it must be empty or not there, since a demo's topics are new.
  package init(kept: String?) throws {
    isKept = kept != nil
    guard let kept else {
      path = FileManager.default.temporaryDirectory.appending(path: "sequitur-demo-\(UUID().uuidString)").path
      return
    }
    let content = (try? FileManager.default.contentsOfDirectory(atPath: kept)) ?? []
    guard content.isEmpty else {
      throw CommandFailure(
        "Expected --keep to name a new or empty directory, but \(kept) holds \(content.sorted()[0]).")
    }
    path = kept
  }

  /// Removes a directory that is not kept.
  package func remove() {
    if !isKept { try? FileManager.default.removeItem(atPath: path) }
  }
}
