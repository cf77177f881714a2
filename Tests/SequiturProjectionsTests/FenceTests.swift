import Foundation
import Logging
import PartitionEngine
import SeededRandom
import SequiturFollower
import Testing

@testable import SequiturProjections

/// The fence alone, without Kafka: two writers of one partition that know nothing of each other, crashes in every place, and
/// an `n = n + 1`. And that this would notice a fence that is none.
@Suite struct FenceTests {
  /// What is wrong with a fence.
  enum Mutation: CaseIterable {
    /// The old position is not asked for.
    case unchecked
    /// That it hit no row is not looked at.
    case ignored
    /// It leads one offset too far.
    case offByOne
    /// It is committed by itself, before the rows.
    case outside
    /// It is left out.
    case missing
  }

  private static let eventCount = 400

  private func events(_ offsets: Range<Int>) -> FollowBatch {
    var batch = FollowBatch()
    for offset in offsets {
      batch.append(
        offset: Int64(offset), timestamp: 0, command: Int64(offset), version: UInt64(1 + offset / 5),
        key: Array("k\(offset % 5)".utf8), value: nil,
        headers: [("ce_type", Array("e".utf8)), ("ce_id", Array("commands/0/\(offset)/0".utf8))])
    }
    return batch
  }

  /// - Returns: the sum of all counts, after everything was offered.
  private func run(seed: UInt64, _ mutation: Mutation?) throws -> Int {
    let path = FileManager.default.temporaryDirectory.appending(path: "fence-\(UUID().uuidString)").path
    defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
    let definition = try Orders.definition(
      "projection: p\ntable: {name: t, key: {id: $key}, columns: {n: bigint}}\nevents: {e: {upsert: {}, increment: {n: 1}}}"
    )
    let made = SQLiteDatabase(path: path, for: .make)
    try made.connect()
    defer { made.close() }
    for statement in ProjectionSchema.statements(definition, .sqlite) { try made.execute(statement) }
    let store = ProjectionStore(database: made, name: "p", generation: 1)
    _ = try store.register(
      .init(generation: 1, definition: "", application: "a", topic: "t", cluster: "c", partitions: 1))
    try store.begin(0, at: 0, covered: 0)
    let crashes = Crashes(random: SplitMix64(seed: seed))
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    func writer() -> ProjectionTransactions {
      ProjectionTransactions(
        definition, nil, FaultyDatabase(SQLiteDatabase(path: path, for: .change), crashes, mutation),
        ProjectionStatistics(), logger: logger)
    }
    // Where each stands by its own memory; nil: it asks.
    var standing: [Int?] = [nil, nil]
    var one = writer()
    var other = writer()
    for step in 0..<600 {
      let isLast = step >= 500
      crashes.isOn = !isLast
      let index = crashes.random.below(2)
      func take(_ writer: inout ProjectionTransactions) throws {
        if standing[index] == nil || isLast {
          standing[index] = Int(try writer.position(of: 0)?.offset ?? 0)
        }
        let first = standing[index]!
        let count = min(1 + crashes.random.below(7), Self.eventCount - first)
        guard count > 0 else { return standing[index] = nil }
        let end = first + count
        let verdict = try writer.apply(
          events(first..<end), of: 0, to: FollowPosition(offset: Int64(end), command: Int64(end - 1)))
        if case .applied = verdict { standing[index] = end } else { standing[index] = nil }
      }
      do {
        if index == 0 { try take(&one) } else { try take(&other) }
      } catch is DatabaseFailure {
        standing[index] = nil
      }
    }
    one.close()
    other.close()
    return Int(try made.query("select coalesce(sum(n), 0) from t")[0].integer(0) ?? 0)
  }

  @Test(arguments: 1...20)
  func `each event counts once, whoever crashes where`(seed: UInt64) throws {
    #expect(try run(seed: seed, nil) == Self.eventCount, "seed \(seed)")
  }

  @Test(arguments: Mutation.allCases)
  func `a fence that is none is noticed`(mutation: Mutation) throws {
    let wrong = (1...20).contains { seed in
      (try? run(seed: UInt64(seed), mutation)) != Self.eventCount
    }
    #expect(wrong)
  }

  /// When a process dies.
  private final class Crashes {
    var random: SplitMix64
    var isOn = true
    init(random: SplitMix64) { self.random = random }
    func strikes() -> Bool { isOn && random.below(12) == 0 }
  }

  /// A database whose connection is lost now and then: before a statement, before a commit, or behind it.
  private final class FaultyDatabase: ProjectionDatabase {
    private let inner: SQLiteDatabase
    private let crashes: Crashes
    private let mutation: Mutation?

    init(_ inner: SQLiteDatabase, _ crashes: Crashes, _ mutation: Mutation?) {
      self.inner = inner
      self.crashes = crashes
      self.mutation = mutation
    }

    var dialect: DatabaseDialect { inner.dialect }
    var address: String { inner.address }
    func connect() throws(DatabaseFailure) { try inner.connect() }
    func close() { inner.close() }
    func begin() throws(DatabaseFailure) { try inner.begin() }
    func rollBack() { inner.rollBack() }
    func judgeConstraints() throws(DatabaseFailure) { inner.judgeConstraints() }
    func check(_ statement: String) throws(DatabaseFailure) { try inner.check(statement) }
    func check(_ shape: RowChange.Shape, of table: ProjectionTable) throws(DatabaseFailure) {
      try inner.check(shape, of: table)
    }

    private func mayCrash() throws(DatabaseFailure) {
      guard crashes.strikes() else { return }
      inner.rollBack()
      throw DatabaseFailure(.connection, code: nil, "Expected an answer, but the connection is lost")
    }

    func commit() throws(DatabaseFailure) {
      try mayCrash()
      try inner.commit()
      try mayCrash()
    }

    func apply(
      _ steps: [BatchFolder.Step], of rows: borrowing RowBuffer, to table: ProjectionTable?
    ) throws(DatabaseFailure) -> Int {
      try mayCrash()
      return try inner.apply(steps, of: rows, to: table)
    }

    func execute(_ statement: String, _ parameters: [Cell]) throws(DatabaseFailure) -> Int {
      try inner.execute(statement, parameters)
    }

    func query(_ statement: String, _ parameters: [Cell]) throws(DatabaseFailure) -> [ResultRow] {
      guard statement.hasPrefix("update sequitur_position set next_offset") else {
        return try inner.query(statement, parameters)
      }
      try mayCrash()
      let free = statement.replacing(
        "and next_offset = $10\n  and coalesce(next_command, -1) = $11", with: "and $10 = $10 and $11 = $11")
      switch mutation {
      case nil: return try inner.query(statement, parameters)
      case .unchecked:
        precondition(free != statement, "the fence is written in another way")
        return try inner.query(free, parameters)
      case .ignored:
        let rows = try inner.query(statement, parameters)
        return rows.isEmpty ? [ResultRow(cells: [.integer(0), .null, .integer(0)])] : rows
      case .offByOne:
        guard case .integer(let offset) = parameters[0] else { return [] }
        return try inner.query(statement, [.integer(offset + 1)] + parameters.dropFirst())
      case .outside:
        let rows = try inner.query(statement, parameters)
        try inner.commit()
        try inner.begin()
        return rows
      case .missing: return [ResultRow(cells: [.integer(0), .null, .integer(0)])]
      }
    }
  }
}
