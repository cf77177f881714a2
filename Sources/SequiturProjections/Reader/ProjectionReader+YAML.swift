import RulesModel
import Yams

/// One pair of a mapping.
struct ProjectionEntry {
  let name: String
  let mark: Mark?
  let value: Node
}

extension ProjectionReader {
  /// The document's root; nil after a fault.
  mutating func compose() -> Node? {
    guard source.aliasCount <= ProjectionFile.aliasesMax else {
      report("Expected at most \(ProjectionFile.aliasesMax) aliases, but found more", at: nil)
      return nil
    }
    guard source.aliasCount == 0 || !source.mayHaveComplexKey else {
      report(
        "Expected plain words as keys in a file with aliases, but found an alias, a list or a mapping",
        at: nil
      )
      return nil
    }
    var composed = 0
    while true {
      composed += source.scalars.count
      do {
        guard let root = try Yams.compose(yaml: source.text, .basic, .default, .utf8) else {
          report("Expected a projection, but the file is empty", at: nil)
          return nil
        }
        return root
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        let key = keys.first ?? ""
        let isInBounds = composed < ProjectionFile.composedMax
        if isInBounds, source.mask(key, line: context.mark.line, column: context.mark.column) { continue }
        report("Expected each key once, but found `\(RulesText.shown(key))` more than once", at: context.mark)
      } catch {
        report(syntaxError: error)
      }
      return nil
    }
  }

  private mutating func report(syntaxError error: any Error) {
    switch error {
    case YamlError.scanner(let context, let problem, let mark, _),
      YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      report("Expected YAML, but \(problem)\(context.map { " \($0.text)" } ?? "")", at: mark)
    case YamlError.reader(let problem, let offset, _, _):
      let mark = source.mark(ofCharacter: offset ?? 0)
      report("Expected YAML, but \(problem)", line: mark.line, column: mark.column)
    default:
      report("Expected YAML, but \(error)", at: nil)
    }
  }

  /// What a message calls a node.
  func phrase(_ node: Node) -> String {
    switch node {
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    case .scalar(let scalar) where scalar.style == .plain && ["", "~", "null"].contains(scalar.string):
      "nothing"
    case .scalar(let scalar): "`\(RulesText.shown(scalar.string))`"
    }
  }

  /// A mapping's pairs, each name once; nil after a fault. `what` says what was expected.
  mutating func entries(_ node: Node, what: String) -> [ProjectionEntry]? {
    guard case .mapping(let mapping) = node else {
      report("Expected \(what), but found \(phrase(node))", at: node.mark)
      return nil
    }
    var entries: [ProjectionEntry] = []
    var lines: [String: Int] = [:]
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key else {
        report("Expected a key, but found \(phrase(key))", at: key.mark)
        continue
      }
      let name = source.masked[scalar.string] ?? scalar.string
      if let first = lines[name] {
        report(
          "Expected each key once, but found `\(RulesText.shown(name))` again. It is first on line \(first)",
          at: key.mark)
        continue
      }
      lines[name] = key.mark?.line ?? 1
      entries.append(ProjectionEntry(name: name, mark: key.mark, value: value))
    }
    return entries
  }

  /// A mapping with known keys; reports those that are unknown or missing.
  mutating func keyed(
    _ node: Node, known: [String], required: [String], what: String
  ) -> [String: ProjectionEntry]? {
    guard let entries = entries(node, what: "\(what) with the keys \(RulesText.list(known))") else {
      return nil
    }
    var found: [String: ProjectionEntry] = [:]
    for entry in entries {
      if known.contains(entry.name) {
        found[entry.name] = entry
      } else {
        let cure = suggestion.text(for: entry.name, among: known)
        report(
          "Expected one of \(RulesText.list(known)), but found `\(RulesText.shown(entry.name))`\(cure)",
          at: entry.mark)
      }
    }
    for key in required where found[key] == nil {
      report("Expected \(what) to have the key `\(key)`, but there is none", at: node.mark)
    }
    return found
  }

  /// One of a few words; nil after a fault.
  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ entry: ProjectionEntry, _ type: Choice.Type
  ) -> Choice? where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    if let text = entry.value.scalar?.string, let choice = Choice(rawValue: text) { return choice }
    let cure = suggestion.text(for: entry.value.scalar?.string ?? "", among: names)
    report(
      "Expected one of \(RulesText.list(names)), but found \(phrase(entry.value))\(cure)",
      at: entry.value.mark)
    return nil
  }
}
