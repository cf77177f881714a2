import Foundation
import KafkaClient
import Sequitur
import Synchronization
import TestBroker
import Testing

@testable import SequiturWorker

extension StateTests {
  /// `SEQUITUR_KILL_ROUNDS` is the number of rounds, `SEQUITUR_KILL_SEED` repeats one run's moments.
  @Test func `the store survives kill -9 at random moments`() async throws {
    let environment = ProcessInfo.processInfo.environment
    let rounds = environment["SEQUITUR_KILL_ROUNDS"].flatMap { Int($0) } ?? 3
    let seed = environment["SEQUITUR_KILL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
    print("SEQUITUR_KILL_SEED=\(seed)")
    var random = SplitMix(state: seed)
    let bench = try StateBench(partitions: 2)
    try await bench.createTopics()
    let feeder = Feeder(bench)
    feeder.start()
    defer { feeder.stop() }
    for round in 1...rounds {
      let worker = try bench.startWorker()
      try await worker.waitForOutput(containing: "partition served", timeout: .seconds(60))
      await Poll.pause(milliseconds: Int(random.next() % 1500))
      worker.kill()
      try await worker.waitForExit(timeout: .seconds(10))
      try checkTail(bench, worker.output.standardError, round)
      // In some rounds the next worker restores from nothing.
      if random.next() % 10 == 0 { try FileManager.default.removeItem(atPath: bench.stateDirectory) }
      if round % 10 == 0 { try await settle(bench, round) }
    }
    feeder.stop()
    try await settle(bench, rounds)
    #expect(try bench.records(of: bench.topics.valid).count == feeder.sent)
  }

  /// Lets a worker catch up, and compares its store with the events and with the changelog.
  private func settle(_ bench: StateBench, _ round: Int) async throws {
    let result = try await bench.startWorker("--until-caught-up").waitForExit(timeout: .seconds(120))
    try #require(result.exit == .code(0), "round \(round): \(result.output.standardError)")
    try bench.expectGaplessVersions()
    let stored = try bench.stored()
    var expected = try bench.fold()
    // Commands sent since the worker caught up are no fault of the store's.
    if expected != stored { expected = try bench.fold() }
    #expect(stored == expected, "round \(round)")
    let inspection = try StoreInspection(stateDirectory: bench.stateDirectory)
    let comparison = try inspection.differences(
      fromChangelog: bench.topics.changelog, kafka: bench.kafka, logger: bench.log.logger
    ) { Issue.record("round \(round): \($0)") }
    #expect(comparison.differences == 0)
  }

  /// After a crash no more is replayed than was undrained or unflushed.
  private func checkTail(_ bench: StateBench, _ log: String, _ round: Int) throws {
    let bound = Int(RestoreLimits.replayRecordsMax) + 50_000
    for line in log.split(separator: "\n") where line.contains("changelog read") {
      guard let text = line.firstMatch(of: /records[="]+([0-9]+)/)?.1, let records = Int(text) else {
        continue
      }
      #expect(records <= bound, "round \(round): \(line)")
    }
  }
}

/// Sends notes until it is stopped.
private final class Feeder: Sendable {
  private let bench: StateBench
  private let state = Mutex((isStopped: false, sent: 0))
  private let ended = DispatchSemaphore(value: 0)

  init(_ bench: StateBench) { self.bench = bench }

  var sent: Int { state.withLock { $0.sent } }

  func start() {
    Thread.detachNewThread { [self] in
      var round = 0
      while !state.withLock({ $0.isStopped }) {
        let notes = (0..<500).map { ("key-\(($0 * 7 + round * 13) % 3000)", "round \(round) note \($0)") }
        guard (try? bench.send(notes)) != nil else { break }
        state.withLock { $0.sent += notes.count }
        round += 1
      }
      ended.signal()
    }
  }

  func stop() {
    guard
      !state.withLock({ state in
        defer { state.isStopped = true }; return state.isStopped
      })
    else { return }
    ended.wait()
  }
}

/// The generator by Sebastiano Vigna (public domain).
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
