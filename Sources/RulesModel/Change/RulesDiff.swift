/// What differs between two versions of rules, and what each difference means for objects that exist.
public struct RulesDiff: Sendable, Hashable, CustomStringConvertible {
  /// Those that keep a worker from starting first.
  public let changes: [RulesChange]

  /// - Parameters:
  ///   - old: the rules that have decided so far.
  ///   - new: the rules that shall go on.
  public init(from old: Rules, to new: Rules) {
    changes = Self.changes(from: RulesOutline(old.normalForm), to: RulesOutline(new.normalForm))
  }

  /// Whether a worker with the new rules starts where the old ones have written states.
  public var isReadable: Bool { changes.allSatisfy { $0.severity == .compatible } }

  /// One line for each.
  public var description: String { changes.map(\.description).joined(separator: "\n") }

  /// A JSON object on one line: `{"readable":true,"changes":[{"severity":…,"kind":…,"subject":…,"meaning":…,"cure":…}]}`.
  public var json: String {
    "{\"readable\":\(isReadable),\"changes\":[\(changes.map(\.json).joined(separator: ","))]}"
  }

  /// All differences; of severities in the order in which they are declared.
  static func changes(from old: RulesOutline, to new: RulesOutline) -> [RulesChange] {
    var changes = headChanges(from: old, to: new) + stateChanges(from: old, to: new)
    changes += fieldChanges(from: old, to: new)
    changes += migrationChanges(from: old, to: new)
    changes += commandChanges(from: old, to: new)
    return RulesChange.Severity.allCases.flatMap { severity in changes.filter { $0.severity == severity } }
  }

  /// One line for a worker's log.
  static func summary(_ changes: [RulesChange]) -> String {
    let subjects = changes.map(\.subject).reduce(into: [String]()) { all, subject in
      if !all.contains(subject) { all.append(subject) }
    }
    let named =
      subjects.isEmpty ? "in what `rules diff` does not tell" : RulesText.list(Array(subjects.prefix(8)))
    let more = subjects.count > 8 ? " and \(subjects.count - 8) more" : ""
    return "the rules have changed (\(named)\(more)); the states that exist are read"
  }

  private static func headChanges(from old: RulesOutline, to new: RulesOutline) -> [RulesChange] {
    var changes: [RulesChange] = []
    if let before = old.object, let now = new.object, before != now {
      changes.append(.objectRenamed(from: before, to: now))
    }
    if let before = old.version, let now = new.version, before != now {
      changes.append(
        before > now
          ? .versionLowered(from: before, to: now)
          : RulesChange(
            .compatible, .version, "version",
            "it goes from \(before) to \(now): a worker with the old rules no longer serves what one with the new ones "
              + "has changed"))
    }
    if old.unknownFields != new.unknownFields {
      let meaning =
        switch new.unknownFields {
        case "drop": "fields that no rule names are taken out of events from now on"
        case "reject": "commands with fields that no rule names are rejected from now on, as invalid-field"
        default: "fields that no rule names go into events from now on"
        }
      changes.append(
        RulesChange(
          .compatible, .unknownFields, "unknown-fields",
          "\(old.unknownFields) is now \(new.unknownFields): \(meaning)"
        ))
    }
    return changes
  }

  // MARK: States

  /// What concerns the reading of states: statuses that are gone or new, and fields of another type.
  ///
  /// - Parameter old: rules, or a form of states and its version.
  static func stateChanges(from old: RulesOutline, to new: RulesOutline) -> [RulesChange] {
    let migration = old.version.flatMap { new.migrations[$0] }
    var changes: [RulesChange] = []
    for status in old.states.subtracting(new.states).sorted() {
      changes.append(goneStatus(status, old, new, migration))
    }
    for (name, field) in old.fields.sorted(by: { $0.key < $1.key }) {
      guard let now = new.fields[name], now.type != field.type else { continue }
      changes.append(retyped(field, now, old, new, migration))
    }
    for (name, expression) in (migration?.fields ?? [:]).sorted(by: { $0.key < $1.key }) {
      for read in stateNames(in: expression) where old.fields[read] == nil {
        changes.append(
          RulesChange(
            .needsMigration, .migration, "field \(name)",
            "migrate reads state.\(read), but states of version \(old.version ?? 0) have no field \(read)",
            cure: "Write one of \(RulesText.list(old.fields.keys.sorted()))"))
      }
    }
    return changes
  }

  private static func goneStatus(
    _ status: String, _ old: RulesOutline, _ new: RulesOutline, _ migration: RulesOutline.Migration?
  ) -> RulesChange {
    let subject = "status \(status)"
    if let target = migration?.states[status] {
      return RulesChange(
        .compatible, .status, subject, "it is gone; objects that have it are read as \(target)")
    }
    let added = new.states.subtracting(old.states).sorted()
    let target = added.count == 1 ? added[0] : "…"
    return RulesChange(
      .needsMigration, .status, subject, "it is gone, and objects that have it could not be read",
      cure: cure("states: {\(status): \(target)}", old, new))
  }

  private static func retyped(
    _ field: RulesOutline.Field, _ now: RulesOutline.Field, _ old: RulesOutline, _ new: RulesOutline,
    _ migration: RulesOutline.Migration?
  ) -> RulesChange {
    let (subject, change) = ("field \(field.name)", "\(field.type) is now \(now.type)")
    if let expression = migration?.fields[field.name] {
      return RulesChange(
        .compatible, .fieldType, subject, "\(change); older states are read by \(InfixText(expression))")
    }
    switch TypeReading(field.type, as: now.type) {
    case .alike:
      return RulesChange(.compatible, .fieldType, subject, "\(change), which reads the older values")
    case .withGoneMembers(let members):
      return RulesChange(
        .compatible, .fieldType, subject,
        "\(change): \(RulesText.list(members)) \(members.count == 1 ? "is" : "are") gone; objects may hold "
          + "\(members.count == 1 ? "it" : "them") until a command sets the field")
    case .never:
      let function = now.type.prefix { $0 != "(" }
      let isConverted = Function(rawValue: String(function))?.isConversion ?? false
      let value = isConverted ? "\(function)(state.\(field.name))" : "state.\(field.name)"
      return RulesChange(
        .needsMigration, .fieldType, subject, "\(change), which cannot read the older values",
        cure: cure("fields: {\(field.name): \"\(value)\"}", old, new))
    }
  }

  /// What to write so that states of the old version are read.
  private static func cure(_ part: String, _ old: RulesOutline, _ new: RulesOutline) -> String {
    let (before, now) = (old.version ?? 1, new.version ?? 1)
    let text = "migrate: {from: \(before), \(part)}"
    return now > before ? "Write \(text)" : "Write version: \(before + 1) and \(text)"
  }

  /// The object's fields that an expression in normal form reads.
  private static func stateNames(in expression: String) -> [String] {
    var names: [String] = []
    var isQuoted = false
    var word = ""
    var previous: Character = " "
    func close() {
      if word.hasPrefix("state."), !names.contains(String(word.dropFirst(6))) {
        names.append(String(word.dropFirst(6)))
      }
      word = ""
    }
    for character in expression {
      if character == "\"", previous != "\\" { isQuoted.toggle() }
      if isQuoted || " ()".contains(character) { close() } else { word.append(character) }
      previous = character
    }
    close()
    return names
  }

  // MARK: Fields

  private static func fieldChanges(from old: RulesOutline, to new: RulesOutline) -> [RulesChange] {
    var changes = new.states.subtracting(old.states).sorted().map {
      RulesChange(.compatible, .status, "status \($0)", "it is new")
    }
    for name in Set(old.fields.keys).union(new.fields.keys).sorted() {
      let subject = "field \(name)"
      switch (old.fields[name], new.fields[name]) {
      case (nil, let field?):
        let meaning =
          field.initial.map { "objects that exist read it as \(InfixText($0))" }
          ?? "it is missing in objects that exist until a command sets it"
        changes.append(RulesChange(.compatible, .field, subject, "it is new: \(meaning)"))
      case (_?, nil):
        changes.append(
          RulesChange(
            .compatible, .field, subject,
            "it is gone: older states are read without it, and lose it with the next command"))
      case (let field?, let now?):
        changes += BoundsComparison.changes(
          from: field, to: now, subject, existing: "values that exist stay as they are")
        if let change = defaultChange(from: field.initial, to: now.initial, subject) {
          changes.append(change)
        }
      case (nil, nil): break
      }
    }
    return changes
  }

  private static func defaultChange(from old: String?, to new: String?, _ subject: String) -> RulesChange? {
    guard old != new else { return nil }
    let meaning =
      switch (old, new) {
      case (nil, let value?):
        "its default is \(InfixText(value)) now: objects without the field read it as that"
      case (let value?, nil):
        "its default was \(InfixText(value)): objects that have it written keep it, for others it is missing"
      case (let value?, let now?):
        "its default was \(InfixText(value)) and is \(InfixText(now)): objects keep what is written in their state"
      case (nil, nil): ""
      }
    return RulesChange(.compatible, .defaultValue, subject, meaning)
  }

  private static func migrationChanges(from old: RulesOutline, to new: RulesOutline) -> [RulesChange] {
    Set(old.migrations.keys).union(new.migrations.keys).sorted().compactMap { from in
      let subject = "migrate from \(from)"
      switch (old.migrations[from], new.migrations[from]) {
      case (nil, _?) where from != old.version:
        return RulesChange(
          .compatible, .migration, subject, "it is new: it says how states of version \(from) are read")
      case (_?, nil):
        return RulesChange(
          .compatible, .migration, subject,
          "it is gone: states of version \(from) are read as they are, and a worker does not start where it could not"
        )
      case (let one?, let other?) where one != other:
        return RulesChange(
          .compatible, .migration, subject, "states of version \(from) are read in another way")
      default: return nil
      }
    }
  }
}

/// Whether values of one type, as they stand in a state, are read as another type.
enum TypeReading: Equatable {
  case alike
  /// All but these texts of an enum, which are kept though they are none of it any more.
  case withGoneMembers([String])
  case never

  /// - Parameters:
  ///   - old: a type in normal form, like `decimal(2)`.
  ///   - new: likewise.
  init(_ old: String, as new: String) {
    let exact = ["integer", "timestamp", "duration"]
    if old == new || (exact.contains(old) && exact.contains(new)) {
      self = .alike
    } else if exact.contains(old), new == "number" {
      self = .alike
    } else if exact.contains(old), let scale = Self.scale(new) {
      // 19 digits before the point, of 34.
      self = scale + 19 <= ExactDecimal.digitsMax ? .alike : .never
    } else if let scale = Self.scale(old), let other = Self.scale(new) {
      self = scale <= other ? .alike : .never
    } else if let members = Self.members(old) {
      let others = Self.members(new)
      let gone = others.map { others in members.filter { !others.contains($0) } } ?? []
      self =
        new == "string" || (others != nil && gone.isEmpty)
        ? .alike : others == nil ? .never : .withGoneMembers(gone)
    } else {
      self = .never
    }
  }

  private static func scale(_ type: String) -> Int? {
    guard type.hasPrefix("decimal("), type.hasSuffix(")") else { return nil }
    return Int(type.dropFirst(8).dropLast())
  }

  /// An enum's texts, in quotes.
  private static func members(_ type: String) -> [String]? {
    guard type.hasPrefix("enum("), type.hasSuffix(")") else { return nil }
    var members: [String] = []
    var text = ""
    var (isQuoted, isEscaped) = (false, false)
    for character in type.dropFirst(5).dropLast() {
      if character == "\"", !isEscaped { isQuoted.toggle() }
      isEscaped = !isEscaped && character == "\\"
      if character == ",", !isQuoted {
        members.append(text)
        text = ""
      } else {
        text.append(character)
      }
    }
    return members + [text]
  }
}
