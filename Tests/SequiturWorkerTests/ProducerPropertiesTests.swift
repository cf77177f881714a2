import KafkaClient
import Logging
import Testing

@testable import SequiturWorker

/// What librdkafka refuses only once a topic is opened, which is after the start has begun.
struct ProducerPropertiesTests {
  private func opensTopic(_ change: (inout WorkerConfiguration) -> Void) throws -> Bool {
    var configuration = WorkerConfiguration(applicationID: "shop")
    configuration.bootstrapServers = "127.0.0.1:1"
    change(&configuration)
    let properties = configuration.producerProperties(lane: 0, instance: "one", batchBytesMax: 1000)
    let producer = try TransactionalProducer(configuration: properties, logger: .init(label: "test"))
    return (try? producer.topic("shop-valid")) != nil
  }

  @Test(arguments: [1000, 1001, 1999, 2000, 15_000, 900_000])
  func `a transaction of any length that is allowed is sent in time`(milliseconds: Int) throws {
    var timeouts = WorkerTimeouts()
    timeouts.transaction = .milliseconds(milliseconds)
    #expect(!timeouts.faults.contains { $0.contains("transaction timeout to be") })
    #expect(try opensTopic { $0.timeouts = timeouts })
  }

  @Test(arguments: [
    ("message.timeout.ms", "1000"), ("message.timeout.ms", "300"), ("delivery.timeout.ms", "20"),
    ("transaction.timeout.ms", "1000"), ("message.timeout.ms", "0"),
  ])
  func `a delivery time of one's own is kept to`(name: String, value: String) throws {
    #expect(try opensTopic { $0.kafka[name] = value })
  }
}
