import Logging
import SequiturFollower

/// Events of a partition on their way into one transaction.
struct ProjectionBatch {
  /// An event and what it does.
  private enum Compiled {
    case change(EventChange)
    case fault(ValueFault)
  }

  let partition: Int32
  let events: [ProjectedEvent]
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
  private var compiled: [Compiled] = []

  init(
    _ events: [ProjectedEvent], of partition: Int32, from old: ProjectionPosition, to new: FollowPosition,
    parked: Set<[UInt8]>, _ code: (any Projection)? = nil
  ) {
    self.code = code
    self.partition = partition
    self.events = events
    self.old = old
    self.new = new
    self.parked = parked
  }

  /// Computes what the events do. A type that no rule names is told of once.
  mutating func compile(_ compiler: inout EventCompiler, _ unruled: inout Set<String>, _ logger: Logger) {
    guard code == nil else {
      compiled = Array(repeating: .change(EventChange()), count: events.count)
      return
    }
    compiled.reserveCapacity(events.count)
    for event in events {
      do throws(ValueFault) {
        let change = try compiler.compile(event)
        if change == nil, unruled.count < 100, unruled.insert(event.type).inserted {
          logger.notice(
            "events of this type change nothing: no rule names it, and there is no \"*\"",
            metadata: ["type": "\(event.type)", "partition": "\(partition)", "offset": "\(event.offset)"])
        }
        compiled.append(.change(change ?? EventChange()))
      } catch {
        compiled.append(.fault(error))
      }
    }
  }

  /// Whether an event is to be set aside for certain.
  var needsCare: Bool {
    zip(events, compiled).contains { event, compiled in
      if case .fault = compiled { return true }
      return !parked.isEmpty && parked.contains(event.key)
    }
  }

  /// Applies all events, where none is set aside.
  ///
  /// - Returns: how many updates and deletions met no row.
  func applyAll(
    to database: any ProjectionDatabase, _ definition: ProjectionDefinition
  ) throws(DatabaseFailure) -> Int {
    try apply(Array(events.indices), to: database, definition)
  }

  private func apply(
    _ indices: [Int], to database: any ProjectionDatabase, _ definition: ProjectionDefinition
  ) throws(DatabaseFailure) -> Int {
    if let code {
      try code.apply(indices.map { events[$0] }, to: database)
      return 0
    }
    let changes = indices.lazy.compactMap { index in
      if case .change(let change) = compiled[index] { change } else { nil }
    }
    let steps = FoldedBatch(changes).steps
    return steps.isEmpty ? 0 : try database.apply(steps, to: definition.table)
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
    guard let stopped = events.first(where: { $0.offset == offset }),
      let end = events.firstIndex(where: { $0.command == stopped.command }), end > 0
    else { return nil }
    var before = ProjectionBatch(
      Array(events[..<end]), of: partition, from: old,
      to: FollowPosition(offset: events[end].offset, command: stopped.command), parked: parked, code)
    before.compiled = Array(compiled[..<end])
    return before
  }

  // MARK: With care

  /// Applies the events so that each one that is not taken is found, and set aside as the policy says.
  ///
  /// The transaction stays whole: what fails is undone to a savepoint. Halves are tried before single events.
  ///
  /// - Returns: an event at which the partition must stop; then the transaction is to be undone.
  mutating func applyCarefully(
    _ store: ProjectionStore, _ definition: ProjectionDefinition
  ) throws(DatabaseFailure) -> PartitionStopped? {
    unmatched = 0
    setAsideCounts = [:]
    return try apply(0..<events.count, store, definition)
  }

  private mutating func apply(
    _ range: Range<Int>, _ store: ProjectionStore, _ definition: ProjectionDefinition
  ) throws(DatabaseFailure) -> PartitionStopped? {
    var run: [Int] = []
    for index in range {
      switch compiled[index] {
      case .change: run.append(index)
      case .fault(let fault):
        if let stopped = try applyRun(run, store, definition) { return stopped }
        run = []
        if let stopped = try setAside(index, fault.message, store, definition) { return stopped }
      }
    }
    return try applyRun(run, store, definition)
  }

  private mutating func applyRun(
    _ all: [Int], _ store: ProjectionStore, _ definition: ProjectionDefinition
  ) throws(DatabaseFailure) -> PartitionStopped? {
    var run: [Int] = []
    for index in all {
      if parked.contains(events[index].key) {
        try wait(index, store)
      } else {
        run.append(index)
      }
    }
    guard let first = run.first else { return nil }
    let database = store.database
    try database.execute("savepoint part")
    do throws(DatabaseFailure) {
      let missed = try apply(run, to: database, definition)
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
    if let stopped = try applyRun(Array(run[..<middle]), store, definition) { return stopped }
    return try applyRun(Array(run[middle...]), store, definition)
  }

  private mutating func setAside(
    _ index: Int, _ reason: String, _ store: ProjectionStore, _ definition: ProjectionDefinition
  ) throws(DatabaseFailure) -> PartitionStopped? {
    let event = events[index]
    guard !parked.contains(event.key) else {
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
    try setAside(events[index], .parked, "It waits behind an earlier event of its key", store)
  }

  private mutating func setAside(
    _ event: ProjectedEvent, _ fate: EventFate, _ reason: String, _ store: ProjectionStore
  ) throws(DatabaseFailure) {
    try store.setAside(event, fate, reason)
    setAsideCounts[fate, default: 0] += 1
  }
}
