import KafkaClient
import Logging
import SequiturFollower
import SequiturTopics
import TestBroker

/// An application's changelog and valid topic, which a test fills by hand as a worker would.
public struct WrittenTopics: Sendable {
  /// One record.
  public struct Record: Sendable {
    public var key: String?
    public var value: String?
    public var headers: [(String, String)]

    /// As it is given: without a key, the null one.
    public init(key: String?, value: String? = nil, headers: [(String, String)] = []) {
      self.key = key
      self.value = value
      self.headers = headers
    }

    /// A state at version `version`.
    public static func state(_ key: String, _ value: String, version: Int = 1) -> Record {
      Record(key: key, value: value, headers: [("v", "\(version)")])
    }

    public static func tombstone(_ key: String) -> Record { Record(key: key) }
  }

  public let applicationID: String
  public let names: TopicNames
  public let partitions: Int32
  public let kafka: KafkaConfiguration
  private let quiet = Logger(label: "written-topics") { _ in SwiftLogNoOpLogHandler() }

  public init(
    partitions: Int32 = 1, bootstrap: String? = nil, changelog configuration: [String: String] = [:]
  ) throws {
    applicationID = TestBroker.uniqueName("followed")
    names = TopicNames(applicationID: applicationID)
    self.partitions = partitions
    kafka = ["bootstrap.servers": try bootstrap ?? TestBroker.bootstrap()]
    try create(names.changelog, configuration)
    try create(names.valid)
    try create(names.invalid)
  }

  public var admin: KafkaAdmin { get throws { try KafkaAdmin(configuration: kafka, logger: quiet) } }

  public func create(_ name: String, _ configuration: [String: String] = [:]) throws {
    let topic = NewTopic(name: name, partitions: Int(partitions), configuration: configuration)
    for result in try admin.createTopics([topic], timeout: .seconds(20)) {
      if let error = result.error { throw error }
    }
    let deadline = ContinuousClock.now + .seconds(20)
    while try admin.metadata(topic: name, timeout: .seconds(10)).topic(name)?.partitions.count
      != Int(partitions)
    {
      guard ContinuousClock.now < deadline else {
        throw TimedOut(what: "the topic \(name)", after: .seconds(20))
      }
    }
  }

  /// Deletes the changelog and makes an empty one.
  public func recreateChangelog() async throws {
    for result in try admin.deleteTopics([names.changelog], timeout: .seconds(20)) {
      if let error = result.error { throw error }
    }
    let admin = try admin
    try await eventually("the changelog to be gone") {
      try admin.metadata(timeout: .seconds(10)).topic(names.changelog) == nil
    }
    try await eventually("the changelog to be made anew") { (try? create(names.changelog)) != nil }
  }

  public func checkpoint(
    _ position: Int, partitions: Int? = nil, _ headers: [(String, String)]? = nil
  ) -> Record {
    Record(
      key: "",
      value: "{\"format\":1,\"position\":\(position),\"partitions\":\(partitions ?? Int(self.partitions))}",
      headers: headers ?? [
        ("incarnation", "7"), ("application", applicationID), ("commands-topic", names.commands),
      ])
  }

  public func event(_ key: String, version: Int, command: Int, index: Int = 0, partition: Int32 = 0) -> Record
  {
    Record(
      key: key, value: "{}",
      headers: [
        ("ce_id", "\(names.commands)/\(partition)/\(command)/\(index)"), ("ce_type", "t"),
        ("ce_sequence", "\(version)"), ("ce_source", "/\(applicationID)"),
      ])
  }

  /// A rejection; the command's own headers stand in front.
  public func rejection(
    _ key: String, command: Int, code: String = "declined", of own: [(String, String)] = []
  ) -> Record {
    Record(
      key: key, value: "{}",
      headers: own + [
        ("rejection-code", code), ("rejection-reason", "no"), ("object-version", "3"),
        ("command-position", "\(names.commands)/0/\(command)"), ("rejection-source", "/\(applicationID)"),
      ])
  }

  /// Opens a transaction, and writes records into it.
  public func open(_ records: [Record], to topic: String? = nil, partition: Int32 = 0) throws
    -> TransactionalProducer
  {
    let id: KafkaConfiguration = ["transactional.id": TestBroker.uniqueName("writer")]
    let producer = try TransactionalProducer(configuration: kafka.merging(id), logger: quiet)
    try producer.initTransactions(timeout: .seconds(30))
    try producer.begin()
    let handle = try producer.topic(topic ?? names.changelog)
    for record in records {
      var headers = HeaderList(capacity: record.headers.count)
      for (name, value) in record.headers { headers.add(name: name, value: value) }
      // An empty array may have no address, and a key without one would be null.
      let bytes = Array((record.key ?? "").utf8) + [0]
      try bytes.withUnsafeBytes { key in
        let key = record.key == nil ? nil : UnsafeRawBufferPointer(rebasing: key.dropLast())
        if let value = record.value {
          try Array(value.utf8).withUnsafeBytes {
            try producer.produce(
              topic: handle, partition: partition, key: key, value: $0, headers: headers.copy())
          }
        } else {
          try producer.produce(
            topic: handle, partition: partition, key: key, value: nil, headers: headers.copy())
        }
      }
    }
    try producer.flush(timeout: .seconds(30))
    return producer
  }

  /// Writes one transaction, and waits until who reads what is committed can read past it.
  public func write(
    _ records: [Record], to topic: String? = nil, partition: Int32 = 0, commits: Bool = true
  ) throws {
    let producer = try open(records, to: topic, partition: partition)
    let admin = try admin
    func end() throws -> Int64 {
      try admin.watermarks(topic: topic ?? names.changelog, partition: partition, timeout: .seconds(30)).high
    }
    let written = try end()
    if commits {
      try producer.commit(timeout: .seconds(30))
    } else {
      try producer.abort(timeout: .seconds(30))
    }
    // A broker answers a commit before it has written the marker to each partition.
    let deadline = ContinuousClock.now + .seconds(30)
    while try !records.isEmpty && end() <= written {
      guard ContinuousClock.now < deadline else {
        throw TimedOut(what: "the transaction's marker", after: .seconds(30))
      }
    }
  }

  /// A follower of the changelog that ends when it has caught up.
  public func configuration(_ topic: FollowedTopic? = nil) -> FollowerConfiguration {
    var configuration = FollowerConfiguration(
      kafka: kafka, topic: topic ?? .changelog(names, of: applicationID), logger: quiet)
    configuration.stopsWhenCaughtUp = true
    return configuration
  }

  public var events: FollowedTopic { .events(names, of: applicationID) }

  public var rejections: FollowedTopic { .rejections(names, of: applicationID) }
}
