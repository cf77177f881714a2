import Foundation
import KafkaClient
import Testing

@testable import SequiturWorker

@Suite struct StaticMemberTests {
  private static let own = "shop-one-11111111-2222-3333-4444-555555555555"
  private static let other = "shop-one-99999999-2222-3333-4444-555555555555"

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let members: [String]?
    let memberID: String?
    let isTaken: Bool
  }

  @Test(arguments: [
    Case(testDescription: "no broker knows the group", members: nil, memberID: own, isTaken: false),
    Case(testDescription: "the group is empty", members: [], memberID: own, isTaken: false),
    Case(testDescription: "this worker has the place", members: [own], memberID: own, isTaken: false),
    Case(testDescription: "another took it", members: [other], memberID: own, isTaken: true),
    Case(testDescription: "this worker never had it", members: [other], memberID: nil, isTaken: true),
    Case(
      testDescription: "a name that begins with this one",
      members: ["shop-one-b-99999999-2222-3333-4444-555555555555"], memberID: own, isTaken: false),
    Case(
      testDescription: "another name", members: ["shop-two-99999999-2222-3333-4444-555555555555"],
      memberID: own, isTaken: false),
  ])
  func `a place is taken when another member id has the name`(_ example: Case) {
    let group = example.members.map { members in
      ConsumerGroup(
        state: "Stable", assignor: "range",
        members: members.map { .init(memberID: $0, clientID: "client", host: "/127.0.0.1") })
    }
    #expect(
      StaticMember(name: "shop-one").isTaken(in: group, fromHolderOf: example.memberID) == example.isTaken)
  }
}
