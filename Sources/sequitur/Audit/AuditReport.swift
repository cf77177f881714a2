import KafkaClient
import RulesModel
import Logging
import SequiturWorker

/// What an audit is told.
struct AuditConfiguration: Sendable {
  /// With `bootstrap.servers`.
  var kafka: KafkaConfiguration
  var applicationID: String
  var topics: TopicNames
  /// With rules, statuses, fields and forgotten objects are judged exactly.
  var rules: Rules?
  /// Commands that no checkpoint covers yet are no fault.
  var allowsPending = false
  var logger: Logger
  /// Called now and then, from the audit's own thread.
  var progress: (@Sendable (AuditProgress) -> Void)?
}

/// How far an audit is.
struct AuditProgress: Sendable {
  var partition: Int
  var partitions: Int
  var commands: Int
}

/// A place where the topics break a guarantee.
struct AuditFault: Sendable, Codable, Hashable, CustomStringConvertible {
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

  var description: String {
    "\(topic)/\(partition)\(offset.map { "/\($0)" } ?? ""): \(sentence) (\(kind.rawValue))"
  }
}

/// What an audit found.
struct AuditReport: Sendable, Codable {
  /// So many faults are kept; the others are only counted.
  static let faultsMax = 100

  var partitions = 0
  /// Commands that have, or should have, an outcome.
  var commands = 0
  var events = 0
  var rejections = 0
  var eventTypes: [String: Int] = [:]
  var rejectionCodes: [String: Int] = [:]
  /// Objects that exist at the end, by the changelog.
  var objects = 0
  /// Commands behind the last checkpoint, without an outcome yet.
  var pending = 0
  /// Outcomes whose command was deleted by retention.
  var deletedCommands = 0
  var eventsDigest = ""
  /// Absent when the states are not JSON with a `status`.
  var statesDigest: String?
  var faultCount = 0
  /// The first ``faultsMax``.
  var faults: [AuditFault] = []
  /// What could not be judged, and why.
  var notes: [String] = []

  /// Whether no guarantee is broken.
  var isClean: Bool { faultCount == 0 }

  mutating func add(_ fault: AuditFault) {
    faultCount += 1
    if faults.count < Self.faultsMax { faults.append(fault) }
  }
}
