import JSONFields
import SequiturFollower

/// The tables that say where projections stand, and which events were set aside. Every call is a statement of the
/// transaction under way.
struct ProjectionStore {
  let database: any ProjectionDatabase
  let name: String
  let generation: Int

  private var id: [Cell] { [.text(name), .integer(Int64(generation))] }

  private func key(_ partition: Int32) -> [Cell] { id + [.integer(Int64(partition))] }

  // MARK: The projection

  /// What is registered under the name.
  struct Registration: Sendable, Hashable {
    var generation: Int
    var definition: String
    var application: String
    var topic: String
    var cluster: String
    var partitions: Int
    var isPaused = false
    /// What is built beside it; nil for nothing.
    var next: Next?

    struct Next: Sendable, Hashable {
      var generation: Int
      var definition: String
    }
  }

  /// Registers the projection, unless that has been done, and keeps others from doing it until the transaction's end.
  func register(_ wanted: Registration) throws(DatabaseFailure) -> Registration {
    try database.execute(
      """
      insert into sequitur_projection
        (projection, generation, definition, application, topic, cluster, partitions, begun_at)
      values ($1, $2, $3, $4, $5, $6, $7, \(database.dialect.now))
      on conflict (projection) do nothing
      """,
      id + [
        .text(wanted.definition), .text(wanted.application), .text(wanted.topic), .text(wanted.cluster),
        .integer(Int64(wanted.partitions)),
      ])
    return try registration(forUpdate: true) ?? wanted
  }

  /// What is registered; nil for nothing.
  func registration(forUpdate: Bool = false) throws(DatabaseFailure) -> Registration? {
    let rows = try database.query(
      """
      select generation, definition, application, topic, cluster, partitions, paused, next_generation, next_definition
      from sequitur_projection
      where projection = $1\(forUpdate ? database.dialect.forUpdate : "")
      """, [.text(name)])
    return rows.first.map { row in
      Registration(
        generation: Int(row.integer(0) ?? 0), definition: row.text(1) ?? "", application: row.text(2) ?? "",
        topic: row.text(3) ?? "", cluster: row.text(4) ?? "", partitions: Int(row.integer(5) ?? 0),
        isPaused: row.integer(6) == 1,
        next: row.integer(7).map { .init(generation: Int($0), definition: row.text(8) ?? "") })
    }
  }

  /// Notes what is built beside the current generation; nil for nothing.
  func setNext(_ next: Registration.Next?) throws(DatabaseFailure) {
    try database.execute(
      "update sequitur_projection set next_generation = $1, next_definition = $2 where projection = $3",
      [
        next.map { .integer(Int64($0.generation)) } ?? .null, next.map { .text($0.definition) } ?? .null,
        .text(name),
      ])
  }

  /// Makes what was built the current generation.
  func makeNextCurrent() throws(DatabaseFailure) {
    try database.execute(
      """
      update sequitur_projection set generation = next_generation, definition = next_definition,
        next_generation = null, next_definition = null
      where projection = $1 and next_generation is not null
      """, [.text(name)])
  }

  func setPaused(_ isPaused: Bool) throws(DatabaseFailure) -> Bool {
    try database.execute(
      "update sequitur_projection set paused = $1 where projection = $2",
      [.integer(isPaused ? 1 : 0), .text(name)]) == 1
  }

  // MARK: Positions

  func positions() throws(DatabaseFailure) -> [Int32: ProjectionPosition] {
    let rows = try database.query(
      """
      select partition, \(ProjectionPosition.columns) from sequitur_position
      where projection = $1 and generation = $2
      """, id)
    return Dictionary(
      uniqueKeysWithValues: rows.map { (Int32($0.integer(0) ?? 0), ProjectionPosition($0, at: 1)) })
  }

  func position(_ partition: Int32, forUpdate: Bool = false) throws(DatabaseFailure) -> ProjectionPosition? {
    try database.query(
      """
      select \(ProjectionPosition.columns) from sequitur_position
      where projection = $1 and generation = $2 and partition = $3\(forUpdate ? database.dialect.forUpdate : "")
      """, key(partition)
    ).first.map { ProjectionPosition($0) }
  }

  /// Begins a partition at an offset, with nothing applied.
  func begin(_ partition: Int32, at offset: Int64, covered: Int64) throws(DatabaseFailure) {
    try database.execute(
      """
      insert into sequitur_position (projection, generation, partition, next_offset, covered, changed_at)
      values ($1, $2, $3, $4, $5, \(database.dialect.now))
      """, key(partition) + [.integer(offset), .integer(covered)])
  }

  /// What the fence says of the moment.
  struct Fence {
    let parkedChanges: Int64
    let skipOffset: Int64?
    let isPaused: Bool
  }

  /// Moves the position, and with it takes the partition's lock until the transaction's end.
  ///
  /// - Returns: nil when the database does not stand at the old position: somebody else has moved it.
  func advance(
    _ partition: Int32, from old: ProjectionPosition, to new: FollowPosition, events: Int,
    last: ProjectedEvent?
  ) throws(DatabaseFailure) -> Fence? {
    let rows = try database.query(
      """
      update sequitur_position set next_offset = $1, next_command = $2, events = events + $3,
        last_offset = coalesce($4, last_offset), last_id = coalesce($5, last_id),
        last_timestamp = coalesce($6, last_timestamp), stopped_offset = null, stopped_reason = null,
        changed_at = \(database.dialect.now)
      where projection = $7 and generation = $8 and partition = $9 and next_offset = $10
        and coalesce(next_command, -1) = $11
      returning parked_changes, skip_offset,
        (select paused from sequitur_projection p where p.projection = sequitur_position.projection)
      """,
      [
        .integer(new.offset), .integer(new.command), .integer(Int64(events)),
        last.map { .integer($0.offset) } ?? .null, last.map { .text($0.id) } ?? .null,
        last.map { .integer($0.timestamp) } ?? .null,
      ] + key(partition) + [.integer(old.nextOffset), .integer(old.nextCommand ?? -1)])
    guard let row = rows.first else { return nil }
    return Fence(
      parkedChanges: row.integer(0) ?? 0, skipOffset: row.integer(1), isPaused: row.integer(2) == 1)
  }

  /// The current generation, as a statement of its own behind the fence: the fence's own view of other tables may be older
  /// than the lock that it waited for.
  func currentGeneration() throws(DatabaseFailure) -> Int {
    try database.query("select generation from sequitur_projection where projection = $1", [.text(name)])
      .first?.integer(0).map { Int($0) } ?? 0
  }

  func addUnmatched(_ count: Int, _ partition: Int32) throws(DatabaseFailure) {
    guard count > 0 else { return }
    try database.execute(
      """
      update sequitur_position set unmatched = unmatched + $1
      where projection = $2 and generation = $3 and partition = $4
      """, [.integer(Int64(count))] + key(partition))
  }

  /// Says why the partition waits, if it still stands there.
  func setStopped(
    _ stopped: PartitionStopped, at position: ProjectionPosition
  ) throws(DatabaseFailure) {
    try database.execute(
      """
      update sequitur_position set stopped_offset = $1, stopped_reason = $2, changed_at = \(database.dialect.now)
      where projection = $3 and generation = $4 and partition = $5 and next_offset = $6
      """,
      [.integer(stopped.offset), .text(stopped.reason.withoutNUL)] + key(stopped.partition) + [
        .integer(position.nextOffset)
      ])
  }

  /// Has the event that stopped the partition set aside.
  func setSkip(_ partition: Int32, _ offset: Int64) throws(DatabaseFailure) {
    try database.execute(
      """
      update sequitur_position set skip_offset = $1 where projection = $2 and generation = $3 and partition = $4
      """, [.integer(offset)] + key(partition))
  }

  func noteParkedChange(_ partition: Int32) throws(DatabaseFailure) {
    try database.execute(
      """
      update sequitur_position set parked_changes = parked_changes + 1
      where projection = $1 and generation = $2 and partition = $3
      """, key(partition))
  }

  /// The offsets at which the partitions of this generation stand, kept from moving until the transaction's end.
  func lockPositions() throws(DatabaseFailure) -> [Int32: Int64] {
    let rows = try database.query(
      """
      select partition, next_offset from sequitur_position where projection = $1 and generation = $2
      order by partition\(database.dialect.forUpdate)
      """, id)
    return Dictionary(uniqueKeysWithValues: rows.map { (Int32($0.integer(0) ?? 0), $0.integer(1) ?? 0) })
  }

  /// Forgets where this generation stands.
  func forgetGeneration() throws(DatabaseFailure) {
    for table in ProjectionSchema.ownTables.dropFirst() {
      try database.execute("delete from \(table) where projection = $1 and generation = $2", id)
    }
  }

  /// Forgets all generations of the projection.
  func forget() throws(DatabaseFailure) {
    for table in ProjectionSchema.ownTables {
      try database.execute("delete from \(table) where projection = $1", [.text(name)])
    }
  }
}
