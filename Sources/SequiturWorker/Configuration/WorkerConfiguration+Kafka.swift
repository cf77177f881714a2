import KafkaClient
import RocksDB
import Sequitur
import SequiturTopics

/// The librdkafka properties of a worker's clients. `WorkerConfiguration.kafka` goes over all of them.
extension WorkerConfiguration {
  /// The group's member.
  ///
  /// - Parameter partitions: of the commands topic, which share the memory for fetched commands.
  func consumerProperties(partitions: Int32) -> KafkaConfiguration {
    let partitions = Int(partitions)
    var properties: KafkaConfiguration = [
      "group.id": applicationID,
      "isolation.level": "read_committed",
      // A position outside of the commands topic is looked at, and not replaced by another one in silence.
      "auto.offset.reset": "error",
      "partition.assignment.strategy": assignmentStrategy.rawValue,
      "session.timeout.ms": "\(timeouts.session.milliseconds)",
      "heartbeat.interval.ms": "\(timeouts.heartbeat.milliseconds)",
      "max.poll.interval.ms": "\(timeouts.pollInterval.milliseconds)",
      "queued.max.messages.kbytes":
        "\(min(memory.fetchBytesHeld(partitions: partitions) >> 10, KafkaBudget.queuedKilobytesMax))",
      "queued.min.messages":
        "\(min(memory.fetchMessagesHeld(partitions: partitions), KafkaBudget.queuedMessagesMax))",
      "fetch.message.max.bytes":
        "\(min(memory.fetchResponseBytes(partitions: partitions), KafkaBudget.fetchBytesMax))",
      // What has come since a fetch was asked for waits for its answer: partitions new to this worker, and those that
      // were at their bound.
      "fetch.wait.max.ms": "\(memory.fetchWait(partitions: partitions).milliseconds)",
      "fetch.max.bytes": "\(min(memory.fetchResponseBytes, KafkaBudget.responseBytesMax))",
    ]
    if let groupInstanceID { properties["group.instance.id"] = groupInstanceID }
    if stopsWhenCaughtUp { properties["enable.partition.eof"] = "true" }
    return clientProperties.merging(properties).merging(kafka)
  }

  /// `group.instance.id`; nil for a dynamic member.
  var groupInstanceID: String? { instanceID.map { "\(applicationID)-\($0)" } }

  /// A changelog's reader.
  ///
  /// - Parameter readers: how many there are at once.
  func readerProperties(readers: Int) -> KafkaConfiguration {
    let fetchBytes = memory.restoreFetchBytes(readers: readers)
    let properties: KafkaConfiguration = [
      "isolation.level": "read_committed",
      "enable.partition.eof": "true",
      "auto.offset.reset": "error",
      // The end of the changelog is known by a fetch that brings nothing, for which the whole wait passes. Restores of
      // many partitions would be a row of such waits.
      "fetch.wait.max.ms": "\(ScanLimits.fetchWait.milliseconds)",
      "queued.max.messages.kbytes": "\(min(fetchBytes >> 10, KafkaBudget.queuedKilobytesMax))",
      "fetch.message.max.bytes": "\(min(fetchBytes, KafkaBudget.fetchBytesMax))",
    ]
    return clientProperties.merging(properties).merging(kafka)
  }

  /// A lane's transactional producer.
  ///
  /// The id is stable, so that a restart in place ends its predecessor's open transaction at once.
  ///
  /// - Parameter batchBytesMax: what the output topics take at once (`max.message.bytes`). librdkafka's own default
  ///   is below Kafka's, but a topic may be set to less, and a broker refuses a larger batch for ever.
  func producerProperties(lane: Int, instance: String, batchBytesMax: Int) -> KafkaConfiguration {
    let properties: KafkaConfiguration = [
      "transactional.id": "\(applicationID)-\(instance)-\(lane)",
      "transaction.timeout.ms": "\(timeouts.transaction.milliseconds)",
      "queue.buffering.max.messages": "\(KafkaBudget.producerMessages)",
      "queue.buffering.max.kbytes": "\(KafkaBudget.producerBytesMin(limits) >> 10)",
      "message.max.bytes": "\(KafkaBudget.messageBytes)",
      "linger.ms": "\(KafkaBudget.linger.milliseconds)",
      "batch.size": "\(max(min(batchBytesMax, KafkaBudget.batchBytes), 1))",
    ]
    return clientProperties.merging(properties).merging(kafka)
  }

  /// What all clients have in common; the admin client has nothing else.
  var clientProperties: KafkaConfiguration {
    ["bootstrap.servers": bootstrapServers, "client.id": "\(applicationID)-\(instanceID ?? "worker")"]
  }

  var adminProperties: KafkaConfiguration { clientProperties.merging(kafka) }
}

extension WorkerConfiguration {
  /// How many restores read a changelog at once: so many that lack little, and so many that lack much.
  var restoreTurns: Int { min(max(lanes, 2), 8) }

  /// ``memoryBytes``, divided.
  var memory: MemoryBudget { MemoryBudget(bytes: memoryBytes) }

  /// How the store is opened.
  var databaseOptions: DatabaseOptions {
    var options = DatabaseOptions()
    options.blockCacheBytes = memory.blockCacheBytes
    options.memtableBytesTotal = memory.memtableBytes
    options.writeBufferBytes = memory.writeBufferBytes
    return options
  }
}

/// What librdkafka may hold in memory.
enum KafkaBudget {
  /// One fetch of one partition.
  static let fetchBytesMax = 1 << 20
  /// One fetch of all partitions: librdkafka's default, which stays below its `receive.message.max.bytes`.
  static let responseBytesMax = 50 << 20
  /// Fetched and waiting, of one partition: librdkafka's own limits.
  static let queuedKilobytesMax = 2_097_151
  static let queuedMessagesMax = 10_000_000
  /// Records handed to a producer and not yet sent: above four times the largest transaction's.
  static let producerMessages = 250_000
  /// No bound of its own: a transaction is bounded before it gets there, and what one command makes must fit.
  static func producerBytesMin(_ limits: Limits) -> Int { max(4 * limits.transactionBytesMax, 4 << 20) }
  /// Records of one produce request: librdkafka's defaults.
  static let batchBytes = 1_000_000
  static let batchRecords = 10_000
  /// Longer than it takes to hand over a part of a transaction: its end is told by a flush. With librdkafka's 5 ms a part
  /// would go in two requests.
  static let linger = Duration.seconds(1)
  /// The largest record that librdkafka passes on; the topics' own limits are below.
  static let messageBytes = 16 << 20
}
