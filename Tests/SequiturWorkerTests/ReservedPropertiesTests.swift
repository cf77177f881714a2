import Foundation
import KafkaClient
import TestBroker
import Testing

@testable import SequiturWorker

/// The librdkafka properties that nobody may change.
@Suite struct ReservedPropertiesTests {
  @Test(arguments: [
    ("isolation.level", "read_uncommitted"), ("enable.auto.commit", "true"), ("enable.auto.commit", "1"),
    ("enable.auto.offset.store", "true"), ("auto.commit.enable", "true"), ("group.id", "mine"),
    ("transactional.id", "mine"), ("group.instance.id", "mine"), ("auto.offset.reset", "latest"),
    ("auto.offset.reset", "earliest"), ("enable.idempotence", "false"), ("acks", "1"), ("acks", "0"),
    ("request.required.acks", "1"), ("max.in.flight", "6"), ("max.in.flight.requests.per.connection", "1000"),
    ("partitioner", "consistent_random"), ("partitioner", "murmur2"), ("queuing.strategy", "lifo"),
    ("delivery.report.only.error", "true"), ("enable.gapless.guarantee", "true"),
    ("allow.auto.create.topics", "true"), ("enable.partition.eof", "false"), ("group.protocol", "consumer"),
    ("test.mock.num.brokers", "3"), ("log.queue", "true"), ("group.protocol.type", "connect"),
  ])
  func `a property that would switch a guarantee off is refused for every client`(name: String, value: String)
  {
    let kafka = KafkaConfiguration(dictionaryLiteral: (name, value))
    for scope in [ReservedProperties.Scope.all, .worker] {
      let faults = ReservedProperties.faults(kafka, in: scope)
      #expect(faults.map(\.name) == [name])
      #expect(faults.first?.description.contains("since") == true, "\(faults)")
    }
  }

  @Test(arguments: ["message.max.bytes", "batch.size", "partition.assignment.strategy"])
  func `what only a worker decides is refused for a worker only`(name: String) {
    let kafka = KafkaConfiguration(dictionaryLiteral: (name, "1000"))
    #expect(ReservedProperties.faults(kafka, in: .worker).count == 1)
    #expect(ReservedProperties.faults(kafka, in: .all).isEmpty)
  }

  @Test func `the value that a property has anyway may be given, in any spelling of librdkafka's`() {
    let kafka: KafkaConfiguration = [
      "isolation.level": "read_committed", "enable.auto.commit": "False", "enable.auto.offset.store": "0",
      "enable.idempotence": "TRUE", "acks": "all", "request.required.acks": "-1", "max.in.flight": "5",
      "partitioner": "murmur2_random", "queuing.strategy": "fifo", "group.protocol": "classic",
    ]
    #expect(ReservedProperties.faults(kafka, in: .worker).isEmpty)
  }

  @Test func `a value is never shown, and the fault names what to set instead`() {
    let kafka: KafkaConfiguration = [
      "group.instance.id": "hunter2", "acks": "hunter2", "group.id": "hunter2",
    ]
    let text = ReservedProperties.faults(kafka, in: .worker).map(\.description).joined()
    #expect(!text.contains("hunter2"))
    #expect(
      text.contains("--instance-id") && text.contains("--application-id") && text.contains("acks=all or -1"))
  }

  /// Everything that Sequitur sets is either its own, or tuning that a user may change.
  @Test func `each property that a worker's clients are made with is reserved or known to be tuning`() {
    let tuning: Set<String> = [
      "bootstrap.servers", "client.id", "session.timeout.ms", "heartbeat.interval.ms", "max.poll.interval.ms",
      "queued.max.messages.kbytes", "queued.min.messages", "fetch.message.max.bytes", "fetch.wait.max.ms",
      "fetch.max.bytes", "transaction.timeout.ms", "queue.buffering.max.messages",
      "queue.buffering.max.kbytes", "linger.ms", "statistics.interval.ms",
    ]
    var configuration = WorkerConfiguration(applicationID: "shop")
    configuration.instanceID = "one"
    configuration.stopsWhenCaughtUp = true
    let all =
      configuration.consumerProperties(partitions: 4).properties
      + configuration.readerProperties(readers: 2).properties
      + configuration.producerProperties(lane: 0, instance: "one", batchBytesMax: 1000).properties
      + configuration.adminProperties.properties
    let reserved = Set(ReservedProperties.all.map(\.name))
    for property in all {
      #expect(reserved.contains(property.name) != tuning.contains(property.name), "\(property.name)")
    }
  }

  @Test func `each name of the list is one that librdkafka knows, or a later one`() {
    let later: Set<String> = ["group.protocol"]
    for property in ReservedProperties.all where !later.contains(property.name) {
      let configuration = KafkaConfiguration(
        dictionaryLiteral: (property.name, property.values.first ?? "1000"))
      do {
        try configuration.validate()
      } catch {
        // Of those that may not be given, any value does to ask for the name.
        #expect(property.values.isEmpty && !error.detail.contains("No such"), "\(error)")
      }
    }
  }

  @Test func `the documentation lists each of them`() throws {
    let page = try String(contentsOf: PackageRoot.url.appending(path: "docs/operations.md"), encoding: .utf8)
    for property in ReservedProperties.all {
      #expect(page.contains("`\(property.name)`"), "\(property.name)")
    }
  }
}
