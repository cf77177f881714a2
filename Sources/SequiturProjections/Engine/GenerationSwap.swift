import BlockingThreads
import KafkaClient
import Logging
import SequiturTopics

/// Puts a generation that was built beside the current one in its place, once it is as far.
///
/// One transaction renames both tables and forgets the old generation's positions, so that a reader sees the old rows or the
/// new ones, and an instance of the old generation hits nothing with its fence. Before that the old positions are locked: the
/// old table stands still, for a few moments, while the new one comes to it. No reader ever goes back.
struct GenerationSwap: Sendable {
  private let configuration: ProjectorConfiguration
  private let door: DatabaseDoor
  /// Where what was committed ended when that was asked last.
  private var ends: [Int32: Int64]?

  init(_ configuration: ProjectorConfiguration) {
    self.configuration = configuration
    door = DatabaseDoor(configuration.database, for: .change)
  }

  /// What came of a try.
  enum Outcome: Sendable {
    /// The generation is the current one.
    case current
    /// It is not as far yet.
    case behind
  }

  /// Swaps if it is time. Current is who has come to the ends that were asked at the last try.
  mutating func attempt() async throws -> Outcome {
    let asked = ends
    ends = try await committedEnds()
    guard let asked else { return .behind }
    let (door, definition) = (door, configuration.definition)
    return try await withBlockingThread(
      "projection",
      throwing: {
        try door.use { database in
          try database.connect()
          return try database.transaction { try Self.swap(definition, asked, database) }
        }
      })
  }

  func close() { door.use { $0.close() } }

  private static func swap(
    _ definition: ProjectionDefinition, _ ends: [Int32: Int64], _ database: any ProjectionDatabase
  ) throws -> Outcome {
    let new = ProjectionStore(database: database, name: definition.name, generation: definition.generation)
    guard let found = try new.registration(forUpdate: true), found.generation < definition.generation else {
      return .current
    }
    guard try new.positions().allSatisfy({ $0.value.nextOffset >= ends[$0.key] ?? 0 }) else { return .behind }
    let old = ProjectionStore(database: database, name: definition.name, generation: found.generation)
    let standing = try old.lockPositions()
    guard try waitForAll(standing, new) else { return .behind }
    let reached = try new.lockPositions()
    guard reached.allSatisfy({ $0.value >= standing[$0.key] ?? 0 }) else { return .behind }
    if let table = definition.table {
      for statement in ProjectionSchema.swap(
        table, from: found.generation, to: definition.generation, database.dialect)
      { try database.execute(statement) }
    }
    try old.forgetGeneration()
    try new.makeNextCurrent()
    return .current
  }

  /// Waits a little for the new generation to come to where the old one stands. SQLite has one writer: there is nobody to wait for.
  private static func waitForAll(_ standing: [Int32: Int64], _ new: ProjectionStore) throws -> Bool {
    let deadline = ContinuousClock.now + ProjectionLimits.swapWait
    while true {
      let reached = try new.positions()
      if standing.allSatisfy({ reached[$0.key]?.nextOffset ?? 0 >= $0.value }) { return true }
      guard new.database.dialect == .postgreSQL, ContinuousClock.now < deadline else { return false }
      _ = try new.database.query("select pg_sleep(0.01)")
    }
  }

  private func committedEnds() async throws -> [Int32: Int64] {
    let (kafka, topic, logger) = (configuration.kafka, configuration.topics.valid, configuration.logger)
    return try await withBlockingThread(
      "projection",
      throwing: {
        let metadata = try TopicLookUp.metadata(topic, kafka: kafka, logger: logger)
        let own: KafkaConfiguration = ["isolation.level": "read_committed"]
        let reader = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
        var ends: [Int32: Int64] = [:]
        for partition in metadata.topic(topic)?.partitions.map(\.id) ?? [] {
          ends[partition] = try reader.watermarks(
            topic: topic, partition: partition, timeout: KafkaLimits.call
          ).high
        }
        return ends
      })
  }
}

extension GenerationSwap {
  /// Tries until the generation is the current one, or the task is cancelled. Failures are told, and tried again.
  static func run(_ configuration: ProjectorConfiguration) async {
    var swap = GenerationSwap(configuration)
    defer { swap.close() }
    while !Task.isCancelled {
      do {
        if case .current = try await swap.attempt() { return told(configuration) }
      } catch {
        configuration.logger.warning(
          "the new generation cannot be put in the old one's place, which is tried again",
          metadata: ["error": "\(error)", "projection": "\(configuration.definition.name)"])
      }
      try? await Task.sleep(for: ProjectionLimits.swapInterval)
    }
  }

  /// The same once, for a run that ends: everything that was committed before is applied by now.
  static func runOnce(_ configuration: ProjectorConfiguration) async throws {
    var swap = GenerationSwap(configuration)
    defer { swap.close() }
    _ = try await swap.attempt()
    if case .current = try await swap.attempt() { return told(configuration) }
    configuration.logger.warning(
      "the generation is not the current one yet: the old one is further. Start it again, or let it run",
      metadata: ["projection": "\(configuration.definition.name)"])
  }

  private static func told(_ configuration: ProjectorConfiguration) {
    configuration.logger.notice(
      "the generation is the current one",
      metadata: [
        "projection": "\(configuration.definition.name)",
        "generation": "\(configuration.definition.generation)",
      ])
  }
}
