import Foundation
import KafkaClient
import SeededRandom
import TestBroker

/// A worker that makes, pays and purges orders under load, is killed and started again; and what its events come to,
/// folded by this test's own code from the valid topic.
struct FollowedApplication {
  static let rules = """
    object: order
    fields: {total: integer}
    states: [open, paid]
    commands:
      create: {from: none, to: open, event: created, require: {total: integer}, set: [total]}
      amend: {from: open, to: open, event: amended, require: {total: integer}, set: [total]}
      pay: {from: open, to: paid, event: paid}
      purge: {from: [open, paid], to: none, event: purged}
    """
  static let keys = 40

  /// An object as a state or the events tell it.
  struct Order: Hashable, Sendable {
    var status: String
    var total: Int
    var version: Int
  }

  /// One event, in the order of its partition.
  struct Event: Sendable {
    let partition: Int32
    let command: Int64
    let key: String
    let type: String
    let version: Int
    let total: Int?
    let id: String
  }

  let topics: TopicFixture
  let directory: URL

  /// Runs `body` with an application's topics and rules, and removes its files.
  static func with<R>(partitions: Int, _ body: (FollowedApplication) async throws -> R) async throws -> R {
    try await withFile("orders.yaml", Data(rules.utf8)) { path in
      try await body(
        FollowedApplication(
          topics: try TopicFixture(partitions: partitions),
          directory: URL(filePath: path).deletingLastPathComponent()))
    }
  }

  private var workerArguments: [String] {
    [
      "worker", "--rules", directory.appending(path: "orders.yaml").path, "--state-dir",
      directory.appending(path: "state").path, "--instance-id", "followed", "--lanes", "2", "--kafka",
      "client.id=followed",
    ] + topics.arguments
  }

  func startWorker() throws -> RunningProgram {
    try RunningProgram.start(BuiltProgram.find("sequitur"), arguments: workerArguments)
  }

  /// Ends a worker in the middle of its work, without a word where the broker allows it.
  ///
  /// The test broker names a transaction that was aborted with every later fetch, not only with those that meet it. A
  /// `read_committed` consumer that is past its marker then takes what the same producer commits later for aborted. So
  /// where something reads on while the worker is gone, the worker ends its transactions there.
  func interrupt(_ worker: RunningProgram) {
    if TestBroker.isOutside { worker.kill() } else { worker.terminate() }
  }

  /// Starts a worker that has commands to decide, and returns when it has decided some.
  func startWorkerAndWaitForChanges() async throws -> RunningProgram {
    let count = try topics.read(topics.changelog).count
    let worker = try startWorker()
    try await eventually("the worker to go on") {
      if worker.exit != nil { throw FixtureFault.notVisible("a worker that runs: \(worker.output)") }
      return try topics.read(topics.changelog).count > count
    }
    return worker
  }

  /// Works until everything that was sent is decided.
  func work() async throws {
    let result = try await sequitur(workerArguments + ["--until-caught-up"], timeout: .seconds(120))
    guard result.exit == .code(0) else {
      throw FixtureFault.notVisible("the worker's end: \(result.standardError)")
    }
  }

  /// Sends the application's first commands, as ``send(_:_:)`` does, and waits until each has its outcome.
  func decide(_ count: Int, _ random: inout SplitMix64) async throws {
    try send(count, &random)
    try await eventually("all to be decided") {
      try topics.read(topics.valid).count + topics.read(topics.invalid).count == count
    }
  }

  /// Sends so many commands, of which many are rejected, and some purge what others make again.
  func send(_ count: Int, _ random: inout SplitMix64) throws {
    let producer = try KafkaProducer(configuration: topics.client, logger: quiet)
    let topic = try producer.topic(topics.commands)
    for _ in 0..<count {
      let number = random.below(Self.keys)
      let type = random.pick(["create", "create", "amend", "amend", "amend", "pay", "purge"])
      var headers = HeaderList(capacity: 1)
      headers.add(name: "ce_type", value: type)
      try Array("order-\(number)".utf8).withUnsafeBytes { key in
        try Array("{\"total\":\(1 + random.below(999))}".utf8).withUnsafeBytes {
          try producer.produce(
            topic: topic, partition: Int32(number % topics.partitions), key: key, value: $0,
            headers: headers.copy())
        }
      }
    }
    try producer.flush(timeout: .seconds(30))
  }

  /// All committed events, by partition and offset.
  func events() throws -> [Event] {
    try topics.read(topics.valid).map { record in
      let headers = Dictionary(
        record.headers.map { header in
          let sign = header.firstIndex(of: "=")!
          return (String(header[..<sign]), String(header[header.index(after: sign)...]))
        }
      ) { $1 }
      let id = headers["ce_id"]!
      let value = try JSONSerialization.jsonObject(with: Data(record.value ?? [])) as? [String: Any]
      return Event(
        partition: record.partition, command: Int64(id.split(separator: "/")[2])!,
        key: String(decoding: record.key ?? [], as: UTF8.self), type: headers["ce_type"]!,
        version: Int(headers["ce_sequence"]!)!, total: value?["total"] as? Int, id: id)
    }
  }

  /// What events leave of objects.
  static func fold(_ events: some Sequence<Event>, onto orders: [String: Order] = [:]) -> [String: Order] {
    var orders = orders
    for event in events {
      switch event.type {
      case "created": orders[event.key] = Order(status: "open", total: event.total!, version: event.version)
      case "amended": orders[event.key] = Order(status: "open", total: event.total!, version: event.version)
      case "paid":
        orders[event.key] = Order(status: "paid", total: orders[event.key]!.total, version: event.version)
      default: orders[event.key] = nil
      }
    }
    return orders
  }
}
