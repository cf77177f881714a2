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
      "statistics.interval.ms": "\(KafkaBudget.statisticsInterval.milliseconds)",
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
      "linger.ms": "\(lingerMilliseconds)",
      "batch.size": "\(max(min(batchBytesMax, KafkaBudget.batchBytes), 1))",
    ]
    return clientProperties.merging(properties).merging(kafka)
  }

  /// Less than a record may take to be delivered: librdkafka opens no topic otherwise. That is as long as a transaction may
  /// take, unless somebody says it (`message.timeout.ms`).
  private var lingerMilliseconds: Int64 {
    let delivery = ["transaction.timeout.ms", "message.timeout.ms", "delivery.timeout.ms"].compactMap {
      kafka[$0].flatMap { Int64($0) }
    }
    // 0 is no limit.
    let shortest = delivery.filter { $0 > 0 }.reduce(timeouts.transaction.milliseconds, min)
    return min(KafkaBudget.linger.milliseconds, shortest / 2)
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
  var databaseOptions: DatabaseOptions { memory.databaseOptions }
}
