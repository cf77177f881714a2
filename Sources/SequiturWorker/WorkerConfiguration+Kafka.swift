import KafkaClient
import RocksDB
import Sequitur

/// The librdkafka properties of a worker's clients. `WorkerConfiguration.kafka` goes over all of them.
extension WorkerConfiguration {
  /// The group's member.
  var consumerProperties: KafkaConfiguration {
    var properties: KafkaConfiguration = [
      "group.id": applicationID,
      "isolation.level": "read_committed",
      "auto.offset.reset": "earliest",
      "partition.assignment.strategy": "range",
      "session.timeout.ms": "\(timeouts.session.milliseconds)",
      "heartbeat.interval.ms": "\(timeouts.heartbeat.milliseconds)",
      "max.poll.interval.ms": "\(timeouts.pollInterval.milliseconds)",
      "queued.max.messages.kbytes": "\(KafkaBudget.fetchKilobytes)",
      "fetch.message.max.bytes": "\(KafkaBudget.fetchBytes)",
    ]
    if let instanceID { properties["group.instance.id"] = "\(applicationID)-\(instanceID)" }
    if stopsWhenCaughtUp { properties["enable.partition.eof"] = "true" }
    return clientProperties.merging(properties).merging(kafka)
  }

  /// A changelog's reader.
  var readerProperties: KafkaConfiguration {
    let properties: KafkaConfiguration = [
      "isolation.level": "read_committed",
      "enable.partition.eof": "true",
      "auto.offset.reset": "error",
      "queued.max.messages.kbytes": "\(KafkaBudget.fetchKilobytes)",
    ]
    return clientProperties.merging(properties).merging(kafka)
  }

  /// A lane's transactional producer.
  ///
  /// The id is stable, so that a restart in place ends its predecessor's open transaction at once.
  func producerProperties(lane: Int, instance: String) -> KafkaConfiguration {
    let properties: KafkaConfiguration = [
      "transactional.id": "\(applicationID)-\(instance)-\(lane)",
      "transaction.timeout.ms": "\(timeouts.transaction.milliseconds)",
      "queue.buffering.max.messages": "\(KafkaBudget.producerMessages)",
      "queue.buffering.max.kbytes": "\(KafkaBudget.producerKilobytes)",
      "message.max.bytes": "\(KafkaBudget.messageBytes)",
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
  /// How the store is opened.
  var databaseOptions: DatabaseOptions {
    var options = DatabaseOptions()
    options.blockCacheBytes = blockCacheBytes
    options.memtableBytesTotal = memtableBytes
    options.writeBufferBytes = max(memtableBytes / 2, 1 << 20)
    return options
  }
}

/// What librdkafka may hold in memory.
enum KafkaBudget {
  /// Fetched and not yet processed, of each partition.
  static let fetchKilobytes = 8 << 10
  /// One fetch of one partition.
  static let fetchBytes = 1 << 20
  /// Records handed to a producer and not yet sent: above four times the largest transaction's.
  static let producerMessages = 250_000
  static let producerKilobytes = 128 << 10
  /// The largest record that librdkafka passes on; the topics' own limits are below.
  static let messageBytes = 16 << 20
}

extension Duration {
  /// Whole milliseconds, as librdkafka's properties take them.
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
