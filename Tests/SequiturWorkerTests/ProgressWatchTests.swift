import Testing

@testable import SequiturWorker

/// Facts and times go in, and what keeps a worker comes out.
struct ProgressWatchTests {
  /// A worker that serves partition 0, with commands that wait.
  private var behind: WorkerFacts {
    var facts = WorkerFacts()
    facts.partitions[0] = WorkerFacts.Partition(
      role: .serving, position: 100, end: 200, stableEnd: 200, lane: 0)
    facts.lanes[0] = WorkerFacts.Lane()
    return facts
  }

  private func change(_ facts: WorkerFacts, _ body: (inout WorkerFacts.Partition) -> Void) -> WorkerFacts {
    var facts = facts
    body(&facts.partitions[0]!)
    return facts
  }

  /// What a watch says of these facts after so many seconds without a change.
  private func reasons(_ facts: WorkerFacts, after seconds: Int) -> [TroubleReason] {
    var watch = ProgressWatch()
    _ = watch.look(facts, at: .zero)
    return watch.look(facts, at: .seconds(seconds)).troubles.map(\.reason)
  }

  @Test func `a worker without partitions is ready once it is a member`() {
    var facts = WorkerFacts()
    #expect(reasons(facts, after: 100) == [])
    facts.isMember = false
    #expect(reasons(facts, after: 0) == [.rebalancing])
  }

  @Test func `commands that wait are trouble when the position stays, and not before`() {
    #expect(reasons(behind, after: 9) == [])
    #expect(reasons(behind, after: 10) == [.standstill])
  }

  @Test func `a partition that moves is well, however far it is behind`() {
    var watch = ProgressWatch()
    for second in 0..<100 {
      let facts = change(behind) {
        $0.position = 100 + Int64(second)
        $0.end = 1_000_000
      }
      #expect(watch.look(facts, at: .seconds(second)).isReady)
    }
  }

  @Test func `a partition without commands that wait is well for ever`() {
    var watch = ProgressWatch()
    let idle = change(behind) { $0.end = 100 }
    for second in 0..<100 { #expect(watch.look(idle, at: .seconds(second)).isReady) }
    // Its time begins with the first command that waits.
    #expect(watch.look(behind, at: .seconds(105)).isReady)
    #expect(watch.look(behind, at: .seconds(108)).isReady)
    #expect(!watch.look(behind, at: .seconds(110)).isReady)
  }

  @Test func `a right to read that is missing is told at once, while it keeps something back`() {
    let refused = change(behind) { $0.inputFault = "no right Read" }
    #expect(reasons(refused, after: 0) == [.inputRefused])
    #expect(reasons(change(refused) { $0.role = .restoring }, after: 0) == [.inputRefused])
    #expect(
      reasons(
        change(refused) {
          $0.role = .restoring
          $0.position = nil
        }, after: 0) == [.inputRefused])
    #expect(reasons(change(refused) { $0.end = 100 }, after: 100) == [])
    #expect(reasons(change(refused) { $0.role = .refused }, after: 0) == [.partitionRefused])
  }

  @Test func `trouble is over with the next step`() {
    var watch = ProgressWatch()
    _ = watch.look(behind, at: .zero)
    #expect(watch.look(behind, at: .seconds(20)).troubles.map(\.seconds) == [20])
    #expect(watch.look(change(behind) { $0.position = 101 }, at: .seconds(21)).isReady)
  }

  @Test func `a silent cluster is the reason of all that stands still`() {
    var facts = behind
    facts.brokerSilence = .seconds(9)
    #expect(reasons(facts, after: 0) == [])
    facts.brokerSilence = .seconds(12)
    facts.brokerFault = "timed out"
    #expect(reasons(facts, after: 60) == [.brokerSilent])
    var watch = ProgressWatch()
    let trouble = watch.look(facts, at: .zero).troubles[0]
    #expect(trouble.seconds == 12 && trouble.detail == "timed out" && trouble.partition == nil)
  }

  @Test func `a sender's open transaction is told with where it begins`() {
    let facts = change(behind) { $0.stableEnd = 100 }
    #expect(reasons(facts, after: 9) == [])
    #expect(reasons(facts, after: 10) == [.transactionHung])
    var watch = ProgressWatch()
    _ = watch.look(facts, at: .zero)
    #expect(
      watch.look(facts, at: .seconds(11)).troubles[0].detail
        == "a sender left a transaction open on the commands at offset 100, 100 offsets before the end")
  }

  @Test func `an open transaction far ahead is no reason yet`() {
    #expect(reasons(change(behind) { $0.stableEnd = 150 }, after: 10) == [.standstill])
  }

  @Test func `this worker's own transaction that hangs is told with its step`() {
    var facts = behind
    facts.lanes[0]?.transactionSeconds = 11
    facts.lanes[0]?.step = "commit"
    facts.lanes[0]?.failure = "the coordinator is gone"
    var watch = ProgressWatch()
    _ = watch.look(facts, at: .zero)
    let trouble = watch.look(facts, at: .seconds(11)).troubles[0]
    #expect(trouble.reason == .transactionHung && trouble.partition == 0)
    #expect(trouble.detail == "this worker's own transaction is at the step commit: the coordinator is gone")
  }

  @Test func `a decider that works on one command is slow before anything stands still`() {
    let facts = change(behind) { $0.executing = 142 }
    #expect(reasons(facts, after: 4) == [])
    #expect(reasons(facts, after: 5) == [.deciderSlow])
    // Another command each time is work.
    var watch = ProgressWatch()
    for second in 0..<60 {
      let facts = change(behind) {
        $0.executing = Int64(second)
        $0.position = Int64(second)
      }
      #expect(watch.look(facts, at: .seconds(second)).isReady)
    }
  }

  @Test func `a restore is a reason at once, and the last owner's transaction when it lasts`() {
    let restoring = change(behind) {
      $0.role = .restoring
      $0.restore = RestoreProgress(records: 7, bytes: 100, seconds: 1, remaining: 5)
    }
    #expect(reasons(restoring, after: 0) == [.restoring])
    #expect(reasons(restoring, after: 600) == [.restoring])
    let waiting = change(restoring) { $0.waitsFor = "the changelog" }
    #expect(reasons(waiting, after: 9) == [.restoring])
    #expect(reasons(waiting, after: 10) == [.transactionHung])
  }

  @Test func `a refused partition is told with its reason, and the others go on`() {
    var facts = change(behind) {
      $0.role = .refused
      $0.refusal = "Expected another changelog."
    }
    facts.partitions[1] = WorkerFacts.Partition(role: .serving, position: 5, end: 5)
    var watch = ProgressWatch()
    let health = watch.look(facts, at: .zero)
    #expect(health.troubles.map(\.reason) == [.partitionRefused])
    #expect(health.troubles[0].detail == "Expected another changelog.")
    #expect(health.partitions.map(\.role) == [.refused, .serving])
  }

  @Test func `a store that cannot be written, and outcomes that are refused, are told at once`() {
    var facts = behind
    facts.storeFault = "no space"
    #expect(reasons(facts, after: 0) == [.storeUnwritable])
    facts.outputFault = "not authorised"
    #expect(reasons(facts, after: 0) == [.storeUnwritable, .outputRefused])
  }

  @Test func `a lane that pauses is told with why`() {
    var facts = behind
    facts.lanes[0]?.isPaused = true
    #expect(reasons(facts, after: 10) == [.paused])
  }

  @Test func `each phase of a worker's life but serving is a reason`() {
    let phases: [(WorkerFacts.Phase, TroubleReason)] = [
      (.starting, .starting), (.fenced(why: "a"), .fenced), (.startingAnew(why: "b"), .starting),
      (.stopping, .stopping),
    ]
    for (phase, reason) in phases {
      var facts = behind
      facts.phase = phase
      facts.brokerSilence = .seconds(100)
      #expect(reasons(facts, after: 100) == [reason])
    }
    var facts = behind
    facts.groupFault = "not authorised"
    #expect(reasons(facts, after: 100) == [.groupRefused])
  }

  @Test func `the lag in seconds is the age of the oldest command that waits`() {
    var watch = ProgressWatch()
    func lag(_ position: Int64, _ end: Int64, _ second: Int) -> Double {
      let facts = change(behind) {
        $0.position = position
        $0.end = end
      }
      return watch.look(facts, at: .seconds(second)).partitions[0].lagSeconds
    }
    #expect(lag(0, 0, 0) == 0)
    #expect(lag(0, 10, 1) == 0)
    #expect(lag(0, 20, 4) == 3)
    #expect(lag(10, 20, 5) == 1)
    #expect(lag(15, 30, 6) == 2)
    #expect(lag(30, 30, 7) == 0)
    #expect(lag(30, 30, 60) == 0)
  }

  @Test func `what is remembered of a partition is bounded, and gone with it`() {
    var watch = ProgressWatch()
    for second in 0..<10_000 {
      let facts = change(behind) {
        $0.position = 0
        $0.end = Int64(second + 1)
      }
      let lag = watch.look(facts, at: .seconds(second)).partitions[0].lagSeconds
      #expect(lag == Double(second))
    }
    _ = watch.look(WorkerFacts(), at: .seconds(10_000))
    #expect(watch.look(behind, at: .seconds(10_001)).isReady)
  }

  @Test func `each reason has a sentence and a cure`() {
    for reason in TroubleReason.allCases {
      #expect(reason.sentence.hasSuffix(".") && reason.cure.hasSuffix("."))
      #expect(reason.rawValue.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
    }
    #expect(Set(TroubleReason.allCases.map(\.sentence)).count == TroubleReason.allCases.count)
  }
}
