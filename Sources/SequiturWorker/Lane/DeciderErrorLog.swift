import Logging
import ReadableText
import Sequitur
import Synchronization

/// A command that was rejected as `decider-error`: the decider, or the state that it had to read, is broken.
@usableFromInline
package struct DeciderErrorReport: Sendable, Hashable {
  /// On the commands topic.
  let offset: Int64
  let key: [UInt8]
  /// The command's type by its header; nil when it has none.
  let type: String?
  /// Of the request that sent the command (W3C Trace Context); nil when it has none.
  let traceparent: String?
  let reason: String
  /// What errors of one cause have in common: the type and the reason without numbers and quoted texts.
  let kind: String

  init(offset: Int64, key: [UInt8], type: String?, traceparent: String? = nil, reason: String) {
    self.traceparent = traceparent
    self.offset = offset
    self.key = key
    self.type = type
    self.reason = reason
    kind = Self.kind(type, reason)
  }

  private static func kind(_ type: String?, _ reason: String) -> String {
    var kind = (type ?? "") + ": "
    var quote: Character?
    for character in reason.prefix(300) {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "`" || character == "'" || character == "\"" {
        quote = character
      } else if !character.isNumber {
        kind.append(character)
      }
    }
    return String(kind.prefix(120))
  }
}

/// Says that a decider fails: at once, and again each minute as long as it does.
///
/// Such an error is a fault of the application's, not of who sent the command: somebody has to mend it. One line for each
/// would bury all others, since a broken decider fails for every command. Any thread.
final class DeciderErrorLog: Sendable {
  private let topic: String
  private let logger: Logger
  private let start = ContinuousClock.now
  private let tally = Mutex(DeciderErrorTally())

  init(topic: String, logger: Logger) {
    self.topic = topic
    self.logger = logger
  }

  func report(_ partition: Int32, _ errors: [DeciderErrorReport]) {
    let now = ContinuousClock.now - start
    for error in errors {
      guard let count = tally.withLock({ $0.add(error.kind, at: now) }) else { continue }
      var metadata: Logger.Metadata = [
        "topic": "\(topic)", "partition": "\(partition)", "offset": "\(error.offset)",
        "key": "\(ShownText.line(error.key, atMost: 80))",
        "type": "\(ShownText.line(error.type ?? "none", atMost: 80))",
        "reason": "\(ShownText.line(error.reason, atMost: 500))",
      ]
      if let trace = error.traceparent { metadata["traceparent"] = "\(ShownText.line(trace, atMost: 80))" }
      if count > 1 { metadata["reports-since-the-last-line"] = "\(count)" }
      logger.error(
        "the decider failed; the command is rejected as decider-error, and so are others of its kind",
        metadata: metadata)
    }
  }
}

/// How often each kind of error was reported, and whether it is time to say so.
struct DeciderErrorTally {
  /// Kinds that are told apart; what is beyond is one kind.
  static let kindsMax = 64

  private var kinds: [String: (told: Duration, count: Int)] = [:]

  /// Counts an error; how many came since the last time, this one included, when it is to be told.
  mutating func add(_ kind: String, at now: Duration) -> Int? {
    if kinds[kind] == nil, kinds.count >= Self.kindsMax {
      kinds = kinds.filter { now - $0.value.told < IncidentLimits.reportInterval }
    }
    let kind = kinds[kind] == nil && kinds.count >= Self.kindsMax ? "" : kind
    guard let known = kinds[kind] else {
      kinds[kind] = (now, 0)
      return 1
    }
    guard now - known.told >= IncidentLimits.reportInterval else {
      kinds[kind] = (known.told, known.count + 1)
      return nil
    }
    kinds[kind] = (now, 0)
    return known.count + 1
  }
}
