import SeededRandom
import Testing

@testable import PartitionEngine

@Suite struct AssignmentMachineTests {
  typealias Start = AssignmentMachine.Start
  typealias Removal = AssignmentMachine.Removal

  private static let backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
  private static let fault = RestoreFault.unreadableStates("")

  private static func machine(lanes: Int = 2, needsAll: Bool = false) -> AssignmentMachine {
    AssignmentMachine(lanes: lanes, needsAll: needsAll, backoff: backoff)
  }

  /// One that serves partitions from 0 on.
  private static func serving(
    _ count: Int32, needsAll: Bool = false
  ) -> (machine: AssignmentMachine, terms: [AssignmentMachine.Term]) {
    var machine = machine(needsAll: needsAll)
    let terms = machine.assigned(Array(0..<count)).map(\.term)
    for term in terms {
      _ = machine.restored(term)
      #expect(machine.attached(term) == .serving)
    }
    return (machine, terms)
  }

  // MARK: Partitions come and go

  @Test func `each newly assigned partition is restored, and one that is there already is not`() {
    var machine = Self.machine()
    let starts = machine.assigned([3, 1])
    #expect(starts.map(\.term.partition) == [3, 1])
    #expect(starts.allSatisfy { !$0.isAgain })
    #expect(machine.assigned([1, 2]).map(\.term.partition) == [2])
    #expect(machine.partitions == [1, 2, 3])
    #expect(machine.lane(serving: 1) == nil)
    #expect(machine.term(serving: 1) == nil)
  }

  @Test func `a partition that was kept is restored as one that is read already`() {
    var machine = Self.machine()
    let starts = machine.assigned([1], isAgain: true)
    #expect(starts.map(\.isAgain) == [true])
  }

  @Test func `served partitions are let go of by their lanes`() {
    var (machine, _) = Self.serving(3)
    #expect(machine.removed([0, 2, 1, 9]) == Removal(served: [0: [0, 2], 1: [1]]))
    #expect(machine.partitions.isEmpty)
    #expect(machine.removed([0]) == Removal())
  }

  @Test func `a partition that is restored is cancelled, and no lane gets it`() {
    var machine = Self.machine()
    let term = machine.assigned([0])[0].term
    #expect(machine.removed([0]) == Removal(cancelled: [term]))
    #expect(machine.restored(term) == nil)
    #expect(machine.failed(term, isClientStuck: false) == .notWanted)
    #expect(machine.refused(term, Self.fault) == nil)
    #expect(machine.ended(term) == nil)
  }

  @Test func `a partition that is attached while it is removed is let go of by its lane`() {
    var machine = Self.machine()
    let term = machine.assigned([1])[0].term
    #expect(machine.restored(term) == 1)
    #expect(machine.lane(serving: 1) == nil)
    #expect(machine.removed([1]) == Removal(cancelled: [term]))
    #expect(machine.attached(term) == .leaving)
    #expect(machine.ended(term) == 1)
    #expect(machine.ended(term) == nil)
  }

  @Test func `a refused partition is let go of without a lane`() {
    var machine = Self.machine()
    let terms = machine.assigned([0, 1]).map(\.term)
    #expect(machine.refused(terms[0], Self.fault) == false)
    #expect(machine.removed([0]) == Removal())
    #expect(machine.partitions == [1])
  }

  @Test func `a partition that comes back is another term`() {
    var (machine, terms) = Self.serving(1)
    _ = machine.removed([0])
    let next = machine.assigned([0])[0].term
    #expect(next != terms[0])
    // News of the term before change nothing.
    #expect(machine.restored(terms[0]) == nil)
    #expect(machine.attached(terms[0]) == .leaving)
    #expect(machine.failed(terms[0], isClientStuck: true) == .notWanted)
    #expect(machine.refused(terms[0], Self.fault) == nil)
    #expect(machine.discarded(terms[0]) == nil)
    #expect(machine.restored(next) == 0)
    #expect(machine.attached(next) == .serving)
    #expect(machine.lane(serving: 0) == 0)
    #expect(machine.term(serving: 0) == next)
    #expect(machine.discarded(terms[0]) == nil)
  }

  // MARK: Discards

  @Test func `a served partition that was discarded is restored anew, once`() {
    var (machine, terms) = Self.serving(1)
    let start = machine.discarded(terms[0])
    #expect(start?.isAgain == true)
    #expect(start?.term.partition == 0)
    #expect(machine.discarded(terms[0]) == nil)
    #expect(machine.lane(serving: 0) == nil)
    // While it is restored there is nothing to discard.
    #expect(machine.discarded(start!.term) == nil)
  }

  @Test func `a partition that is discarded while it is attached is restored anew behind that`() {
    var machine = Self.machine()
    let term = machine.assigned([0])[0].term
    _ = machine.restored(term)
    #expect(machine.discarded(term) == nil)
    guard case .restoresAgain(let start) = machine.attached(term) else {
      return #expect(Bool(false), "it was served")
    }
    #expect(start.isAgain)
    #expect(machine.attached(term) == .leaving)
    #expect(machine.restored(start.term) == 0)
    #expect(machine.attached(start.term) == .serving)
  }

  @Test func `a refused partition is not restored again`() {
    var machine = Self.machine()
    let terms = machine.assigned([0, 1]).map(\.term)
    _ = machine.refused(terms[0], Self.fault)
    #expect(machine.discarded(terms[0]) == nil)
    #expect(machine.restored(terms[0]) == nil)
    #expect(machine.failed(terms[0], isClientStuck: false) == .notWanted)
  }

  // MARK: Failures

  @Test func `a failed restore is tried again after longer and longer pauses`() {
    var machine = Self.machine()
    let term = machine.assigned([0])[0].term
    let pauses = [200, 400, 800, 1600, 3200, 5000, 5000].map { Duration.milliseconds($0) }
    for (index, pause) in pauses.enumerated() {
      #expect(
        machine.failed(term, isClientStuck: false)
          == .again(failures: index + 1, pause: pause, restartsClient: false))
    }
    #expect(machine.restored(term) == 0)
    #expect(machine.failed(term, isClientStuck: false) == .notWanted, "it is being attached")
  }

  @Test func `only a client that still refuses to read after three tries is replaced`() {
    var machine = Self.machine()
    let term = machine.assigned([0])[0].term
    func restarts(_ isStuck: Bool) -> Bool? {
      guard case .again(_, _, let restarts) = machine.failed(term, isClientStuck: isStuck) else { return nil }
      return restarts
    }
    #expect([true, true, true, false, true].map(restarts) == [false, false, true, false, true])
  }

  @Test func `the failures of one term do not count for the next`() {
    var machine = Self.machine()
    let first = machine.assigned([0])[0].term
    for _ in 0..<5 { _ = machine.failed(first, isClientStuck: true) }
    _ = machine.removed([0])
    let next = machine.assigned([0])[0].term
    #expect(
      machine.failed(next, isClientStuck: true)
        == .again(failures: 1, pause: .milliseconds(200), restartsClient: false))
  }

  @Test func `a refused partition ends the worker when none is left that may be served`() {
    var machine = Self.machine()
    let terms = machine.assigned([0, 1]).map(\.term)
    #expect(machine.refused(terms[0], Self.fault) == false)
    #expect(machine.refused(terms[1], Self.fault) == true)
  }

  @Test func `a refused partition beside a served one ends the worker only where all are needed`() {
    for needsAll in [false, true] {
      var (machine, terms) = Self.serving(2, needsAll: needsAll)
      let again = machine.discarded(terms[1])!.term
      #expect(machine.refused(again, Self.fault) == needsAll)
    }
  }

  @Test func `another number of partitions ends the worker, whatever else is served`() {
    var (machine, terms) = Self.serving(3)
    let again = machine.discarded(terms[1])!.term
    #expect(machine.refused(again, .partitionCountChanged(checkpoint: 4, now: 3)) == true)
  }

  // MARK: Lanes and memory

  @Test func `a partition goes to its home lane, also after a restart`() {
    for order in [[0, 1, 2, 3], [3, 0, 2, 1]] as [[Int32]] {
      var machine = Self.machine(lanes: 4)
      let lanes = machine.assigned(order).map { machine.restored($0.term) }
      #expect(lanes == order.map { Int($0) })
    }
  }

  @Test func `lanes that are promised count, also before they have the partition`() {
    var machine = Self.machine(lanes: 2)
    let terms = machine.assigned([0, 2]).map(\.term)
    #expect(terms.map { machine.restored($0) } == [0, 1])
    // A partition that is restored again gives its place up.
    #expect(machine.attached(terms[0]) == .serving)
    let again = machine.discarded(terms[0])!.term
    #expect(machine.restored(again) == 0)
  }

  /// Home lanes first, then the least loaded.
  @Test func `no lane has more than its share of any assignment`() {
    var generator = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let lanes = Int.random(in: 1...8, using: &generator)
      let partitions = (0..<Int32(40)).shuffled(using: &generator).prefix(
        Int.random(in: 1...20, using: &generator))
      var loads = Array(repeating: 0, count: lanes)
      for partition in partitions {
        loads[AssignmentMachine.lane(of: partition, loads: loads, partitions: partitions.count)] += 1
      }
      let share = (partitions.count + lanes - 1) / lanes
      #expect(loads.max()! <= share, "\(partitions) on \(lanes) lanes: \(loads)")
    }
  }

  @Test func `memory is shared by all that are assigned, and by nobody it is whole`() {
    var (machine, _) = Self.serving(3)
    #expect(machine.share(of: 100) == 33)
    _ = machine.removed([1])
    #expect(machine.share(of: 100) == 50)
    _ = machine.removed([0, 2])
    #expect(machine.share(of: 100) == 100)
  }

  // MARK: Any order

  /// A shell that keeps who has what: nothing may be attached twice, or stay attached when a removal is over.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func `in any order no partition is attached twice, and none stays behind a removal`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var machine = Self.machine(lanes: 3)
    var running: [AssignmentMachine.Term] = []
    var promised: [AssignmentMachine.Term: Int] = [:]
    /// What lanes have, with the terms in which they got it.
    var attached: [Int32: AssignmentMachine.Term] = [:]
    var late: [AssignmentMachine.Term] = []
    func begin(_ starts: [Start]) { running += starts.map(\.term) }
    for _ in 0..<300 {
      let partition = Int32.random(in: 0..<4, using: &random)
      switch Int.random(in: 0..<7, using: &random) {
      case 0: begin(machine.assigned([partition]))
      case 1:
        let removal = machine.removed([partition])
        var gone = removal.served.values.flatMap { $0 }
        // The cancelled terms stop: those that a lane was promised to attach first.
        for term in removal.cancelled {
          running.removeAll { $0 == term }
          if promised.removeValue(forKey: term) != nil {
            #expect(attached.updateValue(term, forKey: term.partition) == nil)
            #expect(machine.attached(term) == .leaving)
          }
          if machine.ended(term) != nil { gone.append(term.partition) }
        }
        for partition in gone { #expect(attached.removeValue(forKey: partition) != nil) }
        #expect(attached[partition] == nil)
      case 2, 3:
        guard let term = running.randomElement(using: &random), promised[term] == nil else { continue }
        if let lane = machine.restored(term) { promised[term] = lane }
      case 4:
        guard let (term, lane) = promised.randomElement(using: &random) else { continue }
        promised[term] = nil
        running.removeAll { $0 == term }
        late.append(term)
        #expect(attached.updateValue(term, forKey: term.partition) == nil)
        switch machine.attached(term) {
        case .serving: #expect(machine.lane(serving: term.partition) == lane)
        case .leaving: Issue.record("nobody removed it")
        case .restoresAgain(let start):
          attached[term.partition] = nil
          begin([start])
        }
      case 5:
        // What a lane has it may give up, and tell it late or twice.
        guard let term = (late + promised.keys).randomElement(using: &random) else { continue }
        guard let start = machine.discarded(term) else { continue }
        #expect(attached.removeValue(forKey: term.partition) == term)
        begin([start])
      default:
        guard let term = running.randomElement(using: &random) else { continue }
        _ = machine.failed(term, isClientStuck: false)
      }
      #expect(attached.keys.allSatisfy { machine.partitions.contains($0) })
    }
  }
}
