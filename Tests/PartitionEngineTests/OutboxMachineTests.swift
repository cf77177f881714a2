import PartitionEngine
import Testing

struct OutboxMachineTests {
  private typealias Action = OutboxMachine.Action
  private typealias Outcome = OutboxMachine.Outcome

  /// Feeds outcomes, and compares the actions between them.
  private func run(
    on machine: OutboxMachine = OutboxMachine(), isRecovered: Bool = true, _ steps: [(Action, Outcome)],
    then last: Action, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var machine = machine
    var action = machine.start(isRecovered: isRecovered)
    for (index, (expected, outcome)) in steps.enumerated() {
      #expect(action == expected, "step \(index)", sourceLocation: sourceLocation)
      guard action == expected else { return }
      action = machine.next(after: outcome)
    }
    #expect(action == last, sourceLocation: sourceLocation)
  }

  private static let pause = Action.wait(.milliseconds(20), isIdle: false)
  private static let some = Outcome.selected(sendable: 3, poison: 0)
  private static let none = Outcome.selected(sendable: 0, poison: 0)

  @Test func `what the predecessor left in doubt is deleted before a row is selected`() {
    run(
      isRecovered: false,
      [(.takeOver, .done), (.readLast, .done), (.deleteLast, .done), (.confirm, .done)], then: .select)
  }

  @Test func `rows are selected, sent, removed, and selected again at once`() {
    run([(.select, Self.some), (.send, .done), (.remove, .done)], then: .select)
  }

  @Test func `rows that cannot be sent are removed without a transaction on Kafka`() {
    run([(.select, .selected(sendable: 0, poison: 2)), (.remove, .done)], then: .select)
    run([(.select, .selected(sendable: 1, poison: 2)), (.send, .done)], then: .remove)
  }

  @Test func `what the topic refuses is parked, and the rest is sent`() {
    run([(.select, Self.some), (.send, .refused(sendable: 2)), (.send, .done)], then: .remove)
    run([(.select, Self.some), (.send, .refused(sendable: 0))], then: .remove)
  }

  @Test func `an unknown outcome is settled before anything is selected`() {
    run(
      [
        (.select, Self.some), (.send, .failed(.undecided)), (Self.pause, .done), (.takeOver, .done),
        (.readLast, .done), (.deleteLast, .done), (.confirm, .done),
      ], then: .select)
  }

  @Test func `a fenced shard asks whose the name is before it fences anybody`() {
    run([(.select, Self.some), (.send, .failed(.fenced)), (.confirm, .failed(.ownerLost))], then: .stop)
    run(
      [
        (.select, Self.some), (.send, .failed(.fenced)), (.confirm, .done), (.takeOver, .done),
        (.readLast, .done),
        (.deleteLast, .done), (.confirm, .done),
      ], then: .select)
    run(isRecovered: false, [(.takeOver, .failed(.fenced)), (.confirm, .failed(.ownerLost))], then: .stop)
  }

  @Test func `a relay that took over while another one did stops before it selects`() {
    run(
      isRecovered: false,
      [(.takeOver, .done), (.readLast, .done), (.deleteLast, .done), (.confirm, .failed(.ownerLost))],
      then: .stop)
  }

  @Test func `every step that fails in passing is made again, and no other`() {
    let start: [(Action, Outcome)] = [
      (.takeOver, .done), (.readLast, .done), (.deleteLast, .done), (.confirm, .done), (.select, Self.some),
      (.send, .done), (.remove, .done),
    ]
    for index in start.indices {
      let action = start[index].0
      run(
        isRecovered: false, Array(start[..<index]) + [(action, .failed(.passing)), (Self.pause, .done)],
        then: action)
    }
  }

  @Test func `sent rows are deleted however often that fails, and never sent again`() {
    var machine = OutboxMachine()
    #expect(machine.start(isRecovered: true) == .select)
    #expect(machine.next(after: Self.some) == .send)
    #expect(machine.next(after: .done) == .remove)
    var waits: [Duration] = []
    for _ in 0..<12 {
      guard case .wait(let time, false) = machine.next(after: .failed(.passing)) else {
        Issue.record("no wait")
        return
      }
      waits.append(time)
      #expect(machine.next(after: .done) == .remove)
    }
    #expect(waits.first == .milliseconds(20))
    #expect(waits == waits.sorted())
    #expect(waits.last == .seconds(5))
    #expect(machine.next(after: .done) == .select)
  }

  @Test func `a transaction that fails again and again is tried ever more slowly, also by new producers`() {
    var machine = OutboxMachine()
    var action = machine.start(isRecovered: true)
    var waits: [Duration] = []
    for _ in 0..<10 {
      #expect(action == .select)
      #expect(machine.next(after: Self.some) == .send)
      guard case .wait(let time, false) = machine.next(after: .failed(.undecided)) else {
        Issue.record("no wait")
        return
      }
      waits.append(time)
      #expect(machine.next(after: .done) == .takeOver)
      #expect(machine.next(after: .done) == .readLast)
      #expect(machine.next(after: .done) == .deleteLast)
      #expect(machine.next(after: .done) == .confirm)
      action = machine.next(after: .done)
    }
    #expect(waits == [20, 40, 80, 160, 320, 640, 1280, 2560, 5000, 5000].map { .milliseconds($0) })
  }

  @Test func `an empty table is looked at less and less often, and often again after a row`() {
    var machine = OutboxMachine()
    var action = machine.start(isRecovered: true)
    var waits: [Duration] = []
    for _ in 0..<60 {
      #expect(action == .select)
      guard case .wait(let time, true) = machine.next(after: Self.none) else {
        Issue.record("no wait")
        return
      }
      waits.append(time)
      action = machine.next(after: .done)
    }
    #expect(waits[..<9].allSatisfy { $0 == .milliseconds(5) })
    // A row that comes at any time waits for an eighth, at most, of the pause before it, or for the shortest wait.
    var idle = Duration.zero
    for wait in waits {
      #expect(wait <= max(.milliseconds(5), idle / 8))
      idle += wait
    }
    #expect(waits == waits.sorted())
    #expect(waits.suffix(5).allSatisfy { $0 == .milliseconds(200) })
    #expect(machine.next(after: Self.some) == .send)
    #expect(machine.next(after: .done) == .remove)
    #expect(machine.next(after: .done) == .select)
    #expect(machine.next(after: Self.none) == .wait(.milliseconds(5), isIdle: true))
  }

  @Test func `a relay that ends when it is done ends only when there is nothing`() {
    run(
      on: OutboxMachine(stopsWhenEmpty: true),
      [(.select, Self.some), (.send, .done), (.remove, .done), (.select, Self.none)],
      then: .finished)
  }
}
