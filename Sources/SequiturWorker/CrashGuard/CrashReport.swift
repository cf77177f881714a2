import KafkaClient
import Logging
import ReadableText
import Sequitur

/// Tells of the commands at which a worker ended before: where they stand, and their key and type, so that they can be
/// found, and whoever sent them.
struct CrashReport {
  let topic: String
  /// A plain reader's.
  let configuration: KafkaConfiguration
  let logger: Logger

  /// Blocks, for each suspect at most so long as a start can bear.
  func tell(_ suspects: [CrashGuard.Suspect]) {
    for suspect in suspects {
      var metadata: Logger.Metadata = [
        "topic": "\(topic)", "partition": "\(suspect.partition)", "offset": "\(suspect.offset)",
        "attempt": "\(suspect.attempts)", "rejected-after": "\(CrashGuard.attemptsMax)",
      ]
      metadata.merge(name(suspect)) { _, new in new }
      logger.error("the worker ended while it executed a command", metadata: metadata)
    }
  }

  private func name(_ suspect: CrashGuard.Suspect) -> Logger.Metadata {
    do throws(KafkaError) {
      return try read(suspect) ?? ["key": "unknown: the command is not on its topic any more"]
    } catch {
      return ["key": "unknown: \(error)"]
    }
  }

  /// What the command's record says; nil when it does not come.
  private func read(_ suspect: CrashGuard.Suspect) throws(KafkaError) -> Logger.Metadata? {
    let reader = try KafkaConsumer(
      configuration: configuration.merging(["isolation.level": "read_uncommitted"]), logger: logger)
    try reader.assign([
      TopicPartitionOffset(topic: topic, partition: suspect.partition, offset: suspect.offset)
    ])
    let deadline = ContinuousClock.now + Self.wait
    var batch = MessageBatch(capacity: 1)
    while ContinuousClock.now < deadline {
      guard reader.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(100)) > 0 else { continue }
      guard batch[0].isRecord else { continue }
      return batch[0].offset == suspect.offset ? describe(batch[0]) : nil
    }
    return nil
  }

  private func describe(_ message: borrowing Message) -> Logger.Metadata {
    var type = "none"
    var trace: String?
    let isReadable = message.forEachHeader { name, value in
      guard let value else { return }
      switch String(decoding: name, as: UTF8.self) {
      case "ce_type": type = ShownText.line(value)
      case "traceparent": trace = ShownText.line(value)
      default: break
      }
    }
    if !isReadable { type = "unknown: the headers cannot be parsed" }
    var metadata: Logger.Metadata = [
      "key": "\(message.key.map { ShownText.line($0) } ?? "none")", "type": "\(type)",
    ]
    if let trace { metadata["traceparent"] = "\(trace)" }
    return metadata
  }

  /// How long one command's record is waited for.
  private static let wait = Duration.seconds(3)
}
