import Foundation
import KafkaClient
import TestBroker

/// Topics that a test fills by hand, as a worker would: commands, and transactions of outcomes.
struct AuditLog {
  /// One output record.
  struct Output {
    enum Topic {
      case valid, invalid, changelog
    }
    var topic: Topic
    var key: [UInt8]
    var value: [UInt8]?
    var headers: [(name: String, value: String)]

    /// Sets or, with nil, removes a header.
    mutating func set(_ name: String, _ value: String?) {
      headers.removeAll { $0.name == name }
      if let value { headers.append((name, value)) }
    }
  }

  /// Of all records: now, since brokers delete what is older than a topic's retention.
  static let time = Int64(Date().timeIntervalSince1970) * 1000
  /// The same as events tell it.
  static let timeText = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    .format(Date(timeIntervalSince1970: Double(time / 1000)))
  let topics: TopicFixture

  init() throws { topics = try TopicFixture(partitions: 1) }

  /// Produces commands to partition 0.
  ///
  /// - Parameters:
  ///   - more: headers that all of them carry.
  ///   - time: of all of them, in milliseconds since 1970.
  func submit(
    _ commands: [(key: String, type: String, value: String)], carrying more: [(String, String)] = [],
    at time: Int64 = Self.time
  ) throws {
    let producer = try KafkaProducer(configuration: topics.client, logger: quiet)
    let topic = try producer.topic(topics.commands)
    for command in commands {
      var headers = HeaderList(capacity: 2)
      headers.add(name: "ce_type", value: command.type)
      headers.add(name: "traceparent", value: "00-1")
      for (name, value) in more { headers.add(name: name, value: value) }
      try Array(command.key.utf8).withUnsafeBytes { key in
        try Array(command.value.utf8).withUnsafeBytes { value in
          try producer.produce(
            topic: topic, partition: 0, key: key, value: value, headers: headers.copy(), timestamp: time)
        }
      }
    }
    try producer.flush(timeout: .seconds(20))
  }

  func event(
    key: String, version: Int, type: String, command: Int, index: Int = 0, value: String = "{}"
  ) -> Output {
    let position = "\(topics.commands)/0/\(command)"
    return Output(
      topic: .valid, key: Array(key.utf8), value: Array(value.utf8),
      headers: [
        ("ce_id", "\(position)/\(index)"), ("ce_type", type), ("ce_sequence", "\(version)"),
        ("ce_specversion", "1.0"), ("ce_source", "/\(topics.applicationID)"), ("ce_subject", key),
        ("ce_time", Self.timeText), ("ce_causationid", position), ("traceparent", "00-1"),
      ])
  }

  func rejection(
    key: String, code: String, type: String = "x", version: Int = 0, command: Int, value: String = "{}"
  ) -> Output {
    Output(
      topic: .invalid, key: Array(key.utf8), value: Array(value.utf8),
      headers: [
        ("ce_type", type), ("traceparent", "00-1"), ("rejection-code", code),
        ("rejection-reason", "It is so."),
        ("object-version", "\(version)"), ("command-position", "\(topics.commands)/0/\(command)"),
        ("command-timestamp", "\(Self.time)"), ("rejection-source", "/\(topics.applicationID)"),
      ])
  }

  func state(key: String, version: Int, _ value: String?) -> Output {
    Output(
      topic: .changelog, key: Array(key.utf8), value: value.map { Array($0.utf8) },
      headers: value == nil ? [] : [("v", "\(version)")])
  }

  func checkpoint(_ position: Int) -> Output {
    let value = "{\"format\":1,\"position\":\(position),\"partitions\":1}"
    return Output(
      topic: .changelog, key: [], value: Array(value.utf8),
      headers: [("application", topics.applicationID), ("commands-topic", topics.commands)])
  }

  /// Writes records to partition 0 in one transaction.
  func write(_ outputs: [Output], commits: Bool = true) throws {
    var configuration = topics.client
    configuration["transactional.id"] = TestBroker.uniqueName("audit")
    let producer = try TransactionalProducer(configuration: configuration, logger: quiet)
    try producer.initTransactions(timeout: .seconds(30))
    try producer.begin()
    let handles = try [topics.valid, topics.invalid, topics.changelog].map { try producer.topic($0) }
    for output in outputs {
      var headers = HeaderList(capacity: output.headers.count)
      for header in output.headers { headers.add(name: header.name, value: header.value) }
      let topic =
        switch output.topic {
        case .valid: handles[0]
        case .invalid: handles[1]
        case .changelog: handles[2]
        }
      // An empty array may have no address, and a key without one would be null.
      try (output.key + [0]).withUnsafeBytes { key in
        let key = UnsafeRawBufferPointer(rebasing: key.dropLast())
        if let value = output.value {
          try value.withUnsafeBytes {
            try producer.produce(
              topic: topic, partition: 0, key: key, value: $0, headers: headers.copy(), timestamp: Self.time)
          }
        } else {
          try producer.produce(
            topic: topic, partition: 0, key: key, value: nil, headers: headers.copy(), timestamp: Self.time)
        }
      }
    }
    if commits {
      try producer.commit(timeout: .seconds(30))
    } else {
      // An abort purges what was not sent yet.
      try producer.flush(timeout: .seconds(30))
      try producer.abort(timeout: .seconds(30))
    }
  }
}
