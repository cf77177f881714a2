import PartitionEngine
import Testing

@Suite struct DrainMachineTests {
  typealias Machine = DrainMachine<String>

  private static let machine = Machine(retryInterval: .seconds(1), reopenInterval: .seconds(15))

  /// One that has failed since so many seconds.
  private static func failing(since: Int) -> Machine {
    var machine = machine
    _ = machine.failed(.other, at: .seconds(since), hasRoom: true)
    return machine
  }

  @Test func `drains are written in the order in which they were submitted`() {
    var machine = Self.machine
    for (job, partition) in [("a", 3), ("b", 1), ("c", 3)] as [(String, Int32)] {
      machine.submitted(job, of: partition)
    }
    #expect([machine.next(), machine.next()] == ["a", "b"])
    machine.submitted("d", of: 0)
    #expect([machine.next(), machine.next(), machine.next()] == ["c", "d", nil])
  }

  @Test func `a drain that was handed out is not kept: it holds its partition, and that its client`() {
    final class Held {}
    var machine = DrainMachine<Held>(retryInterval: .seconds(1), reopenInterval: .seconds(15))
    weak var first: Held?
    do {
      let held = Held()
      first = held
      machine.submitted(held, of: 0)
    }
    machine.submitted(Held(), of: 1)
    #expect(first != nil)
    _ = machine.next()
    #expect(first == nil)
    #expect(machine.waiting == 2)
  }

  @Test func `a partition is settled when each of its drains has ended, whatever others wait`() {
    var machine = Self.machine
    #expect(machine.isSettled(3))
    machine.submitted("a", of: 3)
    machine.submitted("b", of: 1)
    machine.submitted("c", of: 3)
    #expect(machine.waiting == 3)
    // That it was taken to be written is not its end.
    _ = machine.next()
    #expect(!machine.isSettled(3))
    #expect(machine.ended(3) == false)
    #expect(!machine.isSettled(3))
    #expect(machine.ended(3) == true)
    #expect(machine.isSettled(3))
    #expect(!machine.isSettled(1))
    #expect(machine.waiting == 1)
  }

  @Test func `a write that fails is tried again after a pause, and told once`() {
    var machine = Self.machine
    #expect(!machine.isFailing)
    for (second, isNews) in [(0, true), (1, false), (14, false)] {
      let (verdict, told) = machine.failed(.other, at: .seconds(second), hasRoom: true)
      #expect(verdict == .retry(after: .seconds(1)))
      #expect(told == isNews, "at \(second)")
      #expect(machine.isFailing)
    }
    #expect(machine.written() == true)
    #expect(machine.written() == false)
    #expect(!machine.isFailing)
    #expect(machine.failed(.other, at: .seconds(15), hasRoom: true).isNews)
  }

  @Test func `a store that fails for long is opened again, and then as long as that later`() {
    var machine = Self.failing(since: 10)
    for (second, reopens) in [(24, false), (25, true), (26, false), (39, false), (40, true)] {
      let verdict = machine.failed(.other, at: .seconds(second), hasRoom: true).verdict
      #expect(verdict == (reopens ? .reopen(isDamaged: false) : .retry(after: .seconds(1))), "at \(second)")
    }
  }

  @Test func `a write that succeeds begins the wait anew`() {
    var machine = Self.failing(since: 0)
    _ = machine.written()
    #expect(machine.failed(.other, at: .seconds(20), hasRoom: true).verdict == .retry(after: .seconds(1)))
  }

  @Test func `a full disk is waited for: opening a store needs room`() {
    var machine = Self.failing(since: 0)
    #expect(machine.failed(.other, at: .seconds(99), hasRoom: false).verdict == .retry(after: .seconds(1)))
    #expect(machine.failed(.other, at: .seconds(100), hasRoom: true).verdict == .reopen(isDamaged: false))
  }

  @Test func `a damaged store is opened again at once, also without room`() {
    var machine = Self.machine
    let (verdict, isNews) = machine.failed(.damage, at: .zero, hasRoom: false)
    #expect(verdict == .reopen(isDamaged: true))
    #expect(isNews)
    #expect(machine.failed(.other, at: .seconds(14), hasRoom: true).verdict == .retry(after: .seconds(1)))
  }

  @Test func `a drain for a store that was opened anew is no failure of the store`() {
    var machine = Self.machine
    let (verdict, isNews) = machine.failed(.stale, at: .zero, hasRoom: true)
    #expect(verdict == .storeLost)
    #expect(!isNews)
    #expect(!machine.isFailing)
    machine = Self.failing(since: 0)
    _ = machine.failed(.stale, at: .seconds(20), hasRoom: true)
    #expect(machine.isFailing)
    #expect(machine.failed(.other, at: .seconds(20), hasRoom: true).verdict == .reopen(isDamaged: false))
  }
}
