import ReadableText
import Yams

/// Turns YAML nodes into rules, and collects every fault on the way.
struct RulesReader {
  var source: RulesSource
  let path: String
  private var faults: [RulesFault] = []
  /// How many more there are.
  private var unlisted = 0
  private var forms = NameForms()
  let suggestion = Suggestion()

  /// The declared fields; nil where one could not be read. Nil when `fields` could not be read.
  var declared: [String: Rules.Field?]? = [:]
  var fieldOrder: [String] = []
  /// What every rule's expressions may name.
  private(set) var scope = ExpressionScope()
  /// Whether all fields of the object could be read.
  private(set) var canCheckTypes = true
  /// Nil when `states` could not be read.
  var states: [String]? = []
  /// ``Rules/none`` and the states.
  var statuses: Set = [Rules.none]
  /// Where states and fields stand, for warnings.
  var marks: [String: Mark] = [:]
  /// Where the parts of each rule stand, in the order of the rules.
  var places: [RulePlaces] = []

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
      root,
      known: [
        "object", "version", "migrate", "unknown-fields", "fields", "states", "commands", "examples",
      ],
      required: ["object", "states", "commands"], what: "rules")
    guard let top else { return nil }
    let object = top["object"].flatMap { name($0.value, as: .object) }
    let version = top["version"].map { readVersion($0.value) } ?? 1
    let unknownFields = top["unknown-fields"].map { readUnknownFields($0.value) } ?? .keep
    if let fields = top["fields"] { readFields(fields.value) }
    scope.suggestion = suggestion
    canCheckTypes = declared.map { !$0.values.contains { $0 == nil } } ?? false
    if let states = top["states"] { readStates(states.value) } else { states = nil }
    let migrations = top["migrate"].map { readMigrations($0.value, version: version) } ?? []
    let commands = top["commands"].map { readCommands($0.value) } ?? []
    let examples = top["examples"].map { readExamples($0.value, of: commands) } ?? []
    guard let object, let states, !hasErrors else { return nil }
    let rules = Rules(
      object: object, version: version, unknownFields: unknownFields,
      fields: fieldOrder.compactMap { declared?[$0] ?? nil }, states: states, commands: commands,
      migrations: migrations, examples: examples)
    warn(about: rules)
    return rules
  }

  private mutating func readVersion(_ node: Node) -> Int {
    guard case .scalar(let scalar) = node, let version = Int(scalar.string), 1...65_535 ~= version else {
      report("Expected a version, 1 to 65535, but found \(phrase(node))", at: node.mark)
      return 1
    }
    return version
  }

  private mutating func readUnknownFields(_ node: Node) -> Rules.UnknownFields {
    let names = Rules.UnknownFields.allCases.map(\.rawValue)
    guard case .scalar(let scalar) = node, let choice = Rules.UnknownFields(rawValue: scalar.string) else {
      let cure = suggest(for: node.scalar?.string ?? "", among: names)
      report("Expected one of \(RulesText.list(names)), but found \(phrase(node))\(cure)", at: node.mark)
      return .keep
    }
    return choice
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
      let field = field(entry, of: .object)
      scope.add(state: entry.name, field)
      declared?.updateValue(field, forKey: entry.name)
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
      let rules = command(entry)
      if isNamed { commands += rules }
    }
    return commands
  }
}

/// Where the parts of a rule stand.
struct RulePlaces {
  /// A line and a column, each from 1.
  typealias Place = (line: Int, column: Int)

  var rule: Place
  var guards: [Place] = []
  /// Where the rule reads fields of the object.
  var reads: [(field: String, place: Place)] = []
}
