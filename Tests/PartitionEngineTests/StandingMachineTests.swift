import Testing

@testable import PartitionEngine

@Suite struct StandingMachineTests {
  typealias Standing = StandingMachine.Standing

  private let first = Standing(memberID: "a", generation: 1)
  private let next = Standing(memberID: "a", generation: 2)
  private let other = Standing(memberID: "b", generation: 3)

  /// A machine that was told an assignment under ``first``.
  private var standing: StandingMachine {
    var machine = StandingMachine()
    _ = machine.assigned(under: first)
    machine.settled(under: first)
    return machine
  }

  @Test func `offsets are sent under the membership whose assignment was told, and no other`() {
    #expect(!StandingMachine().confirms(first))
    let machine = standing
    #expect(machine.confirms(first))
    #expect(!machine.confirms(next))
    #expect(!machine.confirms(other))
    #expect(!machine.confirms(Standing(memberID: "b", generation: 1)))
  }

  @Test func `the next generation of the same member keeps what it has`() {
    var machine = standing
    let isInterrupted = machine.assigned(under: next)
    #expect(!isInterrupted)
    #expect(machine.confirms(next) && !machine.confirms(first))
  }

  @Test func `under another member id, or under none, what was kept is restored anew`() {
    var machine = standing
    let isInterrupted = machine.assigned(under: other)
    #expect(isInterrupted)
    // Not before what was kept is given up: it would go out under the new membership.
    #expect(!machine.confirms(other) && !machine.confirms(first))
    machine.settled(under: other)
    #expect(machine.confirms(other))
    var none = standing
    let isInterruptedAgain = none.assigned(under: nil)
    #expect(isInterruptedAgain)
    none.settled(under: nil)
    #expect(!none.confirms(first))
    let isInterruptedLater = none.assigned(under: next)
    #expect(isInterruptedLater)
  }

  @Test func `a revoke under the next generation ends in order, and offsets go under it`() {
    var machine = standing
    let isInOrder = machine.revoked(under: next)
    #expect(isInOrder)
    #expect(machine.confirms(next))
  }

  @Test func `a revoke under another member id, or under none, is a loss`() {
    for now in [other, nil] {
      var machine = standing
      let isInOrder = machine.revoked(under: now)
      #expect(!isInOrder)
      #expect(!machine.confirms(first) && !machine.confirms(other))
      let isInterrupted = machine.assigned(under: next)
      #expect(isInterrupted)
    }
    var untold = StandingMachine()
    let isInOrder = untold.revoked(under: first)
    #expect(!isInOrder)
  }

  @Test func `after a loss nothing is sent until an assignment is told again`() {
    var machine = standing
    machine.lost()
    #expect(!machine.confirms(first))
    let isInterrupted = machine.assigned(under: first)
    #expect(isInterrupted)
    machine.settled(under: first)
    #expect(machine.confirms(first))
  }
}
