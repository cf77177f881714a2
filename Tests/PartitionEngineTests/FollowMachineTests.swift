import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct FollowMachineTests {
  typealias Position = FollowMachine.Position

  private func checkpoint(
    _ position: Int64, incarnation: Int64? = 7, partitions: Int32 = 4
  ) -> FollowMachine.Record {
    .checkpoint(CheckpointRecord(position: position, partitions: partitions, incarnation: incarnation))
  }

  private let object = FollowMachine.Record.object(bytes: 10)

  private func event(_ command: Int64) -> FollowMachine.Record { .outcome(command: command, bytes: 10) }

  /// A machine that has asked for the bounds, and what it answered.
  private func begun(
    _ source: FollowMachine.Source, at position: Position? = nil, logStart: Int64 = 0, end: Int64 = 100,
    beginning: Int64 = 0, heldBytesMax: Int = 1000, ignoresBelow: Int64 = 0
  ) -> (FollowMachine, FollowMachine.Action) {
    var machine = FollowMachine(
      source, partitions: 4, heldBytesMax: heldBytesMax, ignoresBelow: ignoresBelow)
    machine.start(at: position)
    let action = machine.boundsRead(
      logStart: logStart, stableEnd: end, highWatermark: end, goal: end, beginning: beginning)
    return (machine, action)
  }

  // MARK: Where reading begins

  @Test func `a follower without position begins with the first record`() {
    #expect(begun(.changelog).1 == .read(from: 0))
    #expect(begun(.events).1 == .read(from: 0))
  }

  @Test func `a follower with a position begins one record before it, if that is there`() {
    let position = Position(offset: 50, command: 20)
    #expect(begun(.changelog, at: position).1 == .read(from: 49))
    #expect(begun(.events, at: position, logStart: 50).1 == .read(from: 50))
    #expect(begun(.events, at: Position(offset: 0, command: 0)).1 == .read(from: 0))
  }

  @Test func `records that were deleted before they were applied are a fault`() {
    #expect(
      begun(.events, at: Position(offset: 50, command: 20), logStart: 51).1
        == .refuse(.recordsGone(needed: 50, logStart: 51, of: .events)))
    #expect(begun(.changelog, logStart: 1).1 == .refuse(.recordsGone(needed: 0, logStart: 1, of: .changelog)))
    #expect(begun(.events, logStart: 9, beginning: 9).1 == .read(from: 9))
    #expect(
      begun(.events, logStart: 9, beginning: 8).1
        == .refuse(.recordsGone(needed: 8, logStart: 9, of: .events)))
  }

  @Test func `a position beyond the end is a topic that was created again`() {
    let (_, action) = begun(.changelog, at: Position(offset: 101, command: 20), end: 100)
    #expect(action == .refuse(.positionBeyondEnd(needed: 101, end: 100)))
    #expect(begun(.changelog, at: Position(offset: 100, command: 20), end: 100).1 == .read(from: 99))
    var (machine, _) = begun(.events, at: Position(offset: 90, command: 20))
    #expect(machine.endsRead(stableEnd: 100, highWatermark: 100) == nil)
    #expect(
      machine.endsRead(stableEnd: 3, highWatermark: 3) == .positionBeyondEnd(needed: 90, end: 3))
  }

  // MARK: A changelog, by source transaction

  @Test func `records are held until their transaction's checkpoint`() {
    var (machine, _) = begun(.changelog)
    #expect(machine.recordRead(object, at: 0) == .hold)
    #expect(machine.recordRead(object, at: 1) == .hold)
    #expect(machine.position == nil)
    let first = Position(offset: 3, command: 12, incarnation: 7)
    #expect(machine.recordRead(checkpoint(12), at: 2) == .apply(first))
    #expect(machine.position == first)
    #expect(machine.recordRead(object, at: 4) == .hold)
    #expect(machine.position == first, "the position moves with what is applied")
    #expect(
      machine.recordRead(checkpoint(15, incarnation: nil), at: 5)
        == .apply(Position(offset: 6, command: 15, incarnation: 7)))
  }

  @Test func `the end of the partition is no end of a transaction`() {
    var (machine, _) = begun(.changelog)
    #expect(machine.recordRead(object, at: 98) == .hold)
    #expect(machine.positionReached(100) == nil)
    #expect(!machine.isCaughtUp)
    _ = machine.recordRead(checkpoint(12), at: 101)
    #expect(machine.isCaughtUp)
  }

  @Test func `a transaction larger than the bound is applied in parts, and said to be in between`() {
    var (machine, _) = begun(.changelog, end: 6, heldBytesMax: 25)
    #expect(machine.recordRead(object, at: 0) == .hold)
    #expect(machine.recordRead(object, at: 1) == .hold)
    #expect(machine.recordRead(object, at: 2) == .applyPartThenHold)
    #expect(!machine.isConsistent && machine.position == nil)
    #expect(machine.recordRead(object, at: 3) == .hold, "the third record is held, and counts")
    #expect(machine.recordRead(object, at: 4) == .applyPartThenHold)
    _ = machine.positionReached(6)
    #expect(!machine.isCaughtUp, "the end is reached, but not a consistent state")
    #expect(
      machine.recordRead(checkpoint(9), at: 6) == .apply(Position(offset: 7, command: 9, incarnation: 7)))
    #expect(machine.isConsistent && machine.isCaughtUp)
  }

  @Test func `a record beyond the bound alone is held: the last part is never empty`() {
    for source in [FollowMachine.Source.changelog, .events, .rejections] {
      let large: FollowMachine.Record =
        source == .changelog ? .object(bytes: 9_000) : .outcome(command: 1, bytes: 9_000)
      var (machine, _) = begun(source, heldBytesMax: 25)
      #expect(machine.recordRead(large, at: 0) == .hold)
      #expect(machine.isConsistent)
      #expect(machine.recordRead(large, at: 1) == .applyPartThenHold)
      #expect(machine.recordRead(large, at: 2) == .applyPartThenHold)
    }
  }

  @Test func `a sink that has a part of a unit is in between until it has all, also after a new beginning`() {
    var (machine, _) = begun(.changelog, end: 4, heldBytesMax: 15)
    _ = machine.recordRead(object, at: 0)
    #expect(machine.recordRead(object, at: 1) == .applyPartThenHold)
    var again = machine
    again.start(at: nil)
    #expect(again.boundsRead(logStart: 0, stableEnd: 2, highWatermark: 2, goal: 2) == .read(from: 0))
    _ = again.positionReached(2)
    #expect(!again.isConsistent && !again.isCaughtUp)
    again = machine
    again.start(at: Position(offset: 2, command: 3))
    _ = again.boundsRead(logStart: 0, stableEnd: 2, highWatermark: 2, goal: 2)
    _ = again.positionReached(2)
    #expect(again.isConsistent && again.isCaughtUp, "somebody else has moved it")
  }

  @Test func `another incarnation of the changelog is a fault`() {
    var (machine, _) = begun(.changelog, at: Position(offset: 50, command: 20, incarnation: 7))
    #expect(
      machine.recordRead(checkpoint(30, incarnation: 8), at: 60)
        == .refuse(.otherIncarnation(known: 7, found: 8)))
    (machine, _) = begun(.changelog, at: Position(offset: 50, command: 20, incarnation: 7))
    #expect(
      machine.recordRead(checkpoint(20, incarnation: 8), at: 49)
        == .refuse(.otherIncarnation(known: 7, found: 8)))
  }

  @Test func `the record before the position shows a changelog that was created again`() {
    let position = Position(offset: 50, command: 20, incarnation: nil)
    var (machine, _) = begun(.changelog, at: position)
    #expect(machine.recordRead(checkpoint(20, incarnation: nil), at: 49) == .skip)
    #expect(machine.recordRead(object, at: 50) == .hold)
    (machine, _) = begun(.changelog, at: position)
    #expect(
      machine.recordRead(checkpoint(19, incarnation: nil), at: 49) == .refuse(.otherRecords(offset: 49)))
    (machine, _) = begun(.changelog, at: position)
    #expect(machine.recordRead(object, at: 49) == .refuse(.otherRecords(offset: 49)))
    (machine, _) = begun(.changelog, at: position)
    #expect(machine.recordRead(object, at: 51) == .hold, "compaction may have taken it")
  }

  @Test func `a checkpoint for another number of partitions is a fault`() {
    for (count, offset) in [(Int32(3), Int64(0)), (5, 9), (1, 77)] {
      var (machine, _) = begun(.changelog)
      #expect(
        machine.recordRead(checkpoint(12, partitions: count), at: offset)
          == .refuse(.partitionCountChanged(checkpoint: count, now: 4, offset: offset)))
    }
    var (machine, _) = begun(.changelog, at: Position(offset: 50, command: 20, incarnation: 7))
    #expect(
      machine.recordRead(checkpoint(20, partitions: 8), at: 49)
        == .refuse(.partitionCountChanged(checkpoint: 8, now: 4, offset: 49)))
  }

  @Test func `states without a checkpoint at the end are a fault once nothing can follow`() {
    var (machine, _) = begun(.changelog, end: 3)
    _ = machine.recordRead(object, at: 2)
    #expect(machine.endsRead(stableEnd: 3, highWatermark: 5) == nil, "a transaction is open")
    #expect(machine.endsRead(stableEnd: 5, highWatermark: 5) == nil, "not everything was read")
    _ = machine.positionReached(5)
    #expect(machine.endsRead(stableEnd: 5, highWatermark: 5) == .noCheckpoint(end: 5))
    (machine, _) = begun(.changelog, end: 3)
    _ = machine.recordRead(object, at: 1)
    _ = machine.recordRead(checkpoint(12), at: 2)
    #expect(machine.endsRead(stableEnd: 3, highWatermark: 3) == nil)
  }

  @Test func `a checkpoint of an earlier command is a fault`() {
    var (machine, _) = begun(.changelog)
    _ = machine.recordRead(checkpoint(12), at: 0)
    #expect(
      machine.recordRead(checkpoint(11), at: 1) == .refuse(.wentBack(known: 12, found: 11, offset: 1)))
    (machine, _) = begun(.changelog)
    _ = machine.recordRead(checkpoint(12), at: 0)
    #expect(
      machine.recordRead(checkpoint(12), at: 1) == .apply(Position(offset: 2, command: 12, incarnation: 7)),
      "a transaction may have processed nothing new of the partition")
  }

  // MARK: Events, by command

  @Test(arguments: [FollowMachine.Source.events, .rejections])
  func `the events of one command are applied together`(source: FollowMachine.Source) {
    var (machine, _) = begun(source)
    #expect(machine.recordRead(event(5), at: 0) == .hold)
    #expect(machine.recordRead(event(5), at: 1) == .hold)
    #expect(machine.recordRead(event(8), at: 3) == .applyThenHold(Position(offset: 3, command: 6)))
    #expect(machine.positionReached(5) == Position(offset: 5, command: 9))
    #expect(machine.position == Position(offset: 5, command: 9))
    #expect(machine.positionReached(7) == nil, "nothing is held")
  }

  @Test(arguments: [FollowMachine.Source.events, .rejections])
  func `events that a state covers are left out`(source: FollowMachine.Source) {
    var (machine, _) = begun(source, beginning: 40, ignoresBelow: 8)
    #expect(machine.recordRead(event(7), at: 40) == .skip)
    #expect(machine.recordRead(event(8), at: 41) == .hold)
    #expect(machine.recordRead(event(9), at: 42) == .applyThenHold(Position(offset: 42, command: 9)))
  }

  @Test(arguments: [FollowMachine.Source.events, .rejections])
  func `an event of an earlier command is a fault`(source: FollowMachine.Source) {
    var (machine, _) = begun(source)
    _ = machine.recordRead(event(5), at: 0)
    #expect(machine.recordRead(event(4), at: 1) == .refuse(.wentBack(known: 5, found: 4, offset: 1)))
    (machine, _) = begun(source, at: Position(offset: 50, command: 20))
    #expect(machine.recordRead(event(20), at: 49) == .refuse(.otherRecords(offset: 49)))
    (machine, _) = begun(source, at: Position(offset: 50, command: 20))
    #expect(machine.recordRead(event(19), at: 49) == .skip)
    #expect(machine.recordRead(event(18), at: 50) == .refuse(.wentBack(known: 19, found: 18, offset: 50)))
  }

  // MARK: Caught up

  @Test func `caught up is who reached the end that was asked before, behind markers and compaction`() {
    var (machine, _) = begun(.events, end: 10)
    #expect(!machine.isCaughtUp && machine.remaining == 10)
    _ = machine.recordRead(event(1), at: 4)
    #expect(machine.remaining == 5)
    _ = machine.positionReached(9)
    #expect(!machine.isCaughtUp, "the last record is not the end")
    _ = machine.positionReached(10)
    #expect(machine.isCaughtUp && machine.remaining == 0)
    #expect(begun(.changelog, end: 0).0.isCaughtUp, "nothing was there")
  }

  @Test func `what is held keeps from having caught up`() {
    var (machine, _) = begun(.events, end: 2)
    _ = machine.recordRead(event(1), at: 1)
    #expect(!machine.isCaughtUp)
    _ = machine.positionReached(2)
    #expect(machine.isCaughtUp)
  }

  @Test func `an open transaction that keeps records back is named`() {
    var machine = FollowMachine(.events, partitions: 4, heldBytesMax: 1000)
    machine.start(at: nil)
    _ = machine.boundsRead(logStart: 0, stableEnd: 4, highWatermark: 9, goal: 9)
    #expect(machine.heldBackAt == 4)
    _ = machine.positionReached(4)
    #expect(!machine.isCaughtUp)
    #expect(machine.endsRead(stableEnd: 9, highWatermark: 9) == nil)
    #expect(machine.heldBackAt == nil)
    _ = machine.positionReached(9)
    #expect(machine.isCaughtUp)
  }

  @Test func `a sink that somebody else moved is followed from where it stands`() {
    var (machine, _) = begun(.events)
    _ = machine.recordRead(event(5), at: 0)
    machine.start(at: Position(offset: 30, command: 12))
    #expect(
      machine.boundsRead(logStart: 0, stableEnd: 90, highWatermark: 90, goal: 90) == .read(from: 29))
    #expect(machine.recordRead(event(11), at: 29) == .skip)
    #expect(machine.recordRead(event(12), at: 30) == .hold)
    #expect(machine.positionReached(31) == Position(offset: 31, command: 13))
  }

  // MARK: What is told

  @Test func `each fault says what was expected, what was found, and what to do`() {
    let faults: [(FollowFault, String, Bool)] = [
      (.recordsGone(needed: 0, logStart: 7, of: .changelog), "it begins at 7", false),
      (.recordsGone(needed: 5, logStart: 7, of: .events), "2 records were deleted", false),
      (.recordsGone(needed: 5, logStart: 6, of: .rejections), "1 record were deleted", false),
      (.positionBeyondEnd(needed: 9, end: 3), "ends at 3", true),
      (.otherIncarnation(known: 1, found: 2), "incarnation 2", true),
      (.otherRecords(offset: 4), "at offset 4", true),
      (.wentBack(known: 9, found: 8, offset: 4), "is of command 8", true),
      (.otherApplication(offset: 4, says: "the header application says x"), "--application-id", false),
      (.partitionCountChanged(checkpoint: 1, now: 2, offset: 3), "Expected 1 partition,", false),
      (.noCheckpoint(end: 8), "ends at offset 8 without one", false),
      (.unreadable(offset: 4, reason: "its key is null"), "its key is null", false),
    ]
    for (fault, part, isRecreated) in faults {
      #expect(fault.description.hasPrefix("Expected "), "\(fault)")
      #expect(fault.description.contains(part), "\(fault)")
      #expect(fault.description.hasSuffix("."), "\(fault)")
      #expect(fault.isRecreated == isRecreated, "\(fault)")
    }
  }

  @Test func `what a record says cannot act on a terminal`() {
    let forged = "a\n\u{1B}[2J\u{202E}"
    for fault in [
      FollowFault.otherApplication(offset: 1, says: forged), .unreadable(offset: 1, reason: forged),
    ] {
      #expect(!fault.description.unicodeScalars.contains { $0.value < 32 || $0.value == 0x202E })
    }
  }
}
