import Foundation
import KafkaClient
import Logging
import PostgreSQL
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

let quiet = Logger(label: "outbox-tests") { _ in SwiftLogNoOpLogHandler() }

/// Tests that need a broker and a PostgreSQL.
@Suite(.serialized, .enabled(if: TestBroker.isAvailable), .enabled(if: TestDatabase.isAvailable))
struct SequiturOutboxTests {}

/// A database with an outbox, and a topic for its commands.
struct OutboxFixture {
  var database: String
  let bootstrap: String
  let applicationID = TestBroker.uniqueName("app")
  let partitions: Int
  var topic: String { "\(applicationID)-commands" }

  init(
    on server: DatabaseServer? = nil, bootstrap: String? = nil, partitions: Int = 3,
    _ properties: [String: String] = [:], createsTable: Bool = true
  ) throws {
    database = try server.map { try TestDatabase.make(on: $0) } ?? TestDatabase.make()
    self.bootstrap = try bootstrap ?? TestBroker.bootstrap()
    self.partitions = partitions
    let admin = try KafkaAdmin(configuration: ["bootstrap.servers": self.bootstrap], logger: quiet)
    let new = NewTopic(name: topic, partitions: partitions, configuration: properties)
    for result in try admin.createTopics([new], timeout: .seconds(20)) {
      if let error = result.error { throw error }
    }
    let deadline = ContinuousClock.now + .seconds(20)
    while try admin.metadata(topic: topic, timeout: .seconds(10)).topic(topic)?.partitions.count != partitions
    {
      guard ContinuousClock.now < deadline else {
        throw TimedOut(what: "the topic \(topic)", after: .seconds(20))
      }
    }
    if createsTable { try execute(try OutboxSchema(OutboxTable()).sql()) }
  }

  func connect() throws -> PostgreSQLConnection { try PostgreSQLConnection(database) }

  @discardableResult
  func execute(_ sql: String) throws -> [QueryResult] { try connect().execute(sql) }

  /// The single value of a query.
  func value(_ sql: String) throws -> String? { try connect().query(sql).rows.first?[0] }

  func insert(_ key: String?, _ type: String? = "t", _ payload: String? = "{}", headers: String? = nil) throws
  {
    try connect().query(
      "insert into outbox (key, type, payload, headers) values ($1, $2, $3, $4)",
      [.optionalText(key), .optionalText(type), .optionalText(payload), .optionalText(headers)])
  }

  var configuration: OutboxConfiguration {
    var configuration = OutboxConfiguration(
      database: database, applicationID: applicationID, topic: topic, kafka: ["bootstrap.servers": bootstrap],
      logger: quiet)
    configuration.stopsWhenEmpty = true
    return configuration
  }

  /// Relays until there is no row.
  @discardableResult
  func relay(_ change: (inout OutboxConfiguration) -> Void = { _ in }) async throws -> OutboxFigures {
    var configuration = configuration
    change(&configuration)
    let relay = try OutboxRelay(configuration)
    try await relay.run()
    return relay.figures
  }

  /// The replication slot of the mode `tail`.
  var slot: String { "sequitur_\(applicationID)_outbox".lowercased().replacing("-", with: "_") }

  /// Slots are the server's, not the database's: what is left keeps the log for ever.
  func dropSlot() {
    let which = "from pg_replication_slots where slot_name = '\(slot)'"
    _ = try? execute("select pg_terminate_backend(active_pid, 10000) \(which) and active")
    _ = try? execute("select pg_drop_replication_slot(slot_name) \(which)")
  }

  /// Takes the shards' records of their last batches away.
  func forgetBatches() throws {
    let producer = try TransactionalProducer(
      configuration: ["bootstrap.servers": bootstrap, "transactional.id": "\(applicationID)-forget"],
      logger: quiet)
    try producer.initTransactions(timeout: .seconds(30))
    try producer.begin()
    let topic = try producer.topic("\(applicationID)-outbox")
    for shard in 0..<2 {
      try Array("outbox/\(shard)".utf8).withUnsafeBytes { key in
        try producer.produce(topic: topic, partition: TopicPartition.unassigned, key: key, value: nil)
      }
    }
    try producer.commit(timeout: .seconds(30))
  }

  /// The arguments of `sequitur outbox run`.
  var arguments: [String] {
    [
      "outbox", "run", "--bootstrap-servers", bootstrap, "--application-id", applicationID, "--database",
      database,
    ]
  }

  /// Starts the program, and returns when it serves the outbox.
  func start(_ more: [String] = []) async throws -> RunningProgram {
    let program = try RunningProgram.start(BuiltProgram.find("sequitur"), arguments: arguments + more)
    do {
      try await program.waitForOutput(containing: "the outbox is served", timeout: .seconds(90))
    } catch {
      program.kill()
      throw error
    }
    return program
  }

  /// Changes what the topic takes, by a client that can.
  func setTopicLimit(bytes: Int) async throws {
    let script = """
      import sys
      from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
      entry = ConfigEntry("max.message.bytes", sys.argv[3], incremental_operation=AlterConfigOpType.SET)
      resource = ConfigResource("topic", sys.argv[2], incremental_configs=[entry])
      admin = AdminClient({"bootstrap.servers": sys.argv[1]})
      for future in admin.incremental_alter_configs([resource]).values(): future.result(30)
      """
    let python = try #require(PackageRoot.python)
    let result = try await RunningProgram.run(
      python.path, arguments: ["-c", script, bootstrap, topic, "\(bytes)"], timeout: .seconds(60))
    #expect(result.exit == .code(0), "\(result.standardError)")
  }

  /// All committed commands, by partition and offset.
  func commands() throws -> [SentCommand] {
    let consumer = try KafkaConsumer(
      configuration: ["bootstrap.servers": bootstrap, "enable.partition.eof": "true"], logger: quiet)
    try consumer.assign(
      (0..<partitions).map {
        TopicPartitionOffset(topic: topic, partition: Int32($0), offset: TopicPartitionOffset.beginning)
      })
    var commands: [SentCommand] = []
    var ended = 0
    var batch = MessageBatch(capacity: 1_000)
    let deadline = ContinuousClock.now + .seconds(60)
    while ended < partitions {
      guard ContinuousClock.now < deadline else {
        throw TimedOut(what: "the end of \(topic)", after: .seconds(60))
      }
      for index in 0..<consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(100)) {
        if batch[index].isEndOfPartition {
          ended += 1
        } else if let error = batch[index].error {
          throw error
        } else {
          commands.append(SentCommand(batch[index]))
        }
      }
    }
    return commands
  }
}

/// A command as it is on the topic.
struct SentCommand: Equatable {
  var partition: Int32
  var key: String?
  var value: [UInt8]?
  var headers: [String]

  var text: String? { value.map { String(decoding: $0, as: UTF8.self) } }
  func header(_ name: String) -> String? {
    headers.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
  }

  init(_ message: borrowing Message) {
    partition = message.partition
    key = message.key.map { String(decoding: $0, as: UTF8.self) }
    value = message.value.map { Array($0) }
    var headers: [String] = []
    _ = message.forEachHeader { name, value in
      let text = value.map { String(decoding: $0, as: UTF8.self) } ?? "<null>"
      headers.append("\(String(decoding: name, as: UTF8.self))=\(text)")
    }
    self.headers = headers
  }
}
