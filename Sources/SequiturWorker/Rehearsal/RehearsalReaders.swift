import KafkaClient
import Logging

/// One reader for each topic, for one partition after the other.
struct RehearsalReaders {
  let commands: RecordCursor
  let valid: OutcomeCursor
  let invalid: OutcomeCursor
  let changelog: RecordCursor

  init(_ configuration: RehearsalConfiguration, _ logger: Logger) throws(KafkaError) {
    let topics = configuration.topics
    let memory = MemoryBudget(bytes: configuration.memoryBytes)
    let kafka = memory.readerProperties(readers: 4).merging(configuration.clientProperties)
    commands = try RecordCursor(topic: topics.commands, kafka: kafka, logger: logger)
    changelog = try RecordCursor(topic: topics.changelog, kafka: kafka, logger: logger)
    valid = try OutcomeCursor(
      .events, topic: topics.valid, commandsTopic: topics.commands, kafka: kafka, logger: logger)
    invalid = try OutcomeCursor(
      .rejections, topic: topics.invalid, commandsTopic: topics.commands, kafka: kafka, logger: logger)
  }

  /// Begins with a range of commands and their outcomes.
  ///
  /// - Returns: the command from which on retention has deleted no outcome.
  func open(
    _ range: RehearsalReport.Range, _ valid: Watermarks, _ invalid: Watermarks
  ) throws(KafkaError) -> Int64 {
    var start: Int64 = 0
    for (outcomes, bounds) in [(self.valid, valid), (self.invalid, invalid)] {
      if bounds.low > 0 {
        try outcomes.open(range.partition, from: 0, bounds)
        start = max(start, outcomes.command)
      }
      try outcomes.open(range.partition, from: range.start, bounds)
    }
    try commands.open(range.partition, from: range.start, to: range.end)
    return start
  }

  /// Passes over the outcomes of a command.
  func passOutcomes(of offset: Int64) throws(KafkaError) {
    for outcomes in [valid, invalid] {
      while outcomes.command == offset { try outcomes.advance() }
    }
  }
}

extension MemoryBudget {
  /// So many readers share what a worker has for commands that are fetched and not yet taken.
  ///
  /// librdkafka's own bound is 64 MiB a reader: how much a rehearsal holds would follow how much there is to read. A fetch
  /// is a fourth of the bound, 2 MiB by default.
  fileprivate func readerProperties(readers: Int) -> KafkaConfiguration {
    let bytes = fetchBytes / readers
    return [
      "queued.max.messages.kbytes": "\(min(bytes >> 10, KafkaBudget.queuedKilobytesMax))",
      "fetch.message.max.bytes": "\(min(bytes / 4, KafkaBudget.responseBytesMax))",
    ]
  }
}
