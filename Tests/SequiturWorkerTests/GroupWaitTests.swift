import KafkaClient
import Testing

@testable import SequiturWorker

/// What a worker says while it waits for its group.
struct GroupWaitTests {
  private let start = ContinuousClock.now

  private func group(_ state: String, _ members: [(id: String, host: String)]) -> ConsumerGroup {
    ConsumerGroup(
      state: state, assignor: "range",
      members: members.map {
        ConsumerGroup.Member(memberID: $0.id, clientID: "shop-\($0.id)", host: $0.host)
      })
  }

  private func reason(_ group: ConsumerGroup?, waited: Int = 5) -> String {
    GroupWait.reason(group, memberID: "me", waited: .seconds(waited), sessionMax: .seconds(60))
  }

  @Test func `a wait is told every five seconds, and no longer once it is over`() {
    var wait = GroupWait()
    #expect(wait.due(start) == nil)
    wait.begin(start)
    #expect(wait.due(start + .milliseconds(4999)) == nil)
    #expect(wait.due(start + .seconds(5)) == .seconds(5))
    #expect(wait.due(start + .seconds(9)) == nil)
    #expect(wait.due(start + .seconds(10)) == .seconds(10))
    wait.end()
    #expect(wait.due(start + .seconds(60)) == nil)
    wait.begin(start + .seconds(70))
    #expect(wait.due(start + .seconds(74)) == nil)
    #expect(wait.due(start + .seconds(75)) == .seconds(5))
  }

  @Test func `others that must join again are named with where they are`() {
    let waiting = group(
      "PreparingRebalance", [("me", "/10.0.0.1"), ("w2", "/10.0.0.2"), ("w1", "/10.0.0.3")])
    let text = reason(waiting)
    #expect(
      text.contains("joined again or its session has ended: shop-w1 at /10.0.0.3, shop-w2 at /10.0.0.2"))
    #expect(!text.contains("shop-me"))
    #expect(!text.contains("test broker"))
  }

  @Test(arguments: ["PreparingRebalance", "CompletingRebalance", "Stable"])
  func `a member that outlasts every session is said to be gone`(state: String) {
    let waiting = group(state, [("w1", "/10.0.0.3")])
    #expect(!reason(waiting, waited: 60).contains("test broker"))
    #expect(reason(waiting, waited: 61).contains("the test broker, keeps a worker that was killed for ever"))
    // Alone, nobody keeps it.
    #expect(!reason(group(state, [("me", "h")]), waited: 61).contains("test broker"))
  }

  @Test func `a group that takes nobody in for long is looked for at its coordinator`() {
    for unknown in [nil, group("Dead", []), group("Empty", [])] {
      #expect(!reason(unknown, waited: 10).contains("__consumer_offsets"))
      #expect(reason(unknown, waited: 15).contains("the topic __consumer_offsets"))
    }
    let taken = group("PreparingRebalance", [("me", "h")])
    #expect(!reason(taken, waited: 15).contains("__consumer_offsets"))
  }

  @Test func `each state of a group has its words`() {
    #expect(reason(nil) == "no broker knows the group yet")
    #expect(reason(group("Dead", [])) == "no broker knows the group yet")
    #expect(reason(group("Empty", [])) == "the group is Empty and has no member")
    #expect(
      reason(group("PreparingRebalance", [("me", "h")]))
        == "the group is PreparingRebalance and has no other member")
    #expect(
      reason(group("CompletingRebalance", [("me", "h"), ("w1", "h")])).contains(
        "one of its members makes: shop-w1"))
    #expect(
      reason(group("Stable", [("w1", "h")]))
        == "the group is Stable with shop-w1 at h, and has not taken this worker in yet")
  }
}
