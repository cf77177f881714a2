/// Which fields of an object are set in which status, whatever way led there.
struct SettledFields {
  /// How many steps are taken at most; files that need more are not judged.
  static let stepsMax = 200_000

  private let fields: [String: Int]
  /// By status: one bit for each field. Missing: no object reaches it.
  private var sure: [String: [UInt64]] = [:]
  private var possible: [String: [UInt64]] = [:]

  /// Nil when the rules are too large to be judged in a moment.
  init?(_ rules: Rules) {
    fields = Dictionary(uniqueKeysWithValues: rules.fields.enumerated().map { ($1.name, $0) })
    let words = (rules.fields.count + 63) / 64
    let empty = [UInt64](repeating: 0, count: words)
    let effects = rules.commands.map { Effect($0, fields, words) }
    var rulesFrom: [String: [Int]] = [:]
    for (index, rule) in rules.commands.enumerated() {
      for state in rule.from { rulesFrom[state, default: []].append(index) }
    }
    sure[Rules.none] = empty
    possible[Rules.none] = empty
    var next = [Rules.none]
    var steps = 0
    while let state = next.popLast() {
      for index in rulesFrom[state] ?? [] {
        steps += words + 1
        guard steps <= Self.stepsMax else { return nil }
        let target = rules.commands[index].to ?? state
        guard target != Rules.none, let before = sure[state], let maybe = possible[state] else { continue }
        let after = effects[index].apply(to: before, isPossible: false)
        let maybeAfter = effects[index].apply(to: maybe, isPossible: true)
        if merge(after, maybeAfter, into: target) { next.append(target) }
      }
    }
  }

  /// Whether the field is set in every object that has the status.
  func isSet(_ field: String, in status: String) -> Bool { bit(field, sure[status]) }

  /// Whether the field is set in some object that has the status.
  func maybeSet(_ field: String, in status: String) -> Bool { bit(field, possible[status]) }

  private func bit(_ field: String, _ bits: [UInt64]?) -> Bool {
    guard let index = fields[field], let bits else { return true }
    return bits[index / 64] & (1 << UInt64(index % 64)) != 0
  }

  /// Whether anything changed.
  private mutating func merge(_ after: [UInt64], _ maybe: [UInt64], into status: String) -> Bool {
    guard let known = sure[status], let possibly = possible[status] else {
      sure[status] = after
      possible[status] = maybe
      return true
    }
    let both = zip(known, after).map { $0 & $1 }
    let either = zip(possibly, maybe).map { $0 | $1 }
    guard both != known || either != possibly else { return false }
    sure[status] = both
    possible[status] = either
    return true
  }

  /// What a rule does to the fields.
  private struct Effect {
    private var sets: [UInt64]
    private var maySet: [UInt64]
    private var clears: [UInt64]

    init(_ rule: CommandRule, _ fields: [String: Int], _ words: Int) {
      sets = [UInt64](repeating: 0, count: words)
      maySet = sets
      clears = sets
      let required = Set(rule.require.map(\.name))
      for name in rule.keep {
        Self.add(fields[name], to: &maySet)
        if required.contains(name) { Self.add(fields[name], to: &sets) }
      }
      for assignment in rule.assign {
        Self.add(fields[assignment.field], to: &maySet)
        let only = assignment.value.onlyField
        let isOptional = only.map { !$0.isState && !required.contains($0.name) } ?? false
        if !isOptional { Self.add(fields[assignment.field], to: &sets) }
      }
      for name in rule.unset { Self.add(fields[name], to: &clears) }
    }

    private static func add(_ index: Int?, to bits: inout [UInt64]) {
      if let index { bits[index / 64] |= 1 << UInt64(index % 64) }
    }

    func apply(to bits: [UInt64], isPossible: Bool) -> [UInt64] {
      bits.indices.map { (bits[$0] & ~clears[$0]) | (isPossible ? maySet[$0] : sets[$0]) }
    }
  }
}
