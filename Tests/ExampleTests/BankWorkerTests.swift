import Foundation
import KafkaClient
import Logging
import TestBroker
import Testing

/// The example as a program of its own, on a broker of its own, since its topics have fixed names.
@Test(.enabled(if: BrokerProcess.isInstalled))
func `the bank account's worker turns commands into events and an overdraft`() async throws {
  let broker = try BrokerProcess.start()
  defer { broker.kill() }
  let folder = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("bank"))
  defer { try? FileManager.default.removeItem(at: folder) }
  let arguments = [broker.bootstrap, folder.path]
  try await RunningProgram.with(try BuiltProgram.find("BankAccount"), arguments: arguments) { program in
    try await program.waitForOutput(containing: "partition served", timeout: .seconds(60))
    try submit(
      [("open", #"{"owner":"Ann"}"#), ("deposit", #"{"amount":5}"#), ("withdraw", #"{"amount":6}"#)],
      to: broker.bootstrap)
    #expect(
      try types(in: "bank-valid", count: 2, header: "ce_type", broker.bootstrap) == ["opened", "deposited"])
    #expect(
      try types(in: "bank-invalid", count: 1, header: "rejection-code", broker.bootstrap) == ["x-overdraft"])
    program.terminate()
    #expect(try await program.waitForExit(timeout: .seconds(60)).exit == .code(0))
  }
}

private func submit(_ commands: [(type: String, payload: String)], to bootstrap: String) throws {
  let producer = try KafkaProducer(
    configuration: ["bootstrap.servers": bootstrap], logger: Logger(label: "bank test"))
  let topic = try producer.topic("bank-commands")
  for command in commands {
    var headers = HeaderList(capacity: 1)
    headers.add(name: "ce_type", value: command.type)
    try Array("account-1".utf8).withUnsafeBytes { key in
      try Array(command.payload.utf8).withUnsafeBytes { value in
        try producer.produce(topic: topic, key: key, value: value, headers: headers.copy())
      }
    }
  }
  try producer.flush(timeout: .seconds(30))
}

/// The values of a header of the first committed records of a topic, from all four partitions.
private func types(in topic: String, count: Int, header: String, _ bootstrap: String) throws -> [String] {
  let consumer = try KafkaConsumer(
    configuration: ["bootstrap.servers": bootstrap, "isolation.level": "read_committed"],
    logger: Logger(label: "bank test"))
  try consumer.assign((0..<4).map { TopicPartitionOffset(topic: topic, partition: $0, offset: 0) })
  var batch = MessageBatch(capacity: 1)
  var values: [String] = []
  let deadline = ContinuousClock.now + .seconds(60)
  while values.count < count, ContinuousClock.now < deadline {
    consumer.mainQueue.consumeBatch(into: &batch, timeout: .seconds(1))
    for index in 0..<batch.count {
      _ = batch[index].forEachHeader { name, value in
        guard name.elementsEqual(header.utf8), let value else { return }
        values.append(String(decoding: value, as: UTF8.self))
      }
    }
  }
  return values
}
