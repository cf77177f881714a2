import ReadableText
import RegularFiles
import Sequitur
import SequiturSettings
import SequiturWorker
import TerminalView
import Yams

/// Reads the list of changes that are wanted: a report of `rehearse --json`, or YAML like
/// `[{from: "valid: paid", to: "invalid: guard-failed", count: 7}]`.
enum AllowedChangesFile {
  private static let bytesMax = 1 << 20
  private static let aliasesMax = 32

  /// - Throws: a ``CommandFailure`` that names the file, the line and the cure.
  static func read(_ path: String) throws -> [AllowedChange] {
    guard !path.isEmpty else {
      throw CommandFailure("Expected --allow to name a file, but it is empty. Name one, or leave it out.")
    }
    let bytes: [UInt8]
    do throws(RegularFile.Fault) {
      bytes = try RegularFile.read(path, atMost: bytesMax)
    } catch {
      throw CommandFailure(
        "Expected to read the changes that are wanted from \(ShownText.line(path)), but \(error). Check --allow. (A report is "
          + "short with --samples 0.)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw failure(path, 1, 1, "UTF-8", "found other bytes")
    }
    return try parse(text, path: path)
  }

  /// - Parameter path: how messages name the file.
  static func parse(_ text: String, path: String) throws -> [AllowedChange] {
    guard YAMLSource(text).aliasCount <= aliasesMax else {
      throw failure(path, 1, 1, "at most \(aliasesMax) aliases", "found more")
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      let (problem, line, column) = YAMLProblem.describe(error, in: text)
      throw failure(path, line, column, "YAML or JSON", problem)
    }
    guard let root else { return [] }
    guard let list = root.sequence ?? root.mapping?["changes"]?.sequence else {
      throw failure(
        path, root.mark?.line ?? 1, root.mark?.column ?? 1,
        "a list of changes, or a report of rehearse --json with the member changes", "found neither")
    }
    return try list.map { try change($0, path: path) }
  }

  private static func change(_ node: Node, path: String) throws -> AllowedChange {
    func fault(_ node: Node, _ expected: String, _ found: String) -> CommandFailure {
      failure(path, node.mark?.line ?? 1, node.mark?.column ?? 1, expected, found)
    }
    guard let mapping = node.mapping else {
      throw fault(
        node, "a change like {from: 'valid: paid', to: 'invalid: guard-failed'}", "found another value")
    }
    let known: Set = ["from", "to", "count", "samples"]
    for (name, _) in mapping where !known.contains(name.string ?? "") {
      throw fault(
        name, "from, to and perhaps count of a change",
        "found \(ShownText.line(name.string ?? "another key", atMost: 80))")
    }
    guard let from = mapping["from"]?.string, let to = mapping["to"]?.string else {
      throw fault(
        node, "from and to of a change, as the report names them",
        "one is missing or no text (a text with a colon needs quotes)")
    }
    var countMax: Int?
    if let count = mapping["count"] {
      guard let number = count.int, number >= 0 else {
        throw fault(count, "count to be the most that are wanted, 0 or more", "found another value")
      }
      countMax = number
    }
    return AllowedChange(from: from, to: to, countMax: countMax)
  }

  private static func failure(
    _ path: String, _ line: Int, _ column: Int, _ expected: String, _ found: String
  ) -> CommandFailure {
    CommandFailure("\(ShownText.line(path)):\(line):\(column): Expected \(expected), but \(found).")
  }
}
