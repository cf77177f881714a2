import ReadableText
import RulesModel

/// All versions of the rules that may have decided, the oldest first, and which of them is asked for which commands.
///
/// The checkpoints say which decider decided. Where they do not, since compaction has removed them or an older version of
/// Sequitur wrote none, an outcome is right when one of the versions explains it.
final class AuditRulebook {
  /// Commands of one decider, and how many of their outcomes it does not explain.
  struct Tally: Equatable {
    var commands = 0
    var faults = 0
  }

  let versions: [AuditRules]
  private let indexes: [String: Int]
  /// By fingerprint; nil for commands that no checkpoint tells of.
  private(set) var tallies: [String?: Tally] = [:]
  private var last = 0

  init(_ versions: [Rules]) {
    self.versions = versions.map { AuditRules($0) }
    indexes = Dictionary(
      self.versions.enumerated().map { ($0.element.fingerprint, $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The names of all fields that some version keeps, each once.
  var fieldNames: [String] {
    versions.flatMap { $0.rules.fields.map(\.name) }.reduce(into: []) { names, name in
      if !names.contains(name) { names.append(name) }
    }
  }

  func count(_ stretch: AuditStretches.Stretch) { tallies[stretch.decider, default: Tally()].commands += 1 }

  /// The versions that may have decided, the likeliest first.
  private func candidates(_ stretch: AuditStretches.Stretch) -> [Int] {
    if let decider = stretch.decider, let index = indexes[decider] {
      if stretch.isCertain { return [index] }
      return [index] + versions.indices.filter { $0 != index }.sorted { abs($0 - index) < abs($1 - index) }
    }
    return [last] + versions.indices.filter { $0 != last }
  }

  /// Takes an event into the object; returns what is wrong with it, as sentences.
  func apply(
    _ event: AuditRecord, type: String, index: Int64?, command: AuditRecord?, version: Int64,
    in stretch: AuditStretches.Stretch, to object: inout AuditedObject
  ) -> [String] {
    var likeliest: (object: AuditedObject, faults: [String])?
    for candidate in candidates(stretch) {
      var taken = seen(object, by: candidate)
      let faults = versions[candidate].apply(
        event, type: type, index: index, command: command, version: version, to: &taken)
      guard !faults.isEmpty else {
        (object, last) = (taken, candidate)
        return []
      }
      likeliest = likeliest ?? (taken, faults)
    }
    guard let likeliest else { return [] }
    object = likeliest.object
    tallies[stretch.decider, default: Tally()].faults += 1
    return likeliest.faults
  }

  /// What is wrong with a rejection, as a sentence; nil when nothing is, or it cannot be told.
  ///
  /// - Parameter object: nil when it does not exist.
  func fault(
    of code: String, _ command: AuditRecord, in stretch: AuditStretches.Stretch, on object: AuditedObject?
  ) -> String? {
    var likeliest: String?
    for candidate in candidates(stretch) {
      let fault = versions[candidate].fault(of: code, command, on: object.map { seen($0, by: candidate) })
      guard let fault else { return nil }
      likeliest = likeliest ?? fault
    }
    if likeliest != nil { tallies[stretch.decider, default: Tally()].faults += 1 }
    return likeliest
  }

  /// What differs between the fold of the events and the changelog's state; nil when nothing does.
  func difference(_ object: AuditedObject, _ state: AuditedState) -> String? {
    guard versions[object.form].rules.version != state.schemaVersion,
      let writer = versions.lastIndex(where: { $0.rules.version == state.schemaVersion })
    else { return versions[object.form].difference(object, state) }
    // Where no checkpoint tells, others than those that wrote the state may explain its events.
    return versions[writer].difference(seen(object, by: writer), state)
  }

  /// The object as this version of the rules reads it.
  private func seen(_ object: AuditedObject, by index: Int) -> AuditedObject {
    guard object.form != index else { return object }
    var seen = object
    seen.form = index
    guard let status = object.status, !object.isUnclear else {
      seen.fields = []
      return seen
    }
    let former = versions[object.form].rules
    let fields = object.fields.isEmpty ? Array(repeating: nil, count: former.fields.count) : object.fields
    let read = AuditFormerStates(rules: versions[index].rules).read(
      status: status, fields.map { $0?.value }, of: former)
    var offsets: [String: Int64] = [:]
    for (field, value) in zip(former.fields, fields) { offsets[field.name] = value?.offset }
    seen.status = read.status
    seen.fields = zip(versions[index].rules.fields, read.fields).map { field, value in
      value.map { AuditedField(value: $0, offset: offsets[field.name] ?? 0) }
    }
    return seen
  }

  /// What is to be said of commands that none of the versions decided, or that nobody says who decided.
  var notes: [String] {
    let known = versions.map(\.fingerprint).joined(separator: ", ")
    return tallies.sorted { ($0.key ?? "") < ($1.key ?? "") }.compactMap { decider, tally in
      let commands = tally.commands.counted("command")
      guard let decider else {
        guard tally.faults >= 10, tally.faults * 10 > tally.commands else { return nil }
        return
          "No checkpoint says who decided \(commands), and \(known) \(versions.count == 1 ? "does" : "do") not explain "
          + "\(tally.faults.grouped) of their outcomes: these are probably not the rules that decided."
      }
      if indexes[decider] != nil { return nil }
      return
        "\(commands) \(tally.commands == 1 ? "was" : "were") decided by \(decider), which is none of --rules (\(known)): "
        + "these are probably not the rules that decided. "
        + (tally.faults == 0
          ? "They explain all of the outcomes."
          : "They do not explain \(tally.faults.grouped) of the outcomes.")
    }
  }
}
