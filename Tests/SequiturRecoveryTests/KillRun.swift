import Foundation
import TestBroker
import Testing

@testable import SequiturWorker

/// The rounds of one ``KillBench``, with what is known of its events so far.
struct KillRun {
  private let bench: KillBench
  private var fold: EventFold
  /// Whether something was found that makes further rounds pointless.
  private(set) var hasFailed = false
  private var eventsBefore = 0

  init(_ bench: KillBench) throws {
    self.bench = bench
    fold = try EventFold(of: bench.bench, rereads: !TestBroker.isOutside)
  }

  /// One worker's life and death, and what comes after it.
  mutating func round(_ moment: KillMoment, seed: UInt64, _ tally: inout KillTally) async throws {
    tally.phases[moment.phase.rawValue, default: 0] += 1
    if moment.aim != nil { tally.aimed += 1 }
    if moment.phase == .restore { try? FileManager.default.removeItem(atPath: bench.bench.stateDirectory) }
    let worker = try bench.startWorker()
    let isDraining = try await bench.feeding(seed: seed) {
      switch moment.phase {
      case .start: break
      case .restore: try await worker.waitForOutput(containing: "partitions assigned", timeout: .seconds(60))
      case .load, .stop: try await waitUntilServed(worker)
      }
      if moment.phase == .stop {
        await Poll.pause(milliseconds: Int(seed % 500))
        worker.terminate()
      }
      await Poll.pause(milliseconds: moment.milliseconds)
      return try await KillWatch(bench: bench, worker: worker).kill(in: moment.aim)
    }
    if isDraining { tally.drains += 1 }
    let result = try await worker.waitForExit(timeout: .seconds(10))
    let served = tally.note(result.output.standardError, bench)
    try checkRestoring(except: served, moment)
    try await settle(killed: moment, served, &tally)
  }

  /// All partitions, since a worker that serves one may still be restoring another.
  private func waitUntilServed(_ worker: RunningProgram) async throws {
    for partition in 0..<bench.bench.partitions {
      try await worker.waitForOutput(
        containing: "partition=\(partition) position", timeout: .seconds(60))
    }
  }

  /// Lets the next worker catch up, and looks at what the killed one left, at what this one read, at the topics,
  /// and at the store.
  mutating func settle(
    killed moment: KillMoment?, _ served: Set<Int32>, _ tally: inout KillTally
  ) async throws {
    let left = try bench.stored()
    let changelog = try ChangelogEnds(bench)
    let ends = try changelog.all()
    if try changelog.isTransactionOpen() { tally.openTransactions += 1 }
    let worker = try bench.startWorker("--until-caught-up")
    let result = try await worker.waitForExit(timeout: .seconds(180))
    let log = result.output.standardError
    try #require(result.exit == .code(0), "\(String(describing: moment)): \(log)")
    try fold.readOn()
    if left.contains(where: { ends[Int($0.key)] > $0.value.changelogOffset }) { tally.undrainedKills += 1 }
    for (partition, stored) in left {
      if served.contains(partition) { compare(stored, partition, "killed at \(String(describing: moment))") }
      let isBehind = ends[Int(partition)] > stored.changelogOffset
      if isBehind { tally.undrained += 1 }
    }
    checkTail(log, left, ends, &tally)
    if let report = try await bench.verify() {
      Issue.record("\(String(describing: moment)): \(report)")
      hasFailed = true
    }
    for (partition, stored) in try bench.stored() {
      compare(stored, partition, "caught up after \(String(describing: moment)), with the log \(log)")
      tally.storesChecked += 1
    }
    tally.events += fold.count - eventsBefore
    eventsBefore = fold.count
  }

  /// A store that was being restored stands for a place between two checkpoints: it is what the changelog says up
  /// to there.
  private mutating func checkRestoring(except served: Set<Int32>, _ moment: KillMoment) throws {
    guard served.count < bench.bench.partitions, let inspection = try bench.inspection() else { return }
    let comparison = try inspection.differences(
      fromChangelog: bench.bench.topics.changelog, kafka: bench.bench.kafka, logger: bench.bench.log.logger
    ) { difference in Issue.record("killed at \(moment): \(difference)") }
    if comparison.differences > 0 { hasFailed = true }
  }

  private mutating func compare(_ stored: KillBench.Stored, _ partition: Int32, _ when: String) {
    let expected = fold.objects(of: partition, below: stored.commandPosition)
    guard stored.objects != expected else { return }
    let keys = Set(stored.objects.keys).union(expected.keys).filter { stored.objects[$0] != expected[$0] }
    let example = keys.sorted().first!
    Issue.record(
      """
      partition \(partition), \(when): \(keys.count) objects differ at command \(stored.commandPosition) and \
      changelog offset \(stored.changelogOffset), such as \(example): \(String(describing: stored.objects[example])) \
      for \(String(describing: expected[example])); events read to \(fold.positions)
      """)
    hasFailed = true
  }

  /// The next worker reads what the store lacks, and no more; and that is below the bound.
  private mutating func checkTail(
    _ log: String, _ left: [Int32: KillBench.Stored], _ ends: [Int64], _ tally: inout KillTally
  ) {
    var read: [Int32: Int64] = [:]
    for line in log.split(separator: "\n") where line.contains("changelog read") {
      guard let partition = line.firstMatch(of: /partition=([0-9]+)/).flatMap({ Int32($0.1) }),
        let records = line.firstMatch(of: /records=([0-9]+)/).flatMap({ Int64($0.1) })
      else { continue }
      read[partition, default: 0] += records
    }
    let again = log.split(separator: "\n").filter { $0.contains("it is read again from its start") }
    tally.secondLooks += again.count
    // Only the test broker makes it necessary.
    #expect(again.isEmpty || !TestBroker.isOutside, "\(log)")
    for (partition, records) in read {
      guard let stored = left[partition], stored.changelogOffset > 0 else { continue }
      if again.contains(where: { $0.contains("partition=\(partition) ") }) { continue }
      tally.tails.append(records)
      if records > ends[Int(partition)] - stored.changelogOffset
        || records > RestoreLimits.replayRecordsMax + Int64(KillTally.undrainedRecordsMax)
      {
        Issue.record("partition \(partition) replayed \(records) from \(stored.changelogOffset): \(log)")
        hasFailed = true
      }
    }
  }
}
