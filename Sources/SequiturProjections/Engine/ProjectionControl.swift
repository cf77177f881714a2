/// Looks at a projection in its database, and changes what it does. Every call blocks.
public struct ProjectionControl: Sendable {
  private let definition: ProjectionDefinition
  private let address: DatabaseAddress

  private let code: (any Projection)?

  public init(_ definition: ProjectionDefinition, _ address: DatabaseAddress) {
    self.definition = definition
    self.address = address
    code = nil
  }

  /// The same for code of one's own.
  public init(_ projection: any Projection, _ address: DatabaseAddress) {
    definition = projection.definition
    self.address = address
    code = projection
  }

  /// What a database lacks of what the projection writes to, as sentences; none when every statement can be prepared.
  public func databaseFaults() throws -> [String] {
    try use(for: .look) { store throws -> [String] in
      try store.database.connect()
      return try DatabaseCheck.faults(of: ProjectionStart.written(definition, store), in: store.database)
    }
  }

  /// Makes the tables that are missing.
  public func createTables() throws {
    try use(for: .make) { store throws in
      try store.database.connect()
      try ProjectionStart.createTables(definition, code, store.database)
    }
  }

  /// Where the projection stands.
  /// - Throws: ``ProjectionFailure`` when the database does not know it.
  public func status() throws -> ProjectionStatus {
    try transaction(for: .look) { store throws -> ProjectionStatus in
      let registration = try registration(store)
      let counts = try store.setAsideCounts()
      let partitions = try store.positions().map { partition, position in
        ProjectionStatus.Partition(
          partition: partition, nextOffset: position.nextOffset, events: position.events,
          unmatched: position.unmatched, lastTimestamp: position.lastTimestamp,
          stoppedOffset: position.stoppedOffset, stoppedReason: position.stoppedReason,
          parked: counts[partition]?[.parked] ?? 0, recorded: counts[partition]?[.recorded] ?? 0,
          skipped: counts[partition]?[.skipped] ?? 0)
      }
      let keys = try store.parkedKeys(atMost: 100).map {
        ProjectionStatus.ParkedKey(key: $0.key, partition: $0.partition, events: $0.events, reason: $0.reason)
      }
      return ProjectionStatus(
        name: definition.name, generation: definition.generation, currentGeneration: registration.generation,
        nextGeneration: registration.next?.generation,
        topic: registration.topic,
        isPaused: registration.isPaused, partitions: partitions.sorted { $0.partition < $1.partition },
        parkedKeys: keys)
    }
  }

  /// Has every instance wait before its next transaction, or go on.
  public func setPaused(_ isPaused: Bool) throws {
    try transaction { store throws in
      guard try store.setPaused(isPaused) else { throw Self.unknown(definition.name) }
    }
  }

  /// What a retry came to.
  public struct Retry: Sendable, Hashable {
    /// Events that were applied, and wait no longer.
    public var applied = 0
    /// Events that still wait.
    public var left = 0
    /// Why the first of them does.
    public var reason: String?
  }

  /// Applies a key's events that wait, in their order, up to the first that is not taken.
  public func retry(_ key: [UInt8]) throws -> Retry {
    try transaction { store throws -> Retry in
      let found = try registration(store)
      let known = found.generation == definition.generation ? found.definition : found.next?.definition
      guard known == definition.normalForm else {
        throw ProjectionFailure(
          .configuration,
          "Expected the file that the projection \(definition.name) is made by, but this one has other rules or another table."
        )
      }
      let definition = try ProjectionStart.written(definition, store)
      var outcome = Retry()
      var work = BatchWork(definition)
      for partition in try store.partitions(parking: key) {
        // The row's lock: the instance that serves the partition waits, and sees the change behind it.
        _ = try store.position(partition, forUpdate: true)
        let events = try store.parkedEvents(partition, of: key)
        let applied = try apply(events, to: definition.table, store, &work, &outcome)
        if applied > 0 { try store.noteParkedChange(partition) }
        outcome.applied += applied
        outcome.left += events.count - applied
      }
      return outcome
    }
  }

  /// The events at which partitions wait.
  public func stoppedPartitions() throws -> [ProjectionStatus.Partition] {
    try status().partitions.filter { $0.stoppedOffset != nil }
  }

  /// Has the event be left out at which a partition waits: it is written into `sequitur_event` when its turn comes.
  public func skip(_ partition: Int32, offset: Int64) throws {
    try transaction { store throws in
      _ = try registration(store)
      try store.setSkip(partition, offset)
    }
  }

  /// Forgets where the projection stands, and deletes its rows: the next start begins anew. Of a generation that is being
  /// built that alone is forgotten.
  public func reset() throws {
    try transaction { store throws in
      let found = try registration(store)
      let table = try ProjectionStart.written(definition, store).table
      if found.generation < definition.generation {
        try store.forgetGeneration()
        try store.setNext(nil)
      } else {
        try store.forget()
      }
      if let table {
        try store.database.execute("delete from \(store.database.dialect.quoted(table))")
      }
    }
  }

  // MARK: Steps

  /// Applies events until one is not taken; how many were.
  private func apply(
    _ events: [ProjectedEvent], to table: ProjectionTable?, _ store: ProjectionStore,
    _ work: inout BatchWork, _ outcome: inout Retry
  ) throws -> Int {
    let database = store.database
    for (index, event) in events.enumerated() {
      do {
        work.rows.removeAll()
        let change = code == nil ? try work.change(event) : EventChange()
        try database.execute("savepoint part")
        if let code {
          try code.apply([event], to: database)
        } else {
          let steps = work.folder.steps(for: [change], &work.rows)
          _ = try database.apply(steps, of: work.rows, to: table)
        }
        try database.judgeConstraints()
        try database.execute("release savepoint part")
        try store.removeParked(event)
      } catch let fault as ValueFault {
        outcome.reason = fault.message
      } catch let failure as DatabaseFailure where failure.kind == .data {
        try database.execute("rollback to savepoint part")
        outcome.reason = failure.description
      }
      if let reason = outcome.reason {
        try store.setReason(reason, of: event)
        return index
      }
    }
    return events.count
  }

  private func registration(_ store: ProjectionStore) throws -> ProjectionStore.Registration {
    guard let found = try store.registration() else { throw Self.unknown(definition.name) }
    return found
  }

  private static func unknown(_ name: String) -> ProjectionFailure {
    ProjectionFailure(
      .configuration,
      "Expected the database to know the projection \(name), but it does not. Start it with `sequitur project FILE`."
    )
  }

  private static func isMissingTable(_ failure: DatabaseFailure) -> Bool {
    failure.code == "42P01" || failure.description.contains("no such table")
  }

  private func use<Result>(
    for purpose: DatabasePurpose, _ body: (ProjectionStore) throws -> Result
  ) throws -> Result {
    let database = address.database(for: purpose)
    defer { database.close() }
    return try body(
      ProjectionStore(database: database, name: definition.name, generation: definition.generation))
  }

  private func transaction<Result>(
    for purpose: DatabasePurpose = .change, _ body: (ProjectionStore) throws -> Result
  ) throws -> Result {
    try use(for: purpose) { store throws -> Result in
      do {
        return try store.database.transaction { try body(store) }
      } catch let failure as DatabaseFailure where Self.isMissingTable(failure) {
        throw ProjectionFailure(
          .configuration, "\(failure). Make the tables with `sequitur project FILE --create-tables`.")
      }
    }
  }
}
