import Yams

/// One pair of a mapping.
struct RulesEntry {
  let name: String
  let mark: Mark?
  /// Whether the name was written without quotes.
  let isPlain: Bool
  let value: Node
}

extension RulesReader {
  /// The document's root; nil after a fault.
  mutating func compose() -> Node? {
    guard source.aliasCount <= RulesFile.aliasesMax else {
      report("Expected at most \(RulesFile.aliasesMax) aliases, but found more", line: 1, column: 1)
      return nil
    }
    guard source.aliasCount == 0 || !source.mayHaveComplexKey else {
      report(
        "Expected plain words as keys in a file with aliases, but found an alias, a list or a mapping",
        line: 1,
        column: 1)
      return nil
    }
    var composed = 0
    while true {
      composed += source.scalars.count
      do {
        // No scalar is wanted as a number or a date, and looking for them takes most of the time.
        guard let root = try Yams.compose(yaml: source.text, .basic, .default, .utf8) else {
          report("Expected rules, but the file is empty", line: 1, column: 1)
          return nil
        }
        return root
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        let key = keys.first ?? ""
        let isInBounds = composed < RulesFile.composedMax
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
      if problem.hasPrefix("but "), let context {
        // Yams' own sentence: expected a single document in the stream, but found another document.
        report("E\(context.text.dropFirst()), \(problem)", at: mark)
      } else {
        report("Expected YAML, but \(problem)\(context.map { " \($0.text)" } ?? "")", at: mark)
      }
    case YamlError.reader(let problem, let offset, _, _):
      let mark = source.mark(ofCharacter: offset ?? 0)
      report("Expected YAML, but \(problem)", line: mark.line, column: mark.column)
    default:
      report("Expected YAML, but \(error)", line: 1, column: 1)
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
  mutating func entries(_ node: Node, what: String) -> [RulesEntry]? {
    guard case .mapping(let mapping) = node else {
      report("Expected \(what), but found \(phrase(node))", at: node.mark)
      return nil
    }
    var entries: [RulesEntry] = []
    var lines: [String: (line: Int, name: String)] = [:]
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key else {
        report("Expected a key, but found \(phrase(key))", at: key.mark)
        continue
      }
      let name = source.masked[scalar.string] ?? scalar.string
      if let first = lines[name], first.name.hasSameBytes(as: name) {
        report(
          "Expected each key once, but found `\(RulesText.shown(name))` again. It is first on line \(first.line)",
          at: key.mark)
        continue
      }
      // Another Unicode form of the name is a key of its own, and found to be a fault when its use is known.
      lines[name] = (key.mark?.line ?? 1, name)
      entries.append(
        RulesEntry(name: name, mark: key.mark, isPlain: scalar.style == .plain, value: value))
    }
    return entries
  }

  /// A mapping with known keys; reports those that are unknown or missing.
  mutating func keyed(
    _ node: Node, known: [String], required: [String], what: String, at mark: Mark? = nil
  ) -> [String: RulesEntry]? {
    guard let entries = entries(node, what: "\(what) with the keys \(RulesText.list(known))") else {
      return nil
    }
    var found: [String: RulesEntry] = [:]
    for entry in entries {
      if known.contains(entry.name) {
        found[entry.name] = entry
      } else {
        let cure = suggest(for: entry.name, among: known)
        report(
          "Expected one of \(RulesText.list(known)), but found `\(RulesText.shown(entry.name))`\(cure)",
          at: entry.mark)
      }
    }
    for key in required where found[key] == nil {
      report("Expected \(what) to have the key `\(key)`, but there is none", at: mark ?? node.mark)
    }
    return found
  }

  /// A name; nil after a fault.
  mutating func name(_ node: Node, as use: RulesName.Use) -> String? {
    guard case .scalar(let scalar) = node, phrase(node) != "nothing" else {
      report("Expected the name of \(use.phrase), but found \(phrase(node))", at: node.mark)
      return nil
    }
    let isFine = checkName(scalar.string, isPlain: scalar.style == .plain, as: use, at: scalar.mark)
    return isFine ? scalar.string : nil
  }

  /// Whether a mapping's key is a name; reports it otherwise.
  mutating func name(_ entry: RulesEntry, as use: RulesName.Use) -> Bool {
    checkName(entry.name, isPlain: entry.isPlain, as: use, at: entry.mark)
  }

  private mutating func checkName(
    _ name: String, isPlain: Bool, as use: RulesName.Use, at mark: Mark?
  ) -> Bool {
    if use == .field, name == "true" || name == "false" {
      report("Expected the name of a field, but found `\(name)`, which is a literal in guards", at: mark)
      return false
    }
    if isPlain, RulesName.isYAMLWord(name) {
      report(
        "Expected the name of \(use.phrase), but found `\(name)`, which YAML readers take for a boolean or for "
          + "null. Put it in quotes: '\(name)'", at: mark)
      return false
    }
    if let fault = RulesName.fault(name, as: use) {
      report("Expected the name of \(use.phrase), but \(fault)", at: mark)
      return false
    }
    checkForm(of: name, as: use, at: mark)
    return true
  }
}

extension RulesName.Use {
  /// Like `an event`.
  var phrase: String { self == .event || self == .object ? "an \(rawValue)" : "a \(rawValue)" }
}
