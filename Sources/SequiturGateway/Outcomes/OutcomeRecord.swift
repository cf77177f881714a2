import KafkaClient
import Sequitur
import SequiturTopics

/// A record of the valid or the invalid topic, as far as it says what became of a command.
struct OutcomeRecord: Sendable, Hashable {
  enum Part: Sendable, Hashable {
    /// One event; a command may have made more.
    case event(CommandOutcome.Event)
    case rejection(CommandOutcome.Rejection)
  }

  let position: CommandPosition
  let key: [UInt8]
  let part: Part

  init(position: CommandPosition, key: [UInt8] = [], part: Part) {
    self.position = position
    self.key = key
    self.part = part
  }

  /// Reads a record; nil for one that is no outcome of this application's commands.
  init?(_ message: borrowing Message, of topics: TopicNames) {
    var found: [String: String] = [:]
    let isValid = message.topic == topics.valid
    // Of headers that repeat the last one counts: a rejection carries its command's own in front of the worker's.
    guard
      message.forEachHeader({ name, value in
        guard let value, let name = Self.name(name, isValid: isValid) else { return }
        found[name] = String(decoding: value, as: UTF8.self)
      })
    else { return nil }
    guard let place = found[isValid ? "ce_id" : "command-position"],
      let position = Self.position(place, on: topics.commands, of: message.partition)
    else { return nil }
    self.position = position
    key = message.key.map { Array($0) } ?? []
    if isValid {
      guard let type = found["ce_type"], let version = found["ce_sequence"].flatMap({ UInt64($0) }) else {
        return nil
      }
      part = .event(CommandOutcome.Event(type: type, version: version))
    } else {
      guard let code = found["rejection-code"] else { return nil }
      part = .rejection(
        CommandOutcome.Rejection(
          code: code, reason: found["rejection-reason"] ?? "",
          objectVersion: found["object-version"].flatMap { UInt64($0) } ?? 0,
          originalVersion: code == "duplicate" ? found["original-version"].flatMap { UInt64($0) } : nil))
    }
  }

  private static let eventNames = ["ce_id", "ce_type", "ce_sequence"]
  private static let rejectionNames = [
    "command-position", "rejection-code", "rejection-reason", "object-version", "original-version",
  ]

  private static func name(_ bytes: UnsafeRawBufferPointer, isValid: Bool) -> String? {
    (isValid ? eventNames : rejectionNames).first { bytes.elementsEqual($0.utf8) }
  }

  /// `<commands topic>/<partition>/<offset>`, and for an event `/<index>` behind it.
  private static func position(
    _ text: String, on topic: String, of partition: Int32
  ) -> CommandPosition? {
    guard text.hasPrefix("\(topic)/") else { return nil }
    let numbers = text.dropFirst(topic.count + 1).split(separator: "/", omittingEmptySubsequences: false)
    guard numbers.count >= 2, Int32(numbers[0]) == partition, let offset = Int64(numbers[1]) else {
      return nil
    }
    return CommandPosition(partition: partition, offset: offset)
  }
}
