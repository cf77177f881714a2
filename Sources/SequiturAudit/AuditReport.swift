import KafkaClient
import Logging
import RulesModel
import SequiturTopics

/// What an audit is told.
package struct AuditConfiguration: Sendable {
  /// With `bootstrap.servers`.
  var kafka: KafkaConfiguration
  var applicationID: String
  var topics: TopicNames
  /// With rules, statuses, fields and forgotten objects are judged exactly: all versions that may have decided, the oldest
  /// first.
  var rules: [Rules] = []
  /// Commands that no checkpoint covers yet are no fault.
  var allowsPending = false
  var logger: Logger
  /// Called now and then, from the audit's own thread.
  var progress: (@Sendable (AuditProgress) -> Void)?

  package init(
    kafka: KafkaConfiguration, applicationID: String, topics: TopicNames, rules: [Rules] = [],
    allowsPending: Bool = false, logger: Logger, progress: (@Sendable (AuditProgress) -> Void)? = nil
  ) {
    self.kafka = kafka
    self.applicationID = applicationID
    self.topics = topics
    self.rules = rules
    self.allowsPending = allowsPending
    self.logger = logger
    self.progress = progress
  }
}

/// How far an audit is.
package struct AuditProgress: Sendable {
  package var partition: Int
  package var partitions: Int
  package var commands: Int
}

/// A place where the topics break a guarantee.
package struct AuditFault: Sendable, Codable, Hashable, CustomStringConvertible {
  /// Which check failed.
  enum Kind: String, Sendable, Codable {
    case missingOutcome = "missing-outcome"
    case doubleOutcome = "double-outcome"
    case outcomeOrder = "outcome-order"
    case strayOutcome = "stray-outcome"
    case version
    case key
    case rejection
    case envelope
    case rules
    case changelog
    case state
    case checkpoint
    case pending
    case lostCommands = "lost-commands"
    case otherCommands = "other-commands"
  }

  let kind: Kind
  let topic: String
  let partition: Int32
  /// Of the record at fault; nil when it is one that is not there.
  let offset: Int64?
  let sentence: String
  /// How many faults are equal to it but for keys, numbers and quoted texts, itself included.
  package var count = 1

  package var description: String {
    "\(topic)/\(partition)\(offset.map { "/\($0)" } ?? ""): \(sentence) (\(kind.rawValue))"
  }

  /// What equal faults have in common.
  fileprivate var pattern: String {
    var rest = Substring(sentence)
    if rest.hasPrefix("Of "), let colon = rest.firstRange(of: ": ") { rest = rest[colon.upperBound...] }
    var pattern = "\(kind.rawValue) \(topic) "
    var isQuoted = false
    var last: Character = " "
    for character in rest {
      if character == "'" { isQuoted.toggle() }
      let next: Character = character.isNumber ? "#" : character
      if !isQuoted, !(next == "#" && last == "#") { pattern.append(next) }
      last = next
    }
    return pattern
  }
}

/// What an audit found.
package struct AuditReport: Sendable, Codable {
  /// So many faults are kept; the others are only counted.
  static let faultsMax = 100

  package var partitions = 0
  /// Commands that have, or should have, an outcome.
  package var commands = 0
  package var events = 0
  package var rejections = 0
  package var eventTypes: [String: Int] = [:]
  package var rejectionCodes: [String: Int] = [:]
  /// Objects that exist at the end, by the changelog.
  package var objects = 0
  /// Commands behind the last checkpoint, without an outcome yet.
  package var pending = 0
  /// Outcomes whose command was deleted by retention.
  package var deletedCommands = 0
  package var eventsDigest = ""
  /// Absent when the states are not JSON with a `status`.
  package var statesDigest: String?
  package var faultCount = 0
  /// The first of each kind of equal ones, at most ``faultsMax``.
  package var faults: [AuditFault] = []
  /// With rules: commands by the fingerprint of what decided them, `unknown` where no checkpoint tells.
  package var deciders: [String: Int] = [:]
  /// What could not be judged, and why.
  package var notes: [String] = []

  /// Whether no guarantee is broken.
  package var isClean: Bool { faultCount == 0 }

  /// Where the fault of a pattern stands among the ``faults``.
  private var places: [String: Int] = [:]

  mutating func add(_ fault: AuditFault) {
    faultCount += 1
    let pattern = fault.pattern
    if let place = places[pattern] { return faults[place].count += 1 }
    guard faults.count < Self.faultsMax else { return }
    places[pattern] = faults.count
    faults.append(fault)
  }

  private enum CodingKeys: String, CodingKey {
    case partitions, commands, events, rejections, eventTypes, rejectionCodes, objects, pending,
      deletedCommands
    case eventsDigest, statesDigest, faultCount, faults, deciders, notes
  }
}
