import Foundation
import KafkaClient
import SeededRandom
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// Where a new projection begins.
  @Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectBeginningTests {
    private static let fromState =
      ProjectedApplication.orders + "\nfrom: state\nstate: {total: total, status: status, version: $version}"

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `from state, a table is what one is that saw all events, also when they are gone`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedApplication.with(Self.fromState, partitions: 2, kind) { projected in
        var random = SplitMix64(seed: 2_410)
        try projected.application.send(600, &random)
        try await projected.application.work()
        let old = try projected.application.events()
        let admin = try KafkaAdmin(configuration: projected.application.topics.client, logger: quiet)
        let valid = projected.application.topics.valid
        let ends = Dictionary(grouping: try projected.application.topics.read(valid), by: \.partition)
        try admin.deleteRecords(
          before: ends.map { partition, records in
            TopicPartitionOffset(
              topic: valid, partition: partition, offset: (records.map(\.offset).max() ?? 0) + 1)
          }, timeout: .seconds(30))
        #expect(try projected.application.events().isEmpty)
        // Begun while more is decided.
        try projected.application.send(300, &random)
        let worker = try await projected.application.startWorkerAndWaitForChanges()
        try await projected.project()
        worker.terminate()
        try await worker.waitForExit(timeout: .seconds(60))
        try await projected.application.work()
        try await projected.project()
        let rows = try projected.database.rows("select id, total, status, version from orders")
        let orders = Dictionary(
          uniqueKeysWithValues: rows.map { row in
            (
              row[0]!,
              FollowedApplication.Order(status: row[2]!, total: Int(row[1]!)!, version: Int(row[3]!)!)
            )
          })
        #expect(orders == FollowedApplication.fold(old + (try projected.application.events())))
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `from now, only what comes later is applied`(kind: ProjectedDatabase.Kind) async throws {
      try await ProjectedLog.with(
        "projection: p\nfrom: now\ntable: {name: things, key: {id: $key}, columns: {v: bigint}}\n"
          + "events: {set: {upsert: {v: v}}}", kind
      ) { projected in
        try projected.write([("a", "set", #"{"v":1}"#)], from: 0)
        _ = try await projected.project()
        try projected.write([("b", "set", #"{"v":2}"#)], from: 1)
        _ = try await projected.project()
        #expect(try projected.database.pairs("select id, v from things") == ["b": "2"])
      }
    }

    @Test func `events that were deleted before they were read are told`() async throws {
      try await ProjectedLog.with(
        "projection: p\ntable: {name: things, key: {id: $key}, columns: {v: bigint}}\nevents: {set: {upsert: {v: v}}}",
        .sqlite
      ) { projected in
        try projected.write([("a", "set", #"{"v":1}"#), ("b", "set", #"{"v":2}"#)], from: 0)
        let topics = projected.log.topics
        let admin = try KafkaAdmin(configuration: topics.client, logger: quiet)
        try admin.deleteRecords(
          before: [TopicPartitionOffset(topic: topics.valid, partition: 0, offset: 1)], timeout: .seconds(30))
        let result = try await projected.project(expecting: 1)
        #expect(
          result.standardError.contains("were deleted before they were read"), "\(result.standardError)")
      }
    }
  }
}
