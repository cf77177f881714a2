import PartitionEngine
import Sequitur
import Testing

@Suite struct InputCheckTests {
  private static func command(_ offset: Int64, _ content: UInt64 = 1) -> LastCommand {
    LastCommand(offset: offset, digest: CommandIDHash(high: content, low: 0))
  }

  typealias Bounds = (
    position: Int64, last: Int64?, logStart: Int64, end: Int64, finding: InputCheck.Finding
  )

  /// The position is 10 in most: commands 0 to 9 were processed.
  @Test(
    arguments: [
      (10, 9, 0, 10, .compare(command(9))), (10, 9, 0, 50, .compare(command(9))),
      (10, 9, 9, 50, .compare(command(9))),
      // All that was deleted had been processed.
      (10, 9, 10, 50, .fits), (10, 9, 10, 10, .fits),
      // Behind the last command stand control records or aborted ones.
      (10, 7, 8, 10, .fits), (10, 7, 7, 10, .compare(command(7))),
      // One that was deleted is lost already.
      (10, 9, 11, 50, .broken(.commandsDeleted(position: 10, logStart: 11))),
      (10, 9, 20, 20, .broken(.commandsDeleted(position: 10, logStart: 20))),
      (10, nil, 20, 25, .broken(.commandsDeleted(position: 10, logStart: 20))),
      (10, 9, 0, 9, .broken(.endsBelow(position: 10, end: 9))),
      (10, 9, 0, 0, .broken(.endsBelow(position: 10, end: 0))),
      (10, nil, 0, 3, .broken(.endsBelow(position: 10, end: 3))),
      // An older version did not say which command was its last.
      (10, nil, 0, 10, .fits), (10, nil, 10, 10, .fits), (0, nil, 0, 0, .fits),
      (.max - 1, nil, 0, 10, .broken(.endsBelow(position: .max - 1, end: 10))),
    ] as [Bounds])
  func `the position is compared with both ends of the commands topic`(bounds: Bounds) {
    let check = InputCheck(position: bounds.position, last: bounds.last.map { Self.command($0) })
    #expect(check.bounds(logStart: bounds.logStart, end: bounds.end) == bounds.finding)
  }

  @Test(
    arguments: [
      (.command(command(9)), 0, .fits),
      (.command(command(9, 2)), 0, .broken(.otherCommand(position: 10, offset: 9))),
      (.nothing, 0, .broken(.commandGone(position: 10, offset: 9))),
      (.nothing, 9, .broken(.commandGone(position: 10, offset: 9))),
      // Deleted while it was looked for.
      (.nothing, 10, .fits),
      (.nothing, 12, .broken(.commandsDeleted(position: 10, logStart: 12))),
    ] as [(InputCheck.Found, Int64, InputCheck.Finding)])
  func `what stands where the last command stood must be the same`(
    found: InputCheck.Found, logStart: Int64, finding: InputCheck.Finding
  ) {
    let check = InputCheck(position: 10, last: Self.command(9))
    #expect(check.compared(found, logStart: logStart, end: 20) == finding)
  }

  // MARK: In a restore

  /// A machine that has found checkpoint 10, with what followed.
  private func restored(
    _ decision: InputDecision = InputDecision(), last: LastCommand? = command(9), moves: [PositionMove] = [],
    group: Int64? = 10, logStart: Int64, end: Int64
  ) -> (RestoreMachine, RestoreMachine.Action) {
    var machine = RestoreMachine(partitions: 4, decision: decision)
    _ = machine.start(stored: nil)
    _ = machine.groupPositionRead(group)
    _ = machine.boundsRead(logStart: 0, highWatermark: 100)
    let checkpoint = CheckpointRecord(position: 10, partitions: 4, lastCommand: last, moves: moves)
    #expect(machine.checkpointRead(checkpoint, at: 98) == nil)
    #expect(machine.positionReached(100) == .readInputBounds)
    let action = machine.inputBoundsRead(logStart: logStart, end: end)
    return (machine, action)
  }

  @Test func `a partition is served when its last command stands where it stood`() {
    var (machine, action) = restored(logStart: 0, end: 12)
    #expect(action == .readLastCommand(Self.command(9)))
    #expect(machine.lastCommandRead(.command(Self.command(9))) == .serve(position: 10))
    #expect(machine.inputCheck == InputCheck(position: 10, last: Self.command(9)))
    #expect(machine.overruled == nil && machine.moves.isEmpty && machine.groupBehind == nil)
  }

  @Test func `a command that is deleted while it is looked for was processed`() {
    var (machine, _) = restored(logStart: 0, end: 12)
    #expect(machine.lastCommandRead(.nothing) == .readInputBounds)
    #expect(machine.inputBoundsRead(logStart: 10, end: 12) == .serve(position: 10))
    (machine, _) = restored(logStart: 0, end: 12)
    #expect(machine.lastCommandRead(.nothing) == .readInputBounds)
    #expect(
      machine.inputBoundsRead(logStart: 0, end: 12)
        == .refuse(.inputChanged(.commandGone(position: 10, offset: 9))))
  }

  @Test func `another topic under the name is refused, whatever its length`() {
    var (machine, action) = restored(logStart: 0, end: 3)
    #expect(action == .refuse(.inputChanged(.endsBelow(position: 10, end: 3))))
    (machine, action) = restored(logStart: 0, end: 30)
    #expect(
      machine.lastCommandRead(.command(Self.command(9, 7)))
        == .refuse(.inputChanged(.otherCommand(position: 10, offset: 9))))
    (machine, action) = restored(logStart: 20, end: 30)
    #expect(action == .refuse(.inputChanged(.commandsDeleted(position: 10, logStart: 20))))
  }

  @Test func `without a checkpoint there is nothing to compare`() {
    var machine = RestoreMachine(partitions: 4)
    _ = machine.start(stored: nil)
    _ = machine.groupPositionRead(nil)
    #expect(machine.boundsRead(logStart: 0, highWatermark: 0) == .read(from: 0, target: 0))
    #expect(machine.positionReached(0) == .serve(position: nil))
    #expect(machine.inputCheck == nil)
  }

  @Test func `an operator's order moves the position, is remembered, and covers nothing else`() {
    let accepts = InputDecision(acceptsLostCommands: true)
    var (machine, action) = restored(accepts, moves: [PositionMove(from: 1, to: 2)], logStart: 20, end: 30)
    #expect(action == .serve(position: 20))
    #expect(machine.moves == [PositionMove(from: 1, to: 2), PositionMove(from: 10, to: 20)])
    #expect(machine.overruled == .commandsDeleted(position: 10, logStart: 20))
    #expect(machine.overruled?.lostCount == 10)
    (_, action) = restored(accepts, logStart: 0, end: 3)
    #expect(action == .refuse(.inputChanged(.endsBelow(position: 10, end: 3))))

    for (begin, position) in [(InputDecision.Begin.start, Int64(2)), (.end, 30)] {
      let decision = InputDecision(begin: begin)
      (machine, _) = restored(decision, logStart: 2, end: 30)
      #expect(machine.lastCommandRead(.command(Self.command(9, 7))) == .serve(position: position))
      #expect(machine.moves == [PositionMove(from: 10, to: position)])
      (_, action) = restored(decision, logStart: 20, end: 30)
      #expect(action == .refuse(.inputChanged(.commandsDeleted(position: 10, logStart: 20))))
    }
    (machine, action) = restored(InputDecision(begin: .end), logStart: 0, end: 3)
    #expect(action == .serve(position: 3))
  }

  @Test func `of many orders the newest are kept`() {
    let many = (0..<20).map { PositionMove(from: $0, to: $0 + 1) }
    let (machine, _) = restored(
      InputDecision(acceptsLostCommands: true), moves: many, logStart: 20, end: 30)
    #expect(machine.moves.count == PositionMove.keptMax)
    #expect(machine.moves.last == PositionMove(from: 10, to: 20))
  }

  @Test func `a group behind the checkpoint is told, and one that is nowhere or level is not`() {
    for (group, isBehind) in [(nil, false), (10, false), (9, true), (0, true)] as [(Int64?, Bool)] {
      let (machine, _) = restored(group: group, logStart: 0, end: 12)
      #expect((machine.groupBehind != nil) == isBehind)
    }
  }

  @Test func `a position that an operator moved back is no sign of another changelog`() {
    func read(_ moves: [PositionMove]) -> RestoreMachine.Action? {
      var machine = RestoreMachine(partitions: 4)
      _ = machine.start(
        stored: RestoreMachine.StoredPosition(changelogOffset: 60, commandPosition: 10))
      _ = machine.groupPositionRead(3)
      _ = machine.boundsRead(logStart: 0, highWatermark: 100)
      return machine.checkpointRead(CheckpointRecord(position: 3, partitions: 4, moves: moves), at: 98)
    }
    #expect(read([PositionMove(from: 12, to: 0)]) == nil)
    #expect(read([]) == .setAside(.positionWentBack(stored: 10, found: 3)))
    #expect(read([PositionMove(from: 9, to: 0)]) == .setAside(.positionWentBack(stored: 10, found: 3)))
    #expect(read([PositionMove(from: 12, to: 5)]) == .setAside(.positionWentBack(stored: 10, found: 3)))
  }
}
