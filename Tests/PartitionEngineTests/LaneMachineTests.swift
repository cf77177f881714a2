import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct LaneMachineTests {
  // MARK: Partitions come and go

  @Test func `a release ends at once when nothing is under way, and takes a last drain`() {
    let lane = TestLane(serving: 2)
    #expect(lane.release([0]) == ["remind 1 after 9.0 seconds", "detach 0", "released 1"])
    #expect(lane.served == [1])
    #expect(lane.release([0, 1]) == ["remind 2 after 9.0 seconds", "detach 1", "released 2"])
  }

  @Test func `a release waits for the open transaction, for the sent one and for a drain`() {
    let lane = TestLane(serving: 2)
    lane.process(0)
    #expect(lane.release([0]) == ["remind 1 after 9.0 seconds"])
    #expect(!lane.machine.serves(lane[0]) && lane.machine.serves(lane[1]))
    lane.send()
    lane[0].isDraining = true
    #expect(lane.end(isCommitted: true) == [])
    lane[0].isDraining = false
    #expect(lane.drainEnded(0) == ["detach 0", "released 1"])
    #expect(!lane.machine.isReleasing)
  }

  @Test func `a release does not wait for others' transactions and drains`() {
    let lane = TestLane(serving: 2)
    lane.process(1)
    lane.send()
    lane.process(1)
    lane[1].isDraining = true
    #expect(lane.release([0]) == ["remind 1 after 9.0 seconds", "detach 0", "released 1"])
    #expect(lane.end(isCommitted: true) == [])
  }

  @Test func `an overdue release gives the transaction up that it waits for`() {
    let lane = TestLane(serving: 2)
    lane.process(0)
    lane.send()
    _ = lane.release([0])
    #expect(lane.reminded(1) == ["abandon overdue", "remind 1 after 5.0 seconds"])
    #expect(lane.end(isCommitted: false) == ["drop", "detach 0", "detach 1", "restore 1", "released 1"])
    #expect(lane.reminded(1) == [])
  }

  @Test func `what is sent after a release was overdue is given up when the release ends`() {
    let lane = TestLane(serving: 1)
    lane.process(0)
    lane.send()
    lane.process(0)
    _ = lane.release([0])
    _ = lane.reminded(1)
    #expect(lane.end(isCommitted: true) == [])
    lane.send()
    #expect(lane.reminded(1) == ["abandon released", "detach 0", "released 1"])
  }

  @Test func `a release that waits for a drain alone gives no transaction up, and ends at last`() {
    let lane = TestLane(serving: 2)
    lane.process(1)
    lane.send()
    lane[0].isDraining = true
    _ = lane.release([0])
    #expect(lane.reminded(1) == ["remind 1 after 5.0 seconds"])
    #expect(lane.reminded(1) == ["detach 0", "released 1"])
    #expect(lane.reminded(1) == [])
  }

  @Test func `reminders of one release do not concern another`() {
    let lane = TestLane(serving: 2)
    for partition in [0, 1] as [Int32] { lane.process(partition) }
    lane.send()
    _ = lane.release([0])
    _ = lane.release([1])
    #expect(lane.reminded(1) == ["abandon overdue", "remind 1 after 5.0 seconds"])
    #expect(lane.reminded(2) == ["abandon overdue", "remind 2 after 5.0 seconds"])
    #expect(lane.reminded(2) == ["abandon released", "detach 1", "released 2"])
    #expect(lane.reminded(7) == [])
    #expect(lane.reminded(1) == ["abandon released", "detach 0", "released 1"])
  }

  @Test func `a release that ends with open commands gives up both transactions`() {
    let lane = TestLane(serving: 3)
    lane.process(1)
    lane.send()
    lane.process(0)
    _ = lane.release([0])
    _ = lane.reminded(1)
    #expect(
      lane.reminded(1) == [
        "detach 0", "drop", "abandon released", "detach 1", "detach 2", "restore 1", "restore 2",
        "released 1",
      ])
    #expect(lane.machine.openCommands == 0)
  }

  @Test func `a lost partition takes the transactions with it that hold its commands, and no others`() {
    let lane = TestLane(serving: 2)
    lane.process(1)
    lane.send()
    #expect(lane.lose([0]) == ["detach 0"])
    #expect(lane.lose([1]) == ["detach 1", "drop", "abandon lost"])
    #expect(lane.end(isCommitted: true) == [])
  }

  @Test func `a partition that is lost while another one leaves ends its release`() {
    let lane = TestLane(serving: 3)
    lane.process(0)
    lane.process(1)
    _ = lane.release([0])
    #expect(
      lane.lose([1]) == ["detach 1", "drop", "detach 0", "detach 2", "restore 2", "released 1"])
  }

  @Test func `a store that was opened anew gives up both transactions`() {
    let lane = TestLane(serving: 2)
    lane.process(1)
    lane.send()
    lane.process(0)
    #expect(
      lane.drainEnded(0, isStoreLost: true) == [
        "drop", "abandon storeLost", "detach 0", "detach 1", "restore 0", "restore 1",
      ])
  }

  @Test func `news of what served a partition before change nothing`() {
    let lane = TestLane(serving: 1)
    lane.process(0)
    lane.send()
    let former = lane[0]
    _ = lane.lose([0])
    lane.attach(0)
    #expect(lane.effects { $0.drainEnded(former, isStoreLost: true) } == [])
    #expect(lane.release([0]) == ["remind 1 after 9.0 seconds", "detach 0", "released 1"])
    #expect(lane.end(isCommitted: true) == [])
  }

  // MARK: Turns

  @Test func `a transaction holds what was open, and the next one is prepared meanwhile`() {
    let lane = TestLane(serving: 3)
    lane.process(2)
    lane.process(0)
    #expect(lane.reason() == .idle)
    lane.send()
    #expect(lane.machine.sent.map(\.partition) == [0, 2])
    lane.process(1)
    #expect(lane.reason() == nil && lane.machine.openCommands == 1)
    #expect(lane.end(isCommitted: true) == [])
    #expect(lane.reason() == .idle)
  }

  @Test func `a transaction's age counts from its first command`() {
    let lane = TestLane(serving: 1)
    lane.process(0, commands: 0)
    lane.now = .milliseconds(60)
    lane.process(0)
    lane.now = .milliseconds(159)
    lane.process(0)
    #expect(lane.reason(hasRest: true) == nil)
    lane.now = .milliseconds(160)
    #expect(lane.reason(hasRest: true) == .age)
    // The next one's begins anew.
    lane.send()
    lane.process(0)
    _ = lane.end(isCommitted: true)
    #expect(lane.reason(hasRest: true) == nil)
    lane.now = .milliseconds(260)
    #expect(lane.reason(hasRest: true) == .age)
  }

  @Test func `a bound on a transaction's commands holds until it is taken back`() {
    let lane = TestLane(serving: 1)
    lane.machine.bound(commands: 2)
    lane.process(0)
    #expect(lane.machine.room == 1 && lane.reason(hasRest: true) == nil)
    lane.machine.bound(commands: 1)
    #expect(lane.machine.room == 0 && lane.reason(hasRest: true) == .commands && !lane.beginTurn())
    lane.machine.bound(commands: nil)
    #expect(lane.machine.room == 9 && lane.reason(hasRest: true) == nil && lane.beginTurn())
    // More than the limits say is not had.
    lane.machine.bound(commands: 100)
    #expect(lane.machine.room == 9)
  }

  @Test func `a release sends what is open at once`() {
    let lane = TestLane(serving: 2)
    lane.process(0)
    #expect(lane.reason(hasRest: true) == nil)
    _ = lane.release([0])
    #expect(lane.reason(hasRest: true) == .stopping)
  }

  @Test func `nothing is taken of a partition that leaves`() {
    let lane = TestLane(serving: 3)
    lane.process(1)
    _ = lane.release([1])
    #expect(lane.round() == [0, 2])
  }

  @Test func `a lane takes nothing in while its transaction is full, its store is behind, or it pauses`() {
    let lane = TestLane(serving: 1)
    #expect(lane.beginTurn())
    lane.process(0, commands: 10)
    #expect(lane.machine.room == 0 && !lane.beginTurn())
    lane.send()
    #expect(lane.beginTurn())
    lane[0].undrainedByteCount = 1000
    #expect(!lane.beginTurn())
    lane[0].undrainedByteCount = 999
    lane.machine.pause(until: .seconds(2))
    lane.now = .milliseconds(1999)
    #expect(!lane.beginTurn() && lane.machine.waits)
    lane.now = .seconds(2)
    #expect(lane.beginTurn())
  }

  @Test func `a lane waits after a round without a find, unless a transaction can be sent`() {
    let lane = TestLane(serving: 1)
    #expect(lane.beginTurn())
    #expect(lane.machine.nextPartition() === lane[0])
    lane.machine.took(isFull: false)
    lane.process(0)
    #expect(!lane.machine.waits)
    #expect(lane.round() == [] && lane.round() == [0])
    #expect(!lane.machine.waits)
    lane.send()
    #expect(lane.machine.waits)
  }

  // MARK: Drains

  @Test func `what waits too long is drained, and at half of the limit what has its share of it`() {
    let lane = TestLane(serving: 2)
    #expect(lane.drains(after: .zero) == [])
    lane[0].undrainedByteCount = 124
    lane[1].undrainedByteCount = 375
    #expect(lane.drains(after: .milliseconds(4999)) == [] && lane.drains(after: .milliseconds(1)) == [0, 1])
    #expect(lane.drains(after: .milliseconds(4999)) == [])
    lane[1].undrainedByteCount = 376
    #expect(lane.drains(after: .zero) == [1])
    lane[1].isDraining = true
    #expect(lane.drains(after: .seconds(9)) == [0])
  }
}

/// A lane's machine with partitions that are what a test says.
private final class TestLane {
  final class Partition: LanePartition {
    let partition: Int32
    var hasOpenCommands = false
    var openByteCount = 0
    var undrainedByteCount = 0
    var isDraining = false

    init(_ partition: Int32) { self.partition = partition }
  }

  var machine: LaneMachine<Partition>
  var now = Duration.zero

  init(serving partitions: Int32) {
    var limits = Limits()
    limits.transactionCommandsMax = 10
    limits.undrainedBytesMax = 1000
    machine = LaneMachine(limits: limits, abandonGrace: .seconds(5))
    for partition in 0..<partitions { attach(partition) }
  }

  subscript(number: Int32) -> Partition { machine.partition(number)! }
  var served: [Int32] { machine.partitions.map(\.partition) }

  func attach(_ partition: Int32) { machine.attach(Partition(partition), at: now) }

  func process(_ partition: Int32, commands: Int = 1) {
    self[partition].hasOpenCommands = true
    machine.processed(commands, at: now)
  }

  func send() {
    machine.send()
    for partition in machine.sent { partition.hasOpenCommands = false }
  }

  func reason(hasRest: Bool = false) -> BatchPolicy.Reason? {
    machine.reasonToSend(outputBytes: 1, hasRest: hasRest, at: now)
  }

  func beginTurn() -> Bool { machine.beginTurn(outputBytes: 1, at: now) }

  /// The partitions up to the round's end.
  func round() -> [Int32] {
    var numbers: [Int32] = []
    while let partition = machine.nextPartition() { numbers.append(partition.partition) }
    return numbers
  }

  func drains(after time: Duration) -> [Int32] {
    now += time
    return machine.takeDueDrains(at: now).map(\.partition)
  }

  func release(_ numbers: [Int32]) -> [String] {
    effects { $0.release(numbers, within: .seconds(9)).effects }
  }
  func reminded(_ id: Int) -> [String] { effects { $0.reminded(id) } }
  func lose(_ numbers: [Int32]) -> [String] { effects { $0.lose(numbers) } }
  func end(isCommitted: Bool) -> [String] {
    effects { $0.transactionEnded(isCommitted: isCommitted) }
  }
  func drainEnded(_ number: Int32, isStoreLost: Bool = false) -> [String] {
    let partition = self[number]
    return effects { $0.drainEnded(partition, isStoreLost: isStoreLost) }
  }

  /// What an input is answered with, as words.
  func effects(_ body: (inout LaneMachine<Partition>) -> [LaneMachine<Partition>.Effect]) -> [String] {
    body(&machine).map { effect in
      switch effect {
      case .dropOpenTransaction: "drop"
      case .abandon(let cause): "abandon \(cause)"
      case .detach(let partition): "detach \(partition.partition)"
      case .restore(let partition): "restore \(partition.partition)"
      case .remind(let id, let delay): "remind \(id) after \(delay)"
      case .released(let id): "released \(id)"
      }
    }
  }
}
