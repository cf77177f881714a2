import Testing

@testable import PartitionEngine

@Suite struct CommitMachineTests {
  typealias Action = CommitMachine.Action

  enum Input: Sendable {
    case succeeded, part, retriable, abortable, refused, lost, waited
  }

  /// The inputs that lead from the start to each state.
  static let ways: [String: [Input]] = [
    "beginning": [], "producing": [.succeeded], "flushing": [.succeeded, .succeeded],
    "sendingOffsets": [.succeeded, .succeeded, .succeeded],
    "committing": [.succeeded, .succeeded, .succeeded, .succeeded], "aborting": [.abortable],
    "waitingToBegin": [.abortable, .succeeded], "waitingToRecreate": [.lost], "recreating": [.lost, .waited],
    "waitingToCommit": [.succeeded, .succeeded, .succeeded, .succeeded, .retriable],
    "waitingToFlush": [.succeeded, .succeeded, .retriable],
    "flushingPart": [.succeeded, .part], "waitingToFlushPart": [.succeeded, .part, .retriable],
    "producingRest": [.succeeded, .part, .succeeded],
    "waitingToSendOffsets": [.succeeded, .succeeded, .succeeded, .retriable],
    "waitingToAbort": [.abortable, .retriable],
  ]

  private func give(
    _ input: Input, to machine: inout CommitMachine, isAbandoned: Bool = false
  ) -> Action {
    let outcome: CommitMachine.Outcome =
      switch input {
      case .succeeded, .waited: .succeeded
      case .part: .producedPart
      case .retriable: .failed(.retriable)
      case .abortable: .failed(.abortable)
      case .refused: .failed(.refused)
      case .lost: .failed(.producerLost)
      }
    return machine.next(after: outcome, isAbandoned: isAbandoned)
  }

  private func machine(in state: String) throws -> CommitMachine {
    var machine = CommitMachine()
    _ = machine.start()
    for input in try #require(Self.ways[state]) { _ = give(input, to: &machine) }
    return machine
  }

  @Test(
    arguments: [
      ("beginning", .succeeded, .produce, .abort), ("beginning", .retriable, .abort, .abort),
      ("beginning", .abortable, .abort, .abort), ("beginning", .lost, .wait(.milliseconds(10)), .abort),
      ("producing", .part, .flush, .abort), ("flushingPart", .succeeded, .produce, .abort),
      ("flushingPart", .retriable, .wait(.milliseconds(10)), .abort),
      ("flushingPart", .abortable, .abort, .abort),
      ("flushingPart", .lost, .wait(.milliseconds(10)), .abort),
      ("waitingToFlushPart", .waited, .flush, .abort), ("producingRest", .succeeded, .flush, .abort),
      ("producingRest", .part, .flush, .abort), ("producingRest", .retriable, .abort, .abort),
      ("producing", .succeeded, .flush, .abort), ("producing", .retriable, .abort, .abort),
      ("producing", .abortable, .abort, .abort), ("producing", .lost, .wait(.milliseconds(10)), .abort),
      ("flushing", .succeeded, .sendOffsets, .abort),
      ("flushing", .retriable, .wait(.milliseconds(10)), .abort),
      ("flushing", .abortable, .abort, .abort), ("flushing", .lost, .wait(.milliseconds(10)), .abort),
      ("sendingOffsets", .succeeded, .commit, .abort),
      ("sendingOffsets", .retriable, .wait(.milliseconds(10)), .abort),
      ("sendingOffsets", .abortable, .abort, .abort),
      ("sendingOffsets", .lost, .wait(.milliseconds(10)), .abort),
      ("committing", .succeeded, .committed, .committed),
      ("committing", .retriable, .wait(.milliseconds(10)), undecided),
      ("committing", .abortable, .abort, .abort),
      ("committing", .lost, .wait(.milliseconds(10)), undecided),
      ("aborting", .succeeded, .wait(.milliseconds(10)), discarded),
      ("aborting", .retriable, .wait(.milliseconds(10)), undecided),
      ("aborting", .abortable, .wait(.milliseconds(10)), undecided),
      ("aborting", .lost, .wait(.milliseconds(10)), undecided),
      ("waitingToBegin", .waited, .begin, discarded),
      ("waitingToFlush", .waited, .flush, .abort),
      ("waitingToSendOffsets", .waited, .sendOffsets, .abort), ("waitingToCommit", .waited, .commit, .commit),
      ("waitingToAbort", .waited, .abort, .abort),
      ("waitingToRecreate", .waited, .recreateProducer, undecided),
      ("recreating", .succeeded, discarded, discarded),
      ("recreating", .retriable, .wait(.milliseconds(20)), undecided),
      ("recreating", .abortable, .wait(.milliseconds(20)), undecided),
      ("recreating", .lost, .wait(.milliseconds(20)), undecided),
      ("beginning", .refused, .abort, .abort), ("producing", .refused, .abort, .abort),
      ("producingRest", .refused, .abort, .abort), ("flushing", .refused, .abort, .abort),
      ("flushingPart", .refused, .abort, .abort), ("sendingOffsets", .refused, .abort, .abort),
      ("committing", .refused, .abort, .abort), ("aborting", .refused, undecided, undecided),
      ("recreating", .refused, undecided, undecided),
    ] as [(String, Input, Action, Action)])
  func `every input of every state has its action, also when the partitions are being taken away`(
    state: String, input: Input, action: Action, abandoned: Action
  ) throws {
    var machine = try machine(in: state)
    #expect(give(input, to: &machine) == action)
    var other = try self.machine(in: state)
    #expect(give(input, to: &other, isAbandoned: true) == abandoned)
    let ends: [Action] = [.committed, .discard(isUndecided: false), .discard(isUndecided: true)]
    #expect(machine.isIdle == ends.contains(action) && other.isIdle == ends.contains(abandoned))
  }

  @Test func `an aborted transaction is sent again, from its beginning`() {
    var machine = CommitMachine()
    let inputs: [Input] = [
      .succeeded, .abortable, .succeeded, .waited, .succeeded, .succeeded, .succeeded, .succeeded, .succeeded,
    ]
    let actions = [machine.start()] + inputs.map { give($0, to: &machine) }
    #expect(
      actions == [
        .begin, .produce, .abort, .wait(.milliseconds(10)), .begin, .produce, .flush, .sendOffsets,
        .commit, .committed,
      ])
  }

  @Test func `a transaction with a record that is refused is aborted and not sent again`() {
    var machine = CommitMachine()
    let inputs: [Input] = [.succeeded, .succeeded, .refused, .retriable]
    #expect(
      ([machine.start()] + inputs.map { give($0, to: &machine) })
        == [.begin, .produce, .flush, .abort, .discard(isUndecided: true)])
    // The next one is sent as ever.
    let next: [Input] = [.abortable, .succeeded]
    #expect(
      ([machine.start()] + next.map { give($0, to: &machine) })
        == [.begin, .abort, .wait(.milliseconds(10))])
  }

  @Test func `records in parts are each in their topics before the next, and all before the offsets`() {
    var machine = CommitMachine()
    let inputs: [Input] = [
      .succeeded, .part, .succeeded, .part, .retriable, .waited, .succeeded, .succeeded, .succeeded,
      .succeeded,
    ]
    let actions = [machine.start()] + inputs.map { give($0, to: &machine) }
    #expect(
      actions == [
        .begin, .produce, .flush, .produce, .flush, .wait(.milliseconds(10)), .flush, .produce, .flush,
        .sendOffsets, .commit,
      ])
  }

  @Test func `a transaction whose second part fails for ever is begun anew ever more slowly`() {
    var machine = CommitMachine()
    _ = machine.start()
    for milliseconds in [10, 20, 40, 80, 160, 320, 640, 1000, 1000] {
      for input in [.succeeded, .part, .succeeded] as [Input] { _ = give(input, to: &machine) }
      #expect(give(.abortable, to: &machine) == .abort)
      #expect(give(.succeeded, to: &machine) == .wait(.milliseconds(milliseconds)))
      #expect(give(.waited, to: &machine) == .begin)
    }
  }

  @Test func `a step that succeeds after failures ends their row, and the next one's waits begin anew`() {
    var machine = CommitMachine()
    _ = machine.start()
    for _ in 0..<2 { _ = give(.succeeded, to: &machine) }
    // Flush, send offsets, commit.
    for _ in 0..<3 {
      for milliseconds in [10, 20, 40, 80] {
        #expect(give(.retriable, to: &machine) == .wait(.milliseconds(milliseconds)))
        _ = give(.waited, to: &machine)
      }
      _ = give(.succeeded, to: &machine)
    }
    #expect(machine.isIdle)
  }

  /// Else a transaction that fails at one step for ever would be begun anew after ten milliseconds each time.
  @Test(arguments: [1, 2, 3, 4])
  func `steps before the one that fails do not end the row`(steps: Int) {
    var machine = CommitMachine()
    _ = machine.start()
    for milliseconds in [10, 20, 40, 80, 160, 320, 640, 1000, 1000] {
      for _ in 0..<steps { _ = give(.succeeded, to: &machine) }
      #expect(give(.abortable, to: &machine) == .abort)
      #expect(give(.succeeded, to: &machine) == .wait(.milliseconds(milliseconds)))
      #expect(give(.waited, to: &machine) == .begin)
    }
  }

  @Test func `waits grow within a transaction and begin anew with the next`() {
    var machine = CommitMachine()
    for _ in 0..<2 {
      _ = machine.start()
      for _ in 0..<4 { _ = give(.succeeded, to: &machine) }
      for milliseconds in [10, 20, 40, 80, 160, 320, 640, 1000, 1000] {
        #expect(give(.retriable, to: &machine) == .wait(.milliseconds(milliseconds)))
        #expect(give(.waited, to: &machine) == .commit)
      }
      #expect(give(.succeeded, to: &machine) == .committed)
    }
  }

  @Test func `what was given up stays so, and the next transaction is another one`() {
    var machine = CommitMachine()
    _ = machine.start()
    #expect(give(.succeeded, to: &machine, isAbandoned: true) == .abort)
    #expect(give(.succeeded, to: &machine) == .discard(isUndecided: false))
    #expect(machine.start() == .begin)
    #expect(give(.succeeded, to: &machine) == .produce)
  }
}

private let discarded = CommitMachine.Action.discard(isUndecided: false)
private let undecided = CommitMachine.Action.discard(isUndecided: true)
