import BlockingThreads
import KafkaClient
import Logging
import SequiturFollower
import SequiturTopics

/// What happens before the first event: the tables, the registration, and where a new projection begins.
struct ProjectionStart: Sendable {
  let configuration: ProjectorConfiguration
  let door: DatabaseDoor

  private var definition: ProjectionDefinition { configuration.definition }

  /// Makes and checks tables, registers the projection, and begins one that is new. Done by several instances at once it is
  /// done once.
  ///
  /// - Returns: whether its generation is to be built beside another one.
  func run() async throws -> Bool {
    if let code = configuration.code { try Self.check(code) }
    let cluster = try await cluster()
    let configuration = configuration
    let wanted = ProjectionStore.Registration(
      generation: definition.generation, definition: definition.normalForm,
      application: configuration.applicationID, topic: configuration.topics.valid, cluster: cluster.id,
      partitions: cluster.partitions)
    let deadline = ContinuousClock.now + ProjectionLimits.startWait
    var wait = ProjectionLimits.firstWait
    while true {
      do {
        return try await begin(wanted)
      } catch let failure as DatabaseFailure {
        door.use { $0.rollBack() }
        let isOver = configuration.stopsWhenCaughtUp && ContinuousClock.now > deadline
        guard failure.kind == .connection || failure.kind == .conflict || failure.kind == .trouble, !isOver
        else {
          throw failure
        }
        configuration.logger.warning(
          "the projection cannot begin, and tries again",
          metadata: ["error": "\(failure)", "projection": "\(definition.name)"])
        try await Task.sleep(for: wait)
        wait = min(wait * 2, ProjectionLimits.longestWait)
      } catch {
        door.use { $0.rollBack() }
        throw error
      }
    }
  }

  private func cluster() async throws -> (id: String, partitions: Int) {
    let (kafka, topic, logger) = (configuration.kafka, configuration.topics.valid, configuration.logger)
    return try await withBlockingThread(
      "projection",
      throwing: { () throws -> (id: String, partitions: Int) in
        let metadata = try TopicLookUp.metadata(topic, kafka: kafka, logger: logger)
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        return (
          admin.clusterID(timeout: KafkaLimits.call) ?? "", metadata.topic(topic)?.partitions.count ?? 0
        )
      })
  }

  private func begin(_ wanted: ProjectionStore.Registration) async throws -> Bool {
    let (definition, door, createsTables) = (definition, door, configuration.createsTables)
    let code = configuration.code
    let (isNew, isBuilt, isMade) = try await withBlockingThread(
      "projection",
      throwing: { () throws -> (isNew: Bool, isBuilt: Bool, isMade: Bool) in
        try door.use { database in
          try database.connect()
          let store = ProjectionStore(
            database: database, name: definition.name, generation: definition.generation)
          let isMade = createsTables ? try Self.createTables(definition, code, database) : false
          let faults = try DatabaseCheck.faults(of: try Self.written(definition, store), in: database)
          guard faults.isEmpty else { throw Self.missing(faults) }
          try database.begin()
          let found = try store.register(wanted)
          let next = try Self.compare(found, wanted, definition)
          if let next, found.next == nil { try store.setNext(next) }
          guard try store.positions().isEmpty else {
            try database.commit()
            return (false, next != nil, isMade)
          }
          // Reading the states takes its time, with the transaction open.
          if database.dialect == .postgreSQL {
            try database.execute("set local idle_in_transaction_session_timeout = 0")
          }
          return (true, next != nil, isMade)
        }
      })
    if isNew { try await beginNew(wanted.partitions, isUnseen: isBuilt || isMade) }
    return isBuilt
  }

  /// Within the transaction under way.
  private func beginNew(_ partitions: Int, isUnseen: Bool) async throws {
    let beginnings = try await beginnings(partitions, isUnseen: isUnseen)
    let (definition, door) = (definition, door)
    try await withBlockingThread(
      "projection",
      throwing: {
        try door.use { database in
          let store = ProjectionStore(
            database: database, name: definition.name, generation: definition.generation)
          for (partition, beginning) in beginnings.sorted(by: { $0.key < $1.key }) {
            try store.begin(partition, at: beginning.offset, covered: beginning.covered)
          }
          try database.commit()
        }
      })
    configuration.logger.info(
      "the projection begins",
      metadata: ["projection": "\(definition.name)", "from": "\(definition.source.rawValue)"])
  }

  private func beginnings(
    _ partitions: Int, isUnseen: Bool
  ) async throws -> [Int32: (offset: Int64, covered: Int64)] {
    var beginnings: [Int32: (offset: Int64, covered: Int64)] = [:]
    switch definition.source {
    case .events:
      for partition in 0..<Int32(partitions) { beginnings[partition] = (0, 0) }
    case .now:
      let (kafka, topic, logger) = (configuration.kafka, configuration.topics.valid, configuration.logger)
      beginnings = try await withBlockingThread(
        "projection",
        throwing: { () throws -> [Int32: (offset: Int64, covered: Int64)] in
          let own: KafkaConfiguration = ["isolation.level": "read_committed"]
          let reader = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
          var ends: [Int32: (offset: Int64, covered: Int64)] = [:]
          for partition in 0..<Int32(partitions) {
            let end = try reader.watermarks(topic: topic, partition: partition, timeout: KafkaLimits.call)
              .high
            ends[partition] = (end, 0)
          }
          return ends
        })
    case .state:
      let written = try door.use { database throws(DatabaseFailure) in
        try Self.written(
          definition,
          ProjectionStore(database: database, name: definition.name, generation: definition.generation))
      }
      let states = try ProjectedStates(written, door, isUnseen: isUnseen)
      let bootstrap = Bootstrap(
        of: configuration.applicationID, topics: configuration.topics, kafka: configuration.kafka,
        logger: configuration.logger)
      let continuation = try await bootstrap.states { key, version, value in
        try states.add(key, version, value)
      }
      try states.finish()
      for (partition, offset) in continuation.offsets {
        beginnings[partition] = (offset, continuation.covered[partition] ?? 0)
      }
    }
    return beginnings
  }

  // MARK: What is refused

  private static func check(_ code: any Projection) throws(ProjectionFailure) {
    guard code.name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_-]{0,62}/) != nil else {
      throw ProjectionFailure(
        .configuration,
        "Expected the projection's name, a letter or _ and at most 62 letters, digits, _ and - behind it, but found "
          + "`\(code.name)`.")
    }
    guard code.source != .state else {
      throw ProjectionFailure(
        .configuration,
        "Expected the projection \(code.name) to begin with events or now, but it begins with the state, which is for "
          + "declared projections.")
    }
  }

  /// Makes the tables that are missing.
  ///
  /// - Returns: whether the projection's own was, so that nobody reads it yet. Of SQLite it is not told.
  @discardableResult
  static func createTables(
    _ definition: ProjectionDefinition, _ code: (any Projection)?, _ database: any ProjectionDatabase
  ) throws -> Bool {
    let store = ProjectionStore(database: database, name: definition.name, generation: definition.generation)
    return try database.transaction {
      var isMade = false
      // Two instances that make a table at once: PostgreSQL would refuse one of them.
      if database.dialect == .postgreSQL {
        _ = try database.query("select pg_advisory_xact_lock(hashtext('sequitur projection'))")
      }
      for statement in ProjectionSchema.own(database.dialect) { try database.execute(statement) }
      if let table = try written(definition, store).table {
        if database.dialect == .postgreSQL {
          let name = Cell.text(database.dialect.quoted(table))
          isMade = try database.query("select to_regclass($1)", [name]).first?.text(0) == nil
        }
        try database.execute(ProjectionSchema.table(table, database.dialect))
      }
      var transaction = Transaction(database, isForSetUp: true)
      try code?.setUp(in: &transaction)
      return isMade
    }
  }

  /// The definition with the table that its generation writes to now: its own, while another one is the current one.
  static func written(
    _ definition: ProjectionDefinition, _ store: ProjectionStore
  ) throws(DatabaseFailure) -> ProjectionDefinition {
    do throws(DatabaseFailure) {
      guard let found = try store.registration(), found.generation < definition.generation else {
        return definition
      }
      return definition.built()
    } catch {
      // The tables of positions are not there yet.
      if error.kind == .setup { return definition }
      throw error
    }
  }

  static func missing(_ faults: [String]) -> ProjectionFailure {
    ProjectionFailure(
      .configuration,
      "Expected the database to have what the projection writes to, but:\n"
        + faults.map { "  \($0).\n" }.joined()
        + "Make it with --create-tables, or with what `sequitur project sql` prints.")
  }

  /// - Returns: what is to be built beside the current generation; nil when this is the current one.
  private static func compare(
    _ found: ProjectionStore.Registration, _ wanted: ProjectionStore.Registration,
    _ definition: ProjectionDefinition
  ) throws(ProjectionFailure) -> ProjectionStore.Registration.Next? {
    let name = definition.name
    func refuse(_ what: String, _ cure: String) -> ProjectionFailure {
      ProjectionFailure(.configuration, "Expected the projection \(name) \(what). \(cure)")
    }
    let reset = "Begin again with `sequitur project reset`, or give this one another name."
    if found.cluster != wanted.cluster {
      throw refuse("to read the cluster \(found.cluster), but this is \(wanted.cluster)", reset)
    }
    if found.topic != wanted.topic || found.application != wanted.application {
      throw refuse(
        "to read the topic \(found.topic) of \(found.application), but it is to read \(wanted.topic) of "
          + "\(wanted.application)", reset)
    }
    if found.partitions != wanted.partitions {
      throw refuse(
        "to read \(found.partitions) partitions, but \(found.topic) has \(wanted.partitions): keys have moved",
        reset)
    }
    if found.generation > wanted.generation {
      throw refuse(
        "to be of generation \(found.generation), as it is in the database, but the file has generation "
          + "\(wanted.generation)", "Use the file of that generation.")
    }
    let raise = "Raise `generation` to have its table built anew beside the current one."
    if found.generation < wanted.generation {
      guard definition.table != nil else {
        throw refuse(
          "to have a table, which another generation is built of, but it has statements alone", reset)
      }
      let next = ProjectionStore.Registration.Next(
        generation: wanted.generation, definition: wanted.definition)
      guard found.next == nil || found.next == next else {
        throw refuse(
          "to be built as generation \(found.next?.generation ?? 0) was begun, but the file is another one",
          "Use the file that it was begun with, or forget that generation with `sequitur project reset` and its file."
        )
      }
      return next
    }
    if found.definition != wanted.definition {
      throw refuse(
        "to be as it was when it began, but the file has other rules or another table",
        "Two projections need two names. Where this one was changed: \(raise)")
    }
    return nil
  }
}
