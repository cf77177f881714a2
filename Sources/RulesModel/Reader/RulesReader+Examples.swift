import JSONFields
import Yams

extension RulesReader {
  /// Examples of these commands; those with faults are left out.
  mutating func readExamples(_ node: Node, of commands: [CommandRule]) -> [RulesExample] {
    guard case .sequence(let list) = node else {
      report("Expected a list of examples, but found \(phrase(node))", at: node.mark)
      return []
    }
    let known = commands.filter { $0.alternative == 0 }.map(\.name)
    return list.compactMap { example($0, known) }
  }

  private mutating func example(_ node: Node, _ commands: [String]) -> RulesExample? {
    let keys = keyed(
      node, known: ["name", "key", "given", "when", "then"], required: ["when", "then"], what: "an example")
    guard let keys, let when = keys["when"], let then = keys["then"] else { return nil }
    var time = RulesExample.startTime
    var given: [RulesExample.Command] = []
    if let before = keys["given"] {
      guard case .sequence(let list) = before.value else {
        report("Expected a list of commands, but found \(phrase(before.value))", at: before.value.mark)
        return nil
      }
      for item in list {
        guard let command = exampleCommand(item, commands, &time) else { return nil }
        given.append(command)
      }
    }
    guard let command = exampleCommand(when.value, commands, &time) else { return nil }
    guard let outcome = outcome(then.value) else { return nil }
    let name = keys["name"].flatMap { text($0.value, "a name") }
    let key = keys["key"].flatMap { text($0.value, "a key") }
    return RulesExample(
      name: name ?? command.type, key: key ?? "example", given: given, when: command, then: outcome,
      path: path,
      line: node.mark?.line ?? 1)
  }

  private mutating func text(_ node: Node, _ what: String) -> String? {
    if case .scalar(let scalar) = node, !scalar.string.isEmpty { return scalar.string }
    report("Expected \(what), but found \(phrase(node))", at: node.mark)
    return nil
  }

  /// `{reserve: {quantity: 6}, at: 10m}`: a command, its payload and its time.
  private mutating func exampleCommand(
    _ node: Node, _ commands: [String], _ time: inout Int64
  ) -> RulesExample.Command? {
    if case .scalar(let scalar) = node, commands.contains(scalar.string) {
      return RulesExample.Command(type: scalar.string, payload: "{}", time: time)
    }
    guard let entries = entries(node, what: "a command, like {create: {total: 5}}") else { return nil }
    let types = entries.filter { $0.name != "at" }
    guard let type = types.first, types.count == 1 else {
      report(
        "Expected one command, like {create: {total: 5}, at: 10m}, but found "
          + (types.isEmpty ? "none" : types.map(\.name).joined(separator: " and ")), at: node.mark)
      return nil
    }
    if !commands.contains(type.name) {
      let cure = suggest(for: type.name, among: commands)
      report(
        "Expected one of the commands \(RulesText.list(commands)), but found `\(RulesText.shown(type.name))`\(cure)",
        at: type.mark)
      return nil
    }
    if let at = entries.first(where: { $0.name == "at" }) {
      guard let found = self.time(at.value) else { return nil }
      time = found
    }
    if phrase(type.value) == "nothing" {
      return RulesExample.Command(type: type.name, payload: "{}", time: time)
    }
    guard let value = value(type.value) else { return nil }
    guard case .object = value else {
      report("Expected a payload like {total: 5}, but found \(phrase(type.value))", at: type.value.mark)
      return nil
    }
    return RulesExample.Command(type: type.name, payload: value.json, time: time)
  }

  /// A time, or a duration since the example's start.
  private mutating func time(_ node: Node) -> Int64? {
    if case .scalar(var scalar) = node {
      if let duration = TimeText.milliseconds(duration: scalar.string) {
        let (time, isOver) = RulesExample.startTime.addingReportingOverflow(duration)
        if !isOver { return time }
      }
      let time = scalar.string.withUTF8 { TimeText.milliseconds(rfc3339: UnsafeRawBufferPointer($0)) }
      if let time = time ?? Int64(scalar.string) { return time }
    }
    report(
      "Expected a time like 2026-11-23T13:05:00Z or a duration since the start like 10m, but found \(phrase(node))",
      at: node.mark)
    return nil
  }

  private mutating func outcome(_ node: Node) -> RulesExample.Outcome? {
    let keys = keyed(
      node, known: ["rejected", "reason", "event", "events", "state"], required: [], what: "an outcome")
    guard let keys else { return nil }
    var outcome = RulesExample.Outcome()
    outcome.code = keys["rejected"].flatMap { text($0.value, "a rejection's code") }
    outcome.reason = keys["reason"].flatMap { text($0.value, "a rejection's reason") }
    if let event = keys["event"] { outcome.events = self.event(event.value).map { [$0] } }
    if let events = keys["events"] {
      guard case .sequence(let list) = events.value else {
        report("Expected a list of events, but found \(phrase(events.value))", at: events.value.mark)
        return nil
      }
      outcome.events = list.compactMap { self.event($0) }
    }
    if let state = keys["state"] { outcome.state = self.state(of: state.value) }
    guard !keys.isEmpty else {
      report(
        "Expected an outcome, like {event: created} or {rejected: guard-failed}, but found none",
        at: node.mark)
      return nil
    }
    if keys["rejected"] != nil, keys["event"] != nil || keys["events"] != nil {
      report("Expected events or a rejection, but found both", at: node.mark)
    }
    if keys["reason"] != nil, keys["rejected"] == nil {
      report("Expected `reason` beside `rejected`, but there is none", at: keys["reason"]?.mark)
    }
    return outcome
  }

  private mutating func event(_ node: Node) -> RulesExample.Event? {
    if case .scalar(let scalar) = node { return RulesExample.Event(type: scalar.string, payload: nil) }
    let keys = keyed(node, known: ["type", "payload"], required: ["type"], what: "an event")
    guard let keys, let type = keys["type"].flatMap({ text($0.value, "an event's type") }) else { return nil }
    guard let payload = keys["payload"] else { return RulesExample.Event(type: type, payload: nil) }
    guard case .object(let members)? = value(payload.value) else {
      report("Expected a payload like {total: 5}, but found \(phrase(payload.value))", at: payload.value.mark)
      return nil
    }
    return RulesExample.Event(type: type, payload: members)
  }

  private mutating func state(of node: Node) -> RulesExample.State? {
    if case .scalar(let scalar) = node {
      if scalar.string == Rules.none { return RulesExample.State.none }
      return .fields([RulesExample.Member(name: "status", value: .string(scalar.string))])
    }
    guard case .object(let members)? = value(node) else {
      report(
        "Expected a state like {status: open, total: 5}, or none, but found \(phrase(node))", at: node.mark)
      return nil
    }
    for member in members where member.name != "status" && declared?[member.name] == nil {
      let cure = suggest(for: member.name, among: fieldOrder + ["status"])
      report(
        "Expected `status` or one of \(RulesText.list(fieldOrder)), but found `\(RulesText.shown(member.name))`\(cure)",
        at: node.mark)
    }
    return .fields(members)
  }

  /// A YAML value as JSON has it.
  private mutating func value(_ node: Node) -> ExampleValue? {
    switch node {
    case .scalar(let scalar):
      guard scalar.style == .plain else { return .string(scalar.string) }
      switch scalar.string {
      case "", "~", "null": return .null
      case "true": return .boolean(true)
      case "false": return .boolean(false)
      case let text: return JSONNumber.isWellFormed(text) ? .number(text) : .string(text)
      }
    case .sequence(let list):
      let items = list.compactMap { value($0) }
      return items.count == list.count ? .list(items) : nil
    case .mapping:
      guard let entries = entries(node, what: "a mapping") else { return nil }
      let members = entries.compactMap { entry in
        value(entry.value).map { RulesExample.Member(name: entry.name, value: $0) }
      }
      return members.count == entries.count ? .object(members) : nil
    case .alias:
      report("Expected a value, but found an alias", at: node.mark)
      return nil
    }
  }
}

extension RulesReader {
  /// The examples of a file that has nothing else, for rules that were read before.
  static func examples(_ source: RulesSource, path: String, for rules: Rules) -> (
    [RulesExample], [RulesFault]
  ) {
    var reader = RulesReader(source: source, path: path)
    reader.fieldOrder = rules.fields.map(\.name)
    reader.declared = Dictionary(rules.fields.map { ($0.name, $0) }) { first, _ in first }
    guard let root = reader.compose(),
      let top = reader.keyed(root, known: ["examples"], required: ["examples"], what: "examples"),
      let list = top["examples"]
    else { return ([], reader.sortedFaults) }
    let examples = reader.readExamples(list.value, of: rules.commands)
    return (examples, reader.sortedFaults)
  }

  /// Whether the document has examples and no rules.
  static func hasOnlyExamples(_ source: RulesSource, path: String) -> Bool {
    var reader = RulesReader(source: source, path: path)
    guard case .mapping(let mapping)? = reader.compose() else { return false }
    let keys = mapping.map { $0.key.scalar?.string }
    return keys.contains("examples") && !keys.contains("object") && !keys.contains("commands")
  }
}
