import BlockingThreads
import KafkaClient
import Logging
import RulesModel
import SequiturTopics

/// Audits the guarantees of one outcome, of order and of state from the topics alone, by code of its own.
///
/// Partition by partition it joins commands with their outcomes by position, follows each key's versions, and
/// compares the changelog with what the events say. Memory: some hundred bytes an object and two bytes an event.
///
/// Workers may go on meanwhile: what the changelog says at the moment a partition is begun is what counts. Commands
/// up to its last checkpoint must have their outcome, later ones are pending, later outcomes are left out.
///
/// What it cannot know without rules: an object that begins again at version 1 was forgotten before if the
/// changelog has a tombstone for it, or a last state that fits; see ``AuditConfiguration/rules``.
package struct Audit: Sendable {
  let configuration: AuditConfiguration

  package init(_ configuration: AuditConfiguration) { self.configuration = configuration }

  /// Runs on a thread of its own.
  /// - Throws: a `TopicFault` when nobody answers or topics are missing; `KafkaError`.
  package func run() async throws -> AuditReport {
    let configuration = configuration
    return try await withBlockingThread("audit") { () throws -> AuditReport in
      try AuditRun(configuration).run()
    }
  }
}

/// One audit at work. Blocks its thread.
final class AuditRun {
  let configuration: AuditConfiguration
  let admin: KafkaAdmin
  let readers: Readers
  let rules: AuditRulebook?
  /// The fields of states that the rules keep.
  let stateNames: [String]
  let stateFields: AuditFields
  var report = AuditReport()
  var digests = AuditDigests()

  /// One reader for each topic, for one partition after the other.
  struct Readers {
    let commands: TopicReader
    let valid: TopicReader
    let invalid: TopicReader
    let changelog: TopicReader

    init(_ configuration: AuditConfiguration) throws {
      let (kafka, logger, topics) = (configuration.kafka, configuration.logger, configuration.topics)
      commands = try TopicReader(topic: topics.commands, kafka: kafka, logger: logger)
      valid = try TopicReader(topic: topics.valid, kafka: kafka, logger: logger)
      invalid = try TopicReader(topic: topics.invalid, kafka: kafka, logger: logger)
      changelog = try TopicReader(topic: topics.changelog, kafka: kafka, logger: logger)
    }
  }

  init(_ configuration: AuditConfiguration) throws {
    self.configuration = configuration
    admin = try KafkaAdmin(configuration: configuration.kafka, logger: configuration.logger)
    readers = try Readers(configuration)
    rules = configuration.rules.isEmpty ? nil : AuditRulebook(configuration.rules)
    stateNames = rules?.fieldNames ?? []
    stateFields = AuditFields(["status"] + stateNames)
  }

  func run() throws -> AuditReport {
    let partitions = try partitionCount()
    report.partitions = partitions
    for partition in 0..<partitions {
      showProgress(partition)
      try PartitionAudit(Int32(partition), of: self).run()
    }
    if let rules {
      for (decider, tally) in rules.tallies { report.deciders[decider ?? "unknown"] = tally.commands }
      report.notes += rules.notes
    }
    report.eventsDigest = digests.eventsDigest()
    report.statesDigest = digests.statesDigest()
    return report
  }

  func showProgress(_ partition: Int) {
    configuration.progress?(
      AuditProgress(partition: partition, partitions: report.partitions, commands: report.commands))
  }

  private func partitionCount() throws -> Int {
    let metadata: ClusterMetadata
    do {
      metadata = try admin.metadata(timeout: TopicLookUp.timeout)
    } catch {
      throw TopicLookUp.unreachable(configuration.kafka, error)
    }
    let counts = try configuration.topics.all.map { name in
      guard let topic = metadata.topic(name) else { throw TopicFault.missing(name) }
      return topic.partitions.count
    }
    guard Set(counts).count == 1 else {
      throw TopicFault.partitionCounts(
        Array(zip(configuration.topics.all, counts)), cure: "See sequitur topics check.")
    }
    return counts[0]
  }
}
