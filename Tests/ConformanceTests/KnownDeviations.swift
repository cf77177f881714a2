/// Where a broker of the tests does something else than Kafka documents.
///
/// A deviation must still be there: one that is gone is a fault, so that the table stays true. None applies to a
/// broker from outside.
struct KnownDeviations: Sendable {
  struct Deviation: Sendable {
    let reason: String
    /// What it does instead, which is checked; `nil`: the scenario would wait for what does not come.
    let instead: [String]?
    var isRun: Bool { instead != nil }
  }

  let broker: String
  private let byScenario: [String: Deviation]
  private let byNeed: [Scenario.Need: String]

  func deviation(in scenario: Scenario) -> Deviation? {
    if let found = byScenario[scenario.name] { return found }
    let reason = byNeed.first { scenario.needs.contains($0.key) }?.value
    return reason.map { Deviation(reason: $0, instead: nil) }
  }

  /// Names of scenarios that there are no more.
  var strayNames: [String] { byScenario.keys.filter { name in !Scenario.all.contains { $0.name == name } } }

  static let none = KnownDeviations(broker: "outside broker", byScenario: [:], byNeed: [:])

  static let testBroker = KnownDeviations(
    broker: "test broker",
    byScenario: [
      "offsets in an open transaction are unstable, and an old answer to who does not ask for stable ones":
        unstableUnknown("stable: 5", "otherwise: 5", "another partition: none", "after: 9"),
      "a producer that takes the id over drops its predecessor's offsets": unstableUnknown("none", "none"),
      "offsets of a generation that is over are refused; with fresh metadata they are taken":
        membersUnchecked("ok", "fresh ok"),
      "offsets of a member that has left are refused": membersUnchecked("ok"),
      "offsets of a static member whose id another process took are refused": membersUnchecked("ok"),
    ],
    byNeed: [
      .sessions: "it ends no session", .transactionTimeout: "it ends no transaction",
      .cooperativeRebalance: "it stalls", .compaction: "it does not compact",
    ])

  /// librdkafka's mock cluster, version 2.0.2.
  static let embeddedBroker = KnownDeviations(
    broker: "embedded broker",
    byScenario: [
      "a committed transaction is visible, and its marker takes an offset":
        notIsolated("commit ok", "0:a 1:b, then at 2"),
      "an aborted transaction takes its offsets, and only read_uncommitted sees it":
        notIsolated("abort ok", "committed: 0:a 1:b, then at 2", "uncommitted: 0:a 1:b, then at 2"),
      "an open transaction holds the last stable offset, also for records committed behind it":
        Deviation(reason: "it writes no markers", instead: nil),
      "a transaction over two topics becomes visible on both, with a marker each":
        notIsolated("before: 0:k=b, then at 1", "plain: 0:a, then at 1", "compacted: 0:k=b, then at 1"),
      "transactions one after the other do not meet, though markers come late":
        notIsolated("ok ok ok", "0:a 1:b 2:c, then at 3"),
      "a second producer with the id aborts the first one's transaction and fences it":
        notIsolated("second ok", "0:a, then at 1", "first's commit ok", "second's: 0:a 1:b, then at 2"),
      "a producer that was fenced between two transactions writes nothing more":
        notIsolated("produce ok", "0:a 1:b, then at 2"),
      "a position beyond the end is out of range": Deviation(
        reason: "it writes no markers: the end is at 1",
        instead: ["at the end: out of range", "beyond it: out of range"]),
      "offsets are the group's when their transaction commits, and not when it aborts":
        offsetsForgotten("before: none", "committed: none", "aborted: none"),
      "offsets in an open transaction are unstable, and an old answer to who does not ask for stable ones":
        offsetsForgotten("stable: none", "otherwise: none", "another partition: none", "after: none"),
      "a producer that takes the id over drops its predecessor's offsets": offsetsForgotten("none", "none"),
      "offsets of a generation that is over are refused; with fresh metadata they are taken":
        membersUnchecked("ok", "fresh ok"),
      "offsets of a member that has left are refused": membersUnchecked("ok"),
      "offsets of a static member whose id another process took are refused": membersUnchecked("ok"),
      "offsets with a group id alone are taken from anyone": offsetsForgotten("ok", "none"),
      "the coordinator does not know who owns a partition": offsetsForgotten("ok", "none"),
      "a static member that comes back within its session has the same partitions, in the same generation":
        Deviation(reason: "it takes a static member that comes back for a new one", instead: nil),
    ],
    byNeed: [
      .transactionTimeout: "it ends no transaction", .compaction: "it does not compact",
      .deleteRecords: "it knows no admin calls",
    ])

  private static func unstableUnknown(_ instead: String...) -> Deviation {
    Deviation(reason: "it knows no require_stable", instead: instead)
  }

  private static func membersUnchecked(_ instead: String...) -> Deviation {
    Deviation(reason: "it checks no member", instead: instead)
  }

  private static func notIsolated(_ instead: String...) -> Deviation {
    Deviation(reason: "it neither isolates nor fences", instead: instead)
  }

  private static func offsetsForgotten(_ instead: String...) -> Deviation {
    Deviation(reason: "it forgets offsets in transactions", instead: instead)
  }
}
