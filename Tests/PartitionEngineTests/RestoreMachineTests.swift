import Sequitur
import Testing

@testable import PartitionEngine

extension RestoreMachine {
  /// What follows when the commands topic is the one that the position belongs to.
  fileprivate mutating func reached(_ position: Int64) -> Action? {
    let action = positionReached(position)
    return action == .readInputBounds ? inputBoundsRead(logStart: 0, end: .max) : action
  }

  fileprivate mutating func lookedAtAborted(positions: [Int64]) -> Action {
    let action = abortedRead(positions: positions)
    return action == .readInputBounds ? inputBoundsRead(logStart: 0, end: .max) : action
  }
}

@Suite struct RestoreMachineTests {
  typealias Stored = RestoreMachine.StoredPosition

  /// A machine that has read the group's position and the bounds, and the action that followed.
  private func begun(
    stored: Stored?, group: Int64?, logStart: Int64 = 0, end: Int64
  ) -> (RestoreMachine, RestoreMachine.Action) {
    var machine = RestoreMachine(partitions: 4)
    #expect(machine.start(stored: stored) == .readGroupPosition)
    #expect(machine.groupPositionRead(group) == .readBounds)
    let action = machine.boundsRead(logStart: logStart, highWatermark: end)
    return (machine, action)
  }

  private func checkpoint(
    _ position: Int64, partitions: Int32 = 4, incarnation: Int64? = nil
  ) -> CheckpointRecord {
    CheckpointRecord(position: position, partitions: partitions, incarnation: incarnation)
  }

  @Test func `a fresh partition with an empty changelog serves from the topic's start`() {
    var (machine, action) = begun(stored: nil, group: nil, end: 0)
    #expect(action == .read(from: 0, target: 0))
    #expect(machine.reached(0) == .serve(position: nil))
  }

  @Test func `without a store the whole changelog is read`() {
    var (machine, action) = begun(stored: nil, group: 30, end: 100)
    #expect(action == .read(from: 0, target: 100))
    #expect(machine.remaining == 100)
    #expect(machine.checkpointRead(checkpoint(10), at: 99) == nil)
    #expect(machine.reached(50) == nil)
    #expect(machine.remaining == 50)
    #expect(machine.checkpointRead(checkpoint(30), at: 99) == nil)
    #expect(machine.reached(99) == nil, "the last record is not the end: its marker is")
    #expect(machine.reached(100) == .serve(position: 30))
  }

  @Test func `with a store only the tail is read`() {
    var (machine, action) = begun(
      stored: Stored(changelogOffset: 60, commandPosition: 20), group: 30, end: 100)
    #expect(action == .read(from: 60, target: 100))
    #expect(machine.checkpointRead(checkpoint(20), at: 99) == nil)
    #expect(machine.checkpointRead(checkpoint(30), at: 99) == nil)
    #expect(machine.reached(120) == .serve(position: 30))
    #expect(machine.remaining == 0)
  }

  @Test func `a tail that ends before the group's position is read again from the start, once`() {
    var (machine, action) = begun(
      stored: Stored(changelogOffset: 60, commandPosition: 20), group: 30, logStart: 5, end: 100)
    #expect(action == .read(from: 60, target: 100))
    #expect(machine.reached(100) == .read(from: 5, target: 100))
    #expect(machine.remaining == 95)
    // Checkpoints from before the store's are no sign of another changelog now.
    #expect(machine.checkpointRead(checkpoint(10), at: 99) == nil)
    #expect(machine.checkpointRead(checkpoint(30), at: 99) == nil)
    #expect(machine.reached(100) == .serve(position: 30))

    (machine, action) = begun(
      stored: Stored(changelogOffset: 60, commandPosition: 20), group: 30, end: 100)
    #expect(machine.reached(100) == .read(from: 0, target: 100))
    #expect(machine.checkpointRead(checkpoint(20), at: 99) == nil)
    #expect(machine.reached(100) == .readAborted(from: 0, target: 100))
    #expect(
      machine.lookedAtAborted(positions: [20]) == .refuse(.changelogLost(checkpoint: 20, groupPosition: 30)))
  }

  @Test func `a store at the end serves its own position`() {
    var (machine, action) = begun(
      stored: Stored(changelogOffset: 100, commandPosition: 30), group: 30, end: 100)
    #expect(action == .read(from: 100, target: 100))
    #expect(machine.reached(100) == .serve(position: 30))
  }

  @Test func `a position never moves back`() {
    var (machine, _) = begun(stored: nil, group: nil, end: 100)
    #expect(machine.reached(80) == nil)
    #expect(machine.reached(40) == nil)
    #expect(machine.remaining == 20)
  }

  @Test func `a store above the end is set aside and rebuilt`() {
    var (machine, action) = begun(
      stored: Stored(changelogOffset: 101, commandPosition: 90), group: 5, end: 100)
    #expect(action == .setAside(.positionAboveEnd(stored: 101, end: 100)))
    #expect(machine.storeSetAside() == .read(from: 0, target: 100))
    #expect(machine.checkpointRead(checkpoint(5), at: 99) == nil)
    #expect(machine.reached(100) == .serve(position: 5))
  }

  @Test func `a checkpoint behind the store's sets it aside, once`() {
    var (machine, _) = begun(stored: Stored(changelogOffset: 60, commandPosition: 50), group: 5, end: 100)
    #expect(
      machine.checkpointRead(checkpoint(49), at: 99) == .setAside(.positionWentBack(stored: 50, found: 49)))
    #expect(machine.storeSetAside() == .read(from: 0, target: 100))
    #expect(machine.remaining == 100)
    #expect(machine.checkpointRead(checkpoint(49), at: 99) == nil)
    #expect(machine.reached(100) == .serve(position: 49))
  }

  /// A store at 60, made of checkpoint 20 at offset 55 of changelog 7.
  private let known = Stored(
    changelogOffset: 60, commandPosition: 20, checkpointOffset: 55, incarnation: 7)

  @Test func `reading begins at the store's checkpoint, and what is held is only looked at`() {
    var (machine, action) = begun(stored: known, group: 30, end: 100)
    #expect(action == .read(from: 55, target: 100))
    #expect(machine.holds(59) && !machine.holds(60))
    #expect(machine.checkpointRead(checkpoint(20, incarnation: 7), at: 55) == nil)
    #expect(machine.heldRecordRead(at: 56) == nil)
    #expect(machine.checkpointRead(checkpoint(30, incarnation: 7), at: 98) == nil)
    #expect(
      machine.storedPosition(at: 100)
        == Stored(changelogOffset: 100, commandPosition: 30, checkpointOffset: 98, incarnation: 7))
    #expect(machine.reached(100) == .serve(position: 30))
    #expect(begun(stored: known, group: 30, logStart: 58, end: 100).1 == .read(from: 58, target: 100))
  }

  @Test func `a store of another incarnation of the changelog is set aside, once`() {
    var (machine, _) = begun(stored: known, group: 30, end: 100)
    #expect(
      machine.checkpointRead(checkpoint(30, incarnation: 8), at: 98)
        == .setAside(.otherIncarnation(stored: 7, found: 8)))
    #expect(machine.storeSetAside() == .read(from: 0, target: 100))
    #expect(!machine.holds(0) && machine.incarnation == nil)
    #expect(machine.checkpointRead(checkpoint(30, incarnation: 8), at: 98) == nil)
    #expect(machine.incarnation == 8)
    #expect(machine.reached(100) == .serve(position: 30))
  }

  @Test func `a checkpoint without an incarnation is of an older version and accepted`() {
    var (machine, _) = begun(stored: known, group: 30, end: 100)
    #expect(machine.checkpointRead(checkpoint(30), at: 98) == nil)
    #expect(machine.incarnation == 7)
    (machine, _) = begun(
      stored: Stored(changelogOffset: 60, commandPosition: 20), group: 30, end: 100)
    #expect(machine.checkpointRead(checkpoint(30, incarnation: 8), at: 98) == nil)
    #expect(machine.reached(100) == .serve(position: 30))
  }

  @Test func `something else where the store's checkpoint stood sets it aside`() {
    var (machine, _) = begun(stored: known, group: 30, end: 100)
    #expect(machine.heldRecordRead(at: 55) == .setAside(.checkpointGone(offset: 55)))
    (machine, _) = begun(stored: known, group: 30, end: 100)
    #expect(
      machine.checkpointRead(checkpoint(25, incarnation: 7), at: 55) == .setAside(.checkpointGone(offset: 55))
    )
  }

  @Test func `a store without a checkpoint is begun anew, unless that were much to read again`() {
    func begin(_ offset: Int64, logStart: Int64 = 0) -> RestoreMachine.Action {
      let stored = Stored(changelogOffset: offset, commandPosition: nil)
      return begun(stored: stored, group: nil, logStart: logStart, end: 20_000).1
    }
    #expect(begin(9_999) == .setAside(.noCheckpoint(stored: 9_999)))
    #expect(begin(10_000) == .read(from: 10_000, target: 20_000))
    #expect(begin(0) == .read(from: 0, target: 20_000))
    #expect(begin(50, logStart: 50) == .read(from: 50, target: 20_000))
  }

  @Test(arguments: [nil, Stored(changelogOffset: 9, commandPosition: 3)])
  func `records that were deleted and are needed refuse`(stored: Stored?) {
    let (_, action) = begun(stored: stored, group: 5, logStart: 10, end: 100)
    #expect(
      action == .refuse(.changelogTruncated(needed: stored?.changelogOffset ?? 0, logStart: 10)))
  }

  @Test func `records that were deleted and are not needed do not matter`() {
    let (_, action) = begun(
      stored: Stored(changelogOffset: 10, commandPosition: 3), group: 5, logStart: 10, end: 100)
    #expect(action == .read(from: 10, target: 100))
  }

  @Test func `a store that is set aside cannot be rebuilt from a truncated changelog`() {
    var (machine, _) = begun(
      stored: Stored(changelogOffset: 200, commandPosition: 3), group: 5, logStart: 10, end: 100)
    #expect(machine.storeSetAside() == .refuse(.changelogTruncated(needed: 0, logStart: 10)))
  }

  @Test(
    arguments: [
      (nil, nil, nil), (nil, 0, nil), (10, 10, nil), (11, 10, nil), (11, nil, nil),
      (nil, 1, .changelogLost(checkpoint: nil, groupPosition: 1)),
      (9, 10, .changelogLost(checkpoint: 9, groupPosition: 10)),
    ] as [(Int64?, Int64?, RestoreFault?)])
  func `the checkpoint must not be behind the group`(found: Int64?, group: Int64?, fault: RestoreFault?) {
    for isStored in [true, false] {
      // Further than a store without a checkpoint is emptied.
      let stored = Stored(changelogOffset: 50_000, commandPosition: found)
      var (machine, _) = begun(stored: isStored ? stored : nil, group: group, end: 100_000)
      if isStored, fault != nil {
        #expect(machine.reached(100_000) == .read(from: 0, target: 100_000))
      }
      if !isStored || fault != nil, let found {
        #expect(machine.checkpointRead(checkpoint(found), at: 99) == nil)
      }
      let end = machine.reached(100_000)
      guard let fault else {
        #expect(end == .serve(position: found))
        continue
      }
      #expect(end == .readAborted(from: 0, target: 100_000))
      #expect(machine.lookedAtAborted(positions: []) == .refuse(fault))
    }
  }

  @Test func `a group's position that an aborted transaction left is not believed`() {
    // With a store, after the second look, and without one.
    for stored in [Stored(changelogOffset: 60, commandPosition: 20), nil] {
      for (aborted, action) in [
        ([30], RestoreMachine.Action.serve(position: 20)), ([25, 30, 35], .serve(position: 20)),
        ([25, 35], .refuse(.changelogLost(checkpoint: 20, groupPosition: 30))),
        ([], .refuse(.changelogLost(checkpoint: 20, groupPosition: 30))),
      ] as [([Int64], RestoreMachine.Action)] {
        var (machine, _) = begun(stored: stored, group: 30, end: 100)
        if stored != nil { #expect(machine.reached(100) == .read(from: 0, target: 100)) }
        #expect(machine.checkpointRead(checkpoint(20), at: 70) == nil)
        #expect(machine.reached(100) == .readAborted(from: 0, target: 100))
        #expect(machine.lookedAtAborted(positions: aborted) == action)
      }
    }
  }

  @Test func `where the position was moved back, aborted checkpoints count only behind the last one`() {
    for reached in [29, 30, 31] as [Int64] {
      var (machine, _) = begun(stored: nil, group: 30, end: 100)
      #expect(machine.checkpointRead(checkpoint(reached), at: 40) == nil)
      #expect(machine.checkpointRead(checkpoint(20), at: 70) == nil)
      #expect(machine.reached(100) == .readAborted(from: reached < 30 ? 0 : 71, target: 100))
    }
    var (machine, _) = begun(stored: nil, group: 30, end: 100)
    #expect(machine.checkpointRead(checkpoint(30), at: 40) == nil)
    #expect(machine.checkpointRead(checkpoint(20), at: 99) == nil)
    #expect(
      machine.reached(100) == .refuse(.changelogLost(checkpoint: 20, groupPosition: 30)),
      "nothing follows the checkpoint, not even a marker")
  }

  @Test func `without any committed checkpoint all of the changelog is looked at for aborted ones`() {
    var (machine, _) = begun(stored: nil, group: 30, logStart: 0, end: 100)
    #expect(machine.reached(100) == .readAborted(from: 0, target: 100))
    #expect(machine.lookedAtAborted(positions: [30]) == .serve(position: nil))
  }

  @Test func `another number of partitions refuses`() {
    var (machine, _) = begun(stored: nil, group: nil, end: 100)
    #expect(
      machine.checkpointRead(checkpoint(5, partitions: 3), at: 99)
        == .refuse(.partitionCountChanged(checkpoint: 3, now: 4)))
  }

  @Test(
    arguments: [
      (.changelogTruncated(needed: 3, logStart: 10), ["3", "10"]),
      (.changelogLost(checkpoint: 4, groupPosition: 10), ["10", "4", "6 commands"]),
      (.changelogLost(checkpoint: nil, groupPosition: 10), ["none", "10 commands"]),
      (.partitionCountChanged(checkpoint: 3, now: 4), ["3 partitions", "has 4"]),
      (.unreadableRecord(offset: 5, reason: "its key is null"), ["offset 5", "its key is null"]),
      (
        .inputChanged(.commandsDeleted(position: 10, logStart: 20)),
        ["offset 10", "begins at 20", "10 offsets", "--accept-lost-commands"]
      ),
      (.inputChanged(.endsBelow(position: 10, end: 3)), ["offset 10", "ends at 3", "--begin-commands-at"]),
      (.inputChanged(.otherCommand(position: 10, offset: 9)), ["offset 10", "at 9", "--begin-commands-at"]),
      (
        .inputChanged(.commandGone(position: 10, offset: 9)),
        ["offset 10", "no command", "--begin-commands-at"]
      ),
    ] as [(RestoreFault, [String])])
  func `a fault says what is the matter`(fault: RestoreFault, parts: [String]) {
    for part in parts { #expect(fault.description.contains(part)) }
  }
}
