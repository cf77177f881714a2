import Logging
import SequiturFollower

/// What computes and puts together the changes of one batch after the other. Lives on one thread.
struct BatchWork: ~Copyable {
  var compiler: EventCompiler
  var rows = RowBuffer()
  var folder = BatchFolder()

  /// - Parameter statesAreNew: whether states make rows that are not there.
  init(_ definition: ProjectionDefinition, statesAreNew: Bool = false) {
    compiler = EventCompiler(definition, statesAreNew: statesAreNew)
  }

  /// What an event does by itself.
  mutating func change(_ event: ProjectedEvent) throws(ValueFault) -> EventChange {
    try event.withLentRecord { record throws(ValueFault) in
      try compiler.compile(record, of: event.partition, into: &rows) ?? EventChange()
    }
  }
}

/// Events of a partition on their way into one transaction.
struct ProjectionBatch {
  let partition: Int32
  private let events: FollowBatch
  /// Of `events`, how many belong to it.
  let count: Int
  var old: ProjectionPosition
  let new: FollowPosition
  /// Keys whose events wait; those of the events among them.
  var parked: Set<[UInt8]>
  /// An event that somebody wants to be left out.
  var skipOffset: Int64?
  /// Updates and deletions that met no row.
  var unmatched = 0
  /// Events that were set aside, by fate.
  private(set) var setAsideCounts: [EventFate: Int] = [:]
  private let code: (any Projection)?
  /// Of each event, the number of its row; -1 for none. Where it is known what the events do.
  private var rows: [Int] = []
  /// By event, the statements of those that have some, and why those that cannot be applied cannot.
  private var statements: [Int: [EventChange.Statement]] = [:]
  private var faults: [Int: ValueFault] = [:]

  init(
    _ events: FollowBatch, of partition: Int32, from old: ProjectionPosition, to new: FollowPosition,
    parked: Set<[UInt8]>, _ code: (any Projection)? = nil, _ count: Int? = nil
  ) {
    self.code = code
    self.partition = partition
    self.events = events
    self.count = count ?? events.count
    self.old = old
    self.new = new
    self.parked = parked
  }

  /// The last event; nil for none.
  var last: ProjectedEvent? { count > 0 ? event(count - 1) : nil }

  private func event(_ index: Int) -> ProjectedEvent { ProjectedEvent(events[index], of: partition) }

  /// Computes what the events do. A type that no rule names is told of once.
  mutating func compile(_ work: inout BatchWork, _ unruled: inout Set<String>, _ logger: Logger) {
    work.rows.removeAll()
    guard code == nil else { return }
    rows.reserveCapacity(count)
    events.withLentRecords { records in
      for index in 0..<count {
        let event = records[index]
        do throws(ValueFault) {
          let change = try work.compiler.compile(event, of: partition, into: &work.rows)
          rows.append(change?.row ?? -1)
          if let change {
            if !change.statements.isEmpty { statements[index] = change.statements }
          } else {
            note(index, &unruled, logger)
          }
        } catch {
          rows.append(-1)
          faults[index] = error
        }
      }
    }
  }

  private func note(_ index: Int, _ unruled: inout Set<String>, _ logger: Logger) {
    guard unruled.count < 100 else { return }
    let event = event(index)
    guard unruled.insert(event.type).inserted else { return }
    logger.notice(
      "events of this type change nothing: no rule names it, and there is no \"*\"",
      metadata: ["type": "\(event.type)", "partition": "\(partition)", "offset": "\(event.offset)"])
  }

  /// Whether an event is to be set aside for certain.
  var needsCare: Bool {
    faults.keys.contains { $0 < count } || !parked.isEmpty && (0..<count).contains(where: isParked)
  }

  private func isParked(_ index: Int) -> Bool {
    !parked.isEmpty && parked.contains(Array(events[index].key))
  }

  /// Applies all events, where none is set aside.
  ///
  /// - Returns: how many updates and deletions met no row.
  func applyAll(
    to database: any ProjectionDatabase, _ definition: ProjectionDefinition, _ work: inout BatchWork
  ) throws(DatabaseFailure) -> Int {
    try apply(0..<count, to: database, definition, &work)
  }

  private func apply(
    _ indices: some Collection<Int>, to database: any ProjectionDatabase, _ definition: ProjectionDefinition,
    _ work: inout BatchWork
  ) throws(DatabaseFailure) -> Int {
    if let code {
      try code.apply(indices.map(event), to: database)
      return 0
    }
    let mark = work.rows.mark
    work.folder.begin(work.rows)
    for index in indices {
      if rows[index] >= 0 { work.folder.add(rows[index], &work.rows) }
      if let statements = statements[index] { work.folder.add(statements, work.rows) }
    }
    let steps = work.folder.finish(work.rows)
    defer { work.rows.rewind(to: mark) }
    return steps.isEmpty ? 0 : try database.apply(steps, of: work.rows, to: definition.table)
  }

  /// Where the database stands once the batch is committed.
  var reached: ProjectionPosition {
    var reached = old
    reached.nextOffset = new.offset
    reached.nextCommand = new.command
    return reached
  }

  /// The events of the commands before that of an event; nil when there are none.
  func before(_ offset: Int64) -> ProjectionBatch? {
    guard let stopped = (0..<count).first(where: { events[$0].offset == offset }),
      let end = (0...stopped).first(where: { events[$0].command == events[stopped].command }), end > 0
    else { return nil }
    let new = FollowPosition(offset: events[end].offset, command: events[stopped].command ?? 0)
    return ProjectionBatch(self, first: end, to: new)
  }

  private init(_ whole: ProjectionBatch, first count: Int, to new: FollowPosition) {
    self.init(
      whole.events, of: whole.partition, from: whole.old, to: new, parked: whole.parked, whole.code, count)
    rows = whole.rows
    statements = whole.statements
    faults = whole.faults
  }

  // MARK: With care

  /// Applies the events so that each one that is not taken is found, and set aside as the policy says.
  ///
  /// The transaction stays whole: what fails is undone to a savepoint. Halves are tried before single events.
  ///
  /// - Returns: an event at which the partition must stop; then the transaction is to be undone.
  mutating func applyCarefully(
    _ store: ProjectionStore, _ definition: ProjectionDefinition, _ work: inout BatchWork
  ) throws(DatabaseFailure) -> PartitionStopped? {
    unmatched = 0
    setAsideCounts = [:]
    var run: [Int] = []
    for index in 0..<count {
      guard let fault = faults[index] else {
        run.append(index)
        continue
      }
      if let stopped = try applyRun(run, store, definition, &work) { return stopped }
      run = []
      if let stopped = try setAside(index, fault.message, store, definition) { return stopped }
    }
    return try applyRun(run, store, definition, &work)
  }

  private mutating func applyRun(
    _ all: [Int], _ store: ProjectionStore, _ definition: ProjectionDefinition, _ work: inout BatchWork
  ) throws(DatabaseFailure) -> PartitionStopped? {
    var run: [Int] = []
    for index in all {
      if isParked(index) {
        try wait(index, store)
      } else {
        run.append(index)
      }
    }
    guard let first = run.first else { return nil }
    let database = store.database
    try database.execute("savepoint part")
    do throws(DatabaseFailure) {
      let missed = try apply(run, to: database, definition, &work)
      try database.judgeConstraints()
      try database.execute("release savepoint part")
      unmatched += missed
      return nil
    } catch {
      guard error.kind == .data else { throw error }
      try database.execute("rollback to savepoint part")
      try database.execute("release savepoint part")
      if run.count == 1 { return try setAside(first, error.description, store, definition) }
    }
    let middle = run.count / 2
    if let stopped = try applyRun(Array(run[..<middle]), store, definition, &work) { return stopped }
    return try applyRun(Array(run[middle...]), store, definition, &work)
  }

  private mutating func setAside(
    _ index: Int, _ reason: String, _ store: ProjectionStore, _ definition: ProjectionDefinition
  ) throws(DatabaseFailure) -> PartitionStopped? {
    let event = event(index)
    guard !isParked(index) else {
      try wait(index, store)
      return nil
    }
    if event.offset == skipOffset {
      try setAside(event, .skipped, reason, store)
      return nil
    }
    switch definition.onError {
    case .stop: return PartitionStopped(partition: partition, offset: event.offset, reason: reason)
    case .record: try setAside(event, .recorded, reason, store)
    case .parkKey:
      parked.insert(event.key)
      try setAside(event, .parked, reason, store)
    }
    return nil
  }

  private mutating func wait(_ index: Int, _ store: ProjectionStore) throws(DatabaseFailure) {
    try setAside(event(index), .parked, "It waits behind an earlier event of its key", store)
  }

  private mutating func setAside(
    _ event: ProjectedEvent, _ fate: EventFate, _ reason: String, _ store: ProjectionStore
  ) throws(DatabaseFailure) {
    try store.setAside(event, fate, reason)
    setAsideCounts[fate, default: 0] += 1
  }
}
