import Testing

@testable import PartitionEngine

@Suite struct CommitMachineTests {
  typealias Action = CommitMachine.Action

  enum Input: Sendable {
    case succeeded, retriable, abortable, lost, waited, abandon
    case resolved(CommitMachine.Resolution)
  }

  /// The inputs that lead from the start to each state.
  static let ways: [String: [Input]] = [
    "beginning": [], "producing": [.succeeded], "sendingOffsets": [.succeeded, .succeeded],
    "committing": [.succeeded, .succeeded, .succeeded], "aborting": [.abortable],
    "waitingToBegin": [.abortable, .succeeded], "waitingToRecreate": [.lost], "recreating": [.lost, .waited],
    "resolving": [.lost, .waited, .succeeded],
    "waitingToCommit": [.succeeded, .succeeded, .succeeded, .retriable],
    "waitingToSendOffsets": [.succeeded, .succeeded, .retriable], "waitingToAbort": [.abortable, .retriable],
    "waitingToRead": [.lost, .waited, .succeeded, .retriable],
  ]

  private func give(_ input: Input, to machine: inout CommitMachine) -> Action? {
    switch input {
    case .succeeded: return machine.succeeded()
    case .retriable: return machine.failed(.retriable)
    case .abortable: return machine.failed(.abortable)
    case .lost: return machine.failed(.producerLost)
    case .waited: return machine.waited()
    case .resolved(let resolution): return machine.resolved(resolution)
    case .abandon:
      machine.abandon()
      return nil
    }
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
      ("beginning", .abortable, .abort, .abort), ("beginning", .lost, .wait(attempt: 1), .abort),
      ("producing", .succeeded, .sendOffsets, .abort), ("producing", .retriable, .abort, .abort),
      ("producing", .abortable, .abort, .abort), ("producing", .lost, .wait(attempt: 1), .abort),
      ("sendingOffsets", .succeeded, .commit, .abort),
      ("sendingOffsets", .retriable, .wait(attempt: 1), .abort),
      ("sendingOffsets", .abortable, .abort, .abort),
      ("sendingOffsets", .lost, .wait(attempt: 1), .abort),
      ("committing", .succeeded, .committed, .committed),
      ("committing", .retriable, .wait(attempt: 1), .discard),
      ("committing", .abortable, .abort, .abort),
      ("committing", .lost, .wait(attempt: 1), .discard),
      ("aborting", .succeeded, .wait(attempt: 1), .discard),
      ("aborting", .retriable, .wait(attempt: 1), .discard),
      ("aborting", .abortable, .wait(attempt: 1), .discard),
      ("aborting", .lost, .wait(attempt: 1), .discard),
      ("waitingToBegin", .waited, .begin, .discard),
      ("waitingToSendOffsets", .waited, .sendOffsets, .abort), ("waitingToCommit", .waited, .commit, .commit),
      ("waitingToAbort", .waited, .abort, .abort),
      ("waitingToRecreate", .waited, .recreateProducer, .discard),
      ("waitingToRead", .waited, .readPositions, .discard),
      ("recreating", .succeeded, .readPositions, .discard),
      ("recreating", .retriable, .wait(attempt: 2), .discard),
      ("recreating", .abortable, .wait(attempt: 2), .discard),
      ("recreating", .lost, .wait(attempt: 2), .discard),
      ("resolving", .resolved(.committed), .discard, .discard),
      ("resolving", .resolved(.movedOn), .discard, .discard),
      ("resolving", .resolved(.notCommitted), .wait(attempt: 2), .discard),
      ("resolving", .retriable, .wait(attempt: 2), .discard),
      ("resolving", .abortable, .wait(attempt: 2), .discard),
      ("resolving", .lost, .wait(attempt: 2), .discard),
    ] as [(String, Input, Action, Action)])
  func `every input of every state has its action, also when the partitions are being taken away`(
    state: String, input: Input, action: Action, abandoned: Action
  ) throws {
    var machine = try machine(in: state)
    #expect(give(input, to: &machine) == action)
    var other = try self.machine(in: state)
    other.abandon()
    #expect(give(input, to: &other) == abandoned)
    for ended in [(action, machine.isIdle), (abandoned, other.isIdle)] {
      #expect(ended.1 == (ended.0 == .committed || ended.0 == .discard))
    }
  }

  @Test(
    arguments: [
      ("committing", .retriable, true), ("committing", .lost, true), ("aborting", .lost, true),
      ("waitingToRecreate", .waited, true), ("recreating", .retriable, true),
      ("recreating", .succeeded, false), ("resolving", .retriable, false), ("aborting", .succeeded, false),
    ] as [(String, Input, Bool)])
  func `an abandoned transaction says whether its outcome was left open`(
    state: String, input: Input, isUndecided: Bool
  ) throws {
    var machine = try machine(in: state)
    machine.abandon()
    #expect(give(input, to: &machine) == .discard)
    #expect(machine.isUndecided == isUndecided)
    _ = machine.start()
    #expect(!machine.isUndecided)
  }

  @Test func `an aborted transaction is sent again, from its beginning`() {
    var machine = CommitMachine()
    let inputs: [Input] = [
      .succeeded, .abortable, .succeeded, .waited, .succeeded, .succeeded, .succeeded, .succeeded,
    ]
    let actions = [machine.start()] + inputs.compactMap { give($0, to: &machine) }
    #expect(
      actions == [
        .begin, .produce, .abort, .wait(attempt: 1), .begin, .produce, .sendOffsets, .commit, .committed,
      ])
  }

  @Test func `attempts count up within a transaction and start again with the next`() {
    var machine = CommitMachine()
    for _ in 0..<2 {
      _ = machine.start()
      for _ in 0..<3 { _ = give(.succeeded, to: &machine) }
      for attempt in 1...5 {
        #expect(machine.failed(.retriable) == .wait(attempt: attempt))
        #expect(machine.waited() == .commit)
      }
      #expect(machine.succeeded() == .committed)
    }
  }

  @Test func `what was abandoned before does not touch the next transaction`() {
    var machine = CommitMachine()
    machine.abandon()
    #expect(machine.start() == .begin)
    #expect(machine.succeeded() == .produce)
  }
}
