import Yams

/// Turns YAML nodes into rules, and collects every fault on the way.
struct RulesReader {
  var source: RulesSource
  let path: String
  private var faults: [RulesFault] = []
  /// How many more there are.
  private var unlisted = 0
  private var forms = NameForms()
  private var suggestion = Suggestion()

  /// The declared fields; the type is nil where it could not be read. Nil when `fields` could not be read.
  var declared: [String: FieldType?]? = [:]
  var fieldOrder: [String] = []
  /// Nil when `states` could not be read.
  var states: [String]? = []
  /// ``Rules/none`` and the states.
  var statuses: Set = [Rules.none]
  /// Where states, fields and commands stand, for warnings.
  var marks: [String: Mark] = [:]

  init(source: RulesSource, path: String) {
    self.source = source
    self.path = path
  }

  /// In the order of the file.
  var sortedFaults: [RulesFault] {
    var sorted = faults.enumerated().sorted {
      ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
    }.map(\.element)
    guard unlisted > 0, let last = sorted.last else { return sorted }
    sorted.append(
      RulesFault(
        severity: last.severity, path: path, line: last.line, column: last.column,
        message:
          "Expected at most \(RulesFile.faultsMax) faults, but found \(unlisted) more. Mend these first"))
    return sorted
  }

  var hasErrors: Bool { faults.contains { $0.severity == .error } }

  mutating func report(
    _ message: String, at mark: Mark?, severity: RulesFault.Severity = .error
  ) {
    report(message, line: mark?.line ?? 1, column: mark?.column ?? 1, severity: severity)
  }

  mutating func report(
    _ message: String, line: Int, column: Int, severity: RulesFault.Severity = .error
  ) {
    guard faults.count < RulesFile.faultsMax else { return unlisted += 1 }
    faults.append(RulesFault(severity: severity, path: path, line: line, column: column, message: message))
  }

  /// ` Did you mean …?`, or nothing when no candidate is near, or the fault would not be listed.
  mutating func suggest(for word: String, among candidates: some Sequence<String>) -> String {
    faults.count < RulesFile.faultsMax ? suggestion.text(for: word, among: candidates) : ""
  }

  /// Reports a name that stands elsewhere in another Unicode form.
  mutating func checkForm(of name: String, as use: RulesName.Use, line: Int, column: Int) {
    if let fault = forms.fault(name, as: use, line: line) { report(fault, line: line, column: column) }
  }

  mutating func checkForm(of name: String, as use: RulesName.Use, at mark: Mark?) {
    checkForm(of: name, as: use, line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  /// The rules; nil, or of no use, when there are errors.
  mutating func read() -> Rules? {
    guard let root = compose() else { return nil }
    let top = keyed(
      root, known: ["object", "fields", "states", "commands"], required: ["object", "states", "commands"],
      what: "rules")
    guard let top else { return nil }
    let object = top["object"].flatMap { name($0.value, as: .object) }
    if let fields = top["fields"] { readFields(fields.value) }
    if let states = top["states"] { readStates(states.value) } else { states = nil }
    let commands = top["commands"].map { readCommands($0.value) } ?? []
    guard let object, let states, !hasErrors else { return nil }
    let fields = fieldOrder.compactMap { name in declared?[name]?.map { Rules.Field(name: name, type: $0) } }
    let rules = Rules(object: object, fields: fields, states: states, commands: commands)
    warn(about: rules)
    return rules
  }

  private mutating func readFields(_ node: Node) {
    guard let entries = entries(node, what: "a mapping of field names to types") else {
      declared = nil
      return
    }
    for entry in entries where name(entry, as: .field) {
      if entry.name == "status" {
        report(
          "Expected a field's name, but found `status`, which is kept for every object. Choose another name",
          at: entry.mark)
        continue
      }
      let type = type(entry.value)
      declared?.updateValue(type, forKey: entry.name)
      fieldOrder.append(entry.name)
      marks["field \(entry.name)"] = entry.mark
    }
  }

  private mutating func readStates(_ node: Node) {
    guard case .sequence(let list) = node else {
      report("Expected a list of states, but found \(phrase(node))", at: node.mark)
      states = nil
      return
    }
    if list.isEmpty { report("Expected at least one state, but the list is empty", at: node.mark) }
    for item in list {
      guard let state = name(item, as: .state) else { continue }
      if state == Rules.none {
        report(
          "Expected a state's name, but found `none`, which stands for an object that does not exist. Remove it",
          at: item.mark)
      } else if !statuses.insert(state).inserted {
        report("Expected each state once, but found `\(state)` again", at: item.mark)
      } else {
        states?.append(state)
        marks["state \(state)"] = item.mark
      }
    }
  }

  private mutating func readCommands(_ node: Node) -> [CommandRule] {
    guard let entries = entries(node, what: "a mapping of command names to rules") else { return [] }
    if entries.isEmpty { report("Expected at least one command, but there is none", at: node.mark) }
    var commands: [CommandRule] = []
    for entry in entries {
      let isNamed = name(entry, as: .command)
      marks["command \(entry.name)"] = entry.mark
      if let rule = command(entry), isNamed { commands.append(rule) }
    }
    return commands
  }
}
