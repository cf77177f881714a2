/// What another decider would have decided otherwise.
public struct RehearsalReport: Sendable, Encodable {
  /// Commands that were decided again, and compared with their outcome.
  public internal(set) var commands = 0
  /// Those of them whose outcome differs.
  public internal(set) var differences = 0
  /// The differences by what an outcome was and what it would be: the most frequent first.
  public internal(set) var changes: [Change] = []
  /// Commands that could not be decided again, since the state that they met is not known any more.
  public internal(set) var withoutState = 0
  /// Commands that could not be compared, since retention has deleted their outcomes.
  public internal(set) var withoutOutcome = 0
  /// Commands that no worker has decided yet.
  public internal(set) var pending = 0
  /// Which commands were read, by partition.
  public internal(set) var ranges: [Range] = []
  /// Sentences about what was found beside the differences.
  public internal(set) var notes: [String] = []

  /// Outcomes of one kind that would be of another.
  public struct Change: Sendable, Hashable, Encodable {
    /// `valid: ` and the types of the events, `invalid: ` and the rejection's code, or `none`.
    public let from: String
    /// Likewise. Events of the same types, but with other payloads, are `valid: paid, with another payload`.
    public let to: String
    /// How many commands changed so.
    public internal(set) var count = 0
    /// The first ones.
    public internal(set) var samples: [Sample] = []
  }

  /// One command whose outcome differs.
  public struct Sample: Sendable, Hashable, Encodable {
    /// The object's key, as people may read it.
    public let key: String
    /// `<topic>/<partition>/<offset>`.
    public let position: String
    /// Why it would be rejected, or why it was.
    public let reason: String
  }

  /// Commands of one partition, from `start` to below `end`.
  public struct Range: Sendable, Hashable, Encodable {
    /// The partition of the commands topic.
    public let partition: Int32
    /// The offset of the first command.
    public let start: Int64
    /// The offset behind the last one.
    public let end: Int64
    /// Whether objects may be older than the range, so that it begins from their states.
    public let beginsFromState: Bool
  }

  /// The most kinds of changes that are told apart; what comes beyond is of the kind `other`.
  static let changesMax = 1_000
  /// The most samples of all changes together.
  static let samplesMax = 100_000
  private var samples = 0

  private enum CodingKeys: String, CodingKey {
    case commands, differences, changes, withoutState, withoutOutcome, pending, ranges, notes
  }

  init() {}

  mutating func add(from: String, to: String, samplesMax: Int, _ sample: () -> Sample) {
    differences += 1
    let index = index(from, to)
    changes[index].count += 1
    guard changes[index].samples.count < samplesMax, samples < Self.samplesMax else { return }
    samples += 1
    changes[index].samples.append(sample())
  }

  private mutating func index(_ from: String, _ to: String) -> Int {
    if let index = changes.firstIndex(where: { $0.from == from && $0.to == to }) { return index }
    if changes.count >= Self.changesMax {
      if changes[Self.changesMax - 1].from == "other" { return Self.changesMax - 1 }
    }
    let isRoom = changes.count < Self.changesMax - 1
    changes.append(Change(from: isRoom ? from : "other", to: isRoom ? to : "other"))
    return changes.count - 1
  }

  /// Adds what was found in another partition, behind what was found so far.
  mutating func add(_ other: RehearsalReport, samplesMax: Int) {
    commands += other.commands
    differences += other.differences
    withoutState += other.withoutState
    withoutOutcome += other.withoutOutcome
    pending += other.pending
    ranges += other.ranges
    notes += other.notes
    for change in other.changes {
      let index = index(change.from, change.to)
      changes[index].count += change.count
      let room = min(samplesMax - changes[index].samples.count, Self.samplesMax - samples)
      let taken = change.samples.prefix(max(0, room))
      changes[index].samples += taken
      samples += taken.count
    }
  }

  /// Puts the most frequent changes first.
  mutating func sort() {
    changes.sort { ($1.count, $0.from, $0.to) < ($0.count, $1.from, $1.to) }
  }
}

/// A change that is wanted, and no difference up to its number.
public struct AllowedChange: Sendable, Hashable {
  /// As in ``RehearsalReport/Change``; a `*` stands for any text, or none.
  public let from: String
  /// Likewise.
  public let to: String
  /// The most that are wanted; `nil`: any number.
  public let countMax: Int?

  /// A change from one outcome to another.
  public init(from: String, to: String, countMax: Int? = nil) {
    self.from = from
    self.to = to
    self.countMax = countMax
  }

  func matches(_ change: RehearsalReport.Change) -> Bool {
    Self.matches(change.from[...], from[...]) && Self.matches(change.to[...], to[...])
  }

  /// Whether a text fits a pattern, of which each `*` stands for any text.
  static func matches(_ text: Substring, _ pattern: Substring) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else { return text == pattern }
    guard text.hasPrefix(first), text.hasSuffix(last), text.utf8.count >= first.utf8.count + last.utf8.count
    else { return false }
    var rest = text.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return true
  }
}

extension RehearsalReport {
  /// The changes that no entry of the list wants.
  ///
  /// Of a change that several entries match, the first counts. An entry with a count wants no change that is more frequent.
  public func changes(beyond allowed: [AllowedChange]) -> [Change] {
    changes.filter { change in
      guard let entry = allowed.first(where: { $0.matches(change) }) else { return true }
      return entry.countMax.map { change.count > $0 } ?? false
    }
  }
}
