import Sequitur

extension Rules {
  /// Tells these rules from others: the object's name, ``version``, and a digest of the ``normalForm``.
  public var fingerprint: DeciderFingerprint {
    DeciderFingerprint(name: object, version: version, definition: normalForm)
  }

  /// What states look like that these rules write: a line `state open` for each status, and `field price decimal(2)` for
  /// each field, sorted. It leaves out what does not matter for reading a state.
  public var stateForm: String {
    let lines =
      fields.map { "field \($0.name) \($0.type.normalForm)" }.sorted() + states.map { "state \($0)" }.sorted()
    return lines.joined(separator: "\n")
  }

  /// Whether these rules read the states that former rules left, and what has changed since.
  public func change(from former: FormerDecider) -> DeciderChange {
    let now = RulesOutline(normalForm)
    var changes: [RulesChange] = []
    if let before = former.fingerprint, before.version > version {
      changes.append(.versionLowered(from: before.version, to: version))
    }
    if let before = former.fingerprint, before.name != object {
      changes.append(.objectRenamed(from: before.name, to: object))
    }
    if changes.isEmpty {
      for form in former.forms.forms {
        let old = RulesOutline(form.text, version: form.version)
        for change in RulesDiff.stateChanges(from: old, to: now) where !changes.contains(change) {
          changes.append(change)
        }
      }
    }
    let blocking = changes.filter { $0.severity != .compatible }
    guard blocking.isEmpty else { return .unreadable(blocking.map(\.description)) }
    guard let definition = former.definition else {
      return .readable("the rules have changed; the states that exist are read")
    }
    return .readable(RulesDiff.summary(RulesDiff.changes(from: RulesOutline(definition), to: now)))
  }
}
