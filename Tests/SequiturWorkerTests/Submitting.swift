import Foundation
import KafkaClient

/// A command to be submitted, as bytes, so that it can be a bad one.
struct Command: Sendable {
  var key: [UInt8]?
  var payload: [UInt8]?
  var headers: [(name: String, value: [UInt8]?)]
  /// `nil`: the partitioner's choice.
  var partition: Int32?
  /// Milliseconds since 1970; 0 for now.
  var timestamp: Int64 = 0

  init(
    key: [UInt8]?, payload: [UInt8]?, headers: [(name: String, value: [UInt8]?)] = [],
    partition: Int32? = nil
  ) {
    self.key = key
    self.payload = payload
    self.headers = headers
    self.partition = partition
  }

  /// A good one.
  init(_ key: String, _ type: String, _ payload: String = "{}", id: String? = nil) {
    self.init(
      key: Array(key.utf8), payload: Array(payload.utf8),
      headers: [("ce_type", Array(type.utf8))] + (id.map { [("ce_id", Array($0.utf8))] } ?? []))
  }

  static func create(_ key: String, total: Int = 1) -> Command {
    Command(key, "create", #"{"customer":"ada","total":\#(total)}"#)
  }

  static func amend(_ key: String, total: Int) -> Command { Command(key, "amend", #"{"total":\#(total)}"#) }
}

extension Application {
  /// Sends commands and returns when all are acknowledged.
  func submit(_ commands: [Command]) async throws { try await submit(commands, to: topics.commands) }

  /// Sends records to a topic and returns when all are acknowledged.
  func submit(_ commands: [Command], to name: String) async throws {
    try await onThread { [self] in
      let producer = try KafkaProducer(
        configuration: [
          "bootstrap.servers": bootstrap, "message.max.bytes": "4000000", "linger.ms": "1",
          // What is scripted for the worker must not hit this producer's InitProducerId.
          "enable.idempotence": isEmbedded ? "false" : "true",
        ], logger: quiet)
      let topic = try producer.topic(name)
      for command in commands { try command.send(by: producer, to: topic) }
      try producer.flush(timeout: .seconds(60))
    }
  }

  func submit(_ commands: Command...) async throws { try await submit(commands) }
}

extension Command {
  fileprivate func send(by producer: KafkaProducer, to topic: ProducerTopic) throws(KafkaError) {
    var list = HeaderList(capacity: headers.count)
    for header in headers {
      var name = header.name
      name.withUTF8 { name in
        withBytes(header.value) { list.add(name: UnsafeRawBufferPointer(name), value: $0) }
      }
    }
    let box = ListBox(list)
    let result = withBytes(key) { key in
      withBytes(payload) { payload in
        Result { () throws(KafkaError) in
          try producer.produce(
            topic: topic, partition: partition ?? TopicPartition.unassigned, key: key, value: payload,
            headers: box.take(), timestamp: timestamp)
        }
      }
    }
    try result.get()
  }

  private func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBytes(body)
  }
}

/// Carries a noncopyable list into a closure.
private final class ListBox {
  private var list: HeaderList?
  init(_ list: consuming HeaderList) { self.list = consume list }
  func take() -> HeaderList? { list.take() }
}
