import ReadableText
import Yams

/// Reads mappings strictly: every field is a known one, and of its kind. What is wrong is collected with its place, and never
/// with the file's text, which may be a secret in the wrong place.
final class YAMLFields {
  private let path: String
  private(set) var faults: [String] = []
  private static let faultsMax = 20

  init(path: String) { self.path = path }

  /// A fault at a place.
  func fault(_ node: Node?, _ expected: String, _ fact: String) {
    guard faults.count < Self.faultsMax else { return }
    let mark = node?.mark
    let place = ShownText.line(path) + (mark.map { ":\($0.line):\($0.column)" } ?? "")
    faults.append("\(place): Expected \(expected), but \(fact).")
  }

  /// The fields of a mapping by name; nil when it is none.
  func mapping(_ node: Node, _ what: String, _ known: [String]) -> [String: Node]? {
    guard let mapping = node.mapping else {
      fault(node, "\(what) to be a mapping of \(known.joined(separator: ", "))", Self.found(node))
      return nil
    }
    var fields: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.string, known.contains(name) else {
        let suggestion = Suggestion.text(for: key.string ?? "", among: known)
        fault(
          key, "a field of \(what) (\(known.joined(separator: ", ")))",
          "found another name" + (suggestion.hasPrefix(". ") ? " (\(suggestion.dropFirst(2)))" : ""))
        continue
      }
      fields[name] = value
    }
    return fields
  }

  /// The entries of a list; none when it is no list.
  func list(_ node: Node?, _ what: String) -> [Node] {
    guard let node else { return [] }
    guard let list = node.sequence else {
      fault(node, "\(what) to be a list", Self.found(node))
      return []
    }
    guard list.count <= AccessDocument.entriesMax else {
      fault(node, "\(what) to have at most \(AccessDocument.entriesMax) entries", "it has \(list.count)")
      return []
    }
    return Array(list)
  }

  /// A text that is there; nil when it is not, or is no text.
  func text(_ node: Node?, _ what: String, bytesMax: Int = 1024) -> String? {
    guard let node else { return nil }
    guard let text = node.scalar?.string, node.null == nil || node.scalar?.style != .plain else {
      fault(node, "\(what) to be a text", Self.found(node))
      return nil
    }
    guard (1...bytesMax).contains(text.utf8.count), !text.utf8.contains(0) else {
      fault(node, "\(what) to have 1 to \(bytesMax) bytes", "it is empty, longer, or has a NUL")
      return nil
    }
    return text
  }

  /// A text that must be there.
  func required(_ fields: [String: Node], _ name: String, of what: String, in node: Node) -> String? {
    guard let value = fields[name] else {
      fault(node, "\(what) to have \(name)", "it has none")
      return nil
    }
    return text(value, name)
  }

  /// A text, or a list of them.
  func texts(_ node: Node?, _ what: String) -> [String]? {
    guard let node else { return nil }
    if node.sequence == nil { return text(node, what).map { [$0] } }
    let texts = list(node, what).compactMap { text($0, "each of \(what)") }
    if texts.isEmpty { fault(node, "\(what) to name something", "it is empty") }
    return texts
  }

  /// A name of somebody, or of a group.
  func name(_ node: Node?, _ what: String) -> String? {
    guard let name = text(node, what, bytesMax: SubjectName.bytesMax) else { return nil }
    guard SubjectName.isGood(name) else {
      fault(node, "\(what) to be a text without controls", "it has one")
      return nil
    }
    return name
  }

  /// What a node is, never what it says.
  static func found(_ node: Node) -> String {
    switch node {
    case .mapping: "it is a mapping"
    case .sequence: "it is a list"
    case .alias: "it is an alias"
    case .scalar: node.null != nil ? "it is nothing" : "it is a text"
    }
  }
}
