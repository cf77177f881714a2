import Foundation
import KafkaClient
import Logging
import SequiturProjections
import SequiturTopics
import TestBroker
import TestDatabase
import Testing
import WrittenTopics

/// A projection in Swift, by the library's public doors alone.
@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectionInSwiftTests {
  /// How many events there are of each key, and refuses some.
  private struct Totals: Projection {
    let name = "totals"
    var onError = ProjectionDefinition.ErrorPolicy.record

    struct Refused: Error {}

    func setUp(in transaction: inout Transaction) throws {
      try transaction.execute("create table if not exists totals (id text primary key, n bigint not null)")
    }

    func apply(_ events: borrowing EventBatch, in transaction: inout Transaction) throws {
      for index in 0..<events.count {
        let event = events[index]
        if String(decoding: event.key, as: UTF8.self) == "refused" { throw Refused() }
        try transaction.execute(
          "insert into totals values ($1, 1) on conflict (id) do update set n = totals.n + 1",
          [.text(String(decoding: event.key, as: UTF8.self))])
      }
    }
  }

  private func configuration(
    _ projection: any Projection, _ address: DatabaseAddress, _ topics: WrittenTopics
  ) -> ProjectorConfiguration {
    var configuration = ProjectorConfiguration(
      projection, database: address, kafka: topics.kafka, topics: topics.names, of: topics.applicationID,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    configuration.createsTables = true
    configuration.stopsWhenCaughtUp = true
    return configuration
  }

  private func rows(_ address: String) async throws -> String {
    let isSQLite = address.hasPrefix("sqlite:")
    let result = try await RunningProgram.run(
      isSQLite ? "python3" : "psql",
      arguments: isSQLite
        ? [
          "-c",
          "import sqlite3; print('\\n'.join(f'{a}|{b}' for a, b in sqlite3.connect('\(address.dropFirst(7))').execute('select id, n from totals order by id')))",
        ] : [address, "-XAtc", "select id, n from totals order by id"])
    return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test(arguments: [true, false])
  func `each event is applied once, and one that is refused is set aside`(isSQLite: Bool) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "totals-\(UUID().uuidString).db").path
    defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
    let text = isSQLite ? "sqlite:\(path)" : try TestDatabase.make()
    let address = try DatabaseAddress(text)
    let topics = try WrittenTopics()
    try topics.write(
      (0..<20).map { topics.event($0 == 7 ? "refused" : "k\($0 % 3)", version: 1 + $0, command: $0) },
      to: topics.names.valid)
    for _ in 0..<2 { try await Projector(configuration(Totals(), address, topics)).run() }
    #expect(try await rows(text) == "k0|7\nk1|6\nk2|6")
    let status = try ProjectionControl(Totals(), address).status()
    #expect(status.partitions.map(\.events) == [20] && status.partitions.map(\.recorded) == [1])
    try topics.write([topics.event("k0", version: 21, command: 20)], to: topics.names.valid)
    let projector = Projector(configuration(Totals(), address, topics))
    try await projector.run()
    #expect(projector.statistics.snapshot.events == 1)
    #expect(try await rows(text) == "k0|8\nk1|6\nk2|6")
  }

  /// One that would end the transaction itself.
  private struct Committing: Projection {
    let name = "committing"
    func apply(_ events: borrowing EventBatch, in transaction: inout Transaction) throws {
      try transaction.execute("commit")
    }
  }

  @Test func `a statement that touches the transaction is refused`() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "committing-\(UUID().uuidString).db")
      .path
    defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
    let topics = try WrittenTopics()
    try topics.write([topics.event("k", version: 1, command: 0)], to: topics.names.valid)
    var configuration = configuration(Committing(), try DatabaseAddress("sqlite:\(path)"), topics)
    // A run that ends when it has caught up ends at a broker that is slow for a moment, too.
    configuration.stopsWhenCaughtUp = false
    let projector = Projector(configuration)
    let run = Task { try await projector.run() }
    try await eventually("the refusal", while: run) {
      projector.statistics.snapshot.trouble?.contains("Expected a statement that begins with one of") == true
    }
    projector.stop()
    try await run.value
    #expect(projector.statistics.snapshot.events == 0)
  }
}
