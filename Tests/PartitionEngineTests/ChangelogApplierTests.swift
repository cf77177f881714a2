import Sequitur
import Testing

@testable import PartitionEngine

/// What becomes of one record of a changelog in a restore.
struct ChangelogApplierTests {
  private typealias Change = ChangelogApplier.Change

  private let applier = ChangelogApplier(schemaVersion: 2)

  /// A machine that reads a changelog from its start to 100; the store has what lies below `stored`.
  private func reading(stored: RestoreMachine.StoredPosition? = nil) -> RestoreMachine {
    var machine = RestoreMachine(partitions: 4)
    _ = machine.start(stored: stored)
    _ = machine.groupPositionRead(nil)
    _ = machine.boundsRead(logStart: 0, highWatermark: 100)
    return machine
  }

  private func change(
    _ content: ChangelogRecord.Content, schemaVersion: Int = 1, at offset: Int64,
    _ machine: inout RestoreMachine
  ) throws -> Change {
    var object = ByteWriter()
    ObjectRecord.append(
      to: &object, version: 1, schemaVersion: schemaVersion,
      commandIDs: UnsafeRawBufferPointer(start: nil, count: 0))
    return try applier.change(by: content, object.bytes, at: offset, &machine)
  }

  private func checkpoint(_ position: Int64, partitions: Int32 = 4) -> ChangelogRecord.Content {
    .checkpoint(CheckpointRecord(position: position, partitions: partitions, incarnation: nil))
  }

  @Test func `objects and graves are put, what was forgotten is removed, checkpoints change no key`() throws {
    var machine = reading()
    #expect(try change(.object, at: 0, &machine) == .put)
    #expect(try change(.grave, at: 1, &machine) == .put)
    #expect(try change(.forgotten, at: 2, &machine) == .forget)
    #expect(try change(checkpoint(7), at: 3, &machine) == .none)
    let stored = try #require(applier.position(at: 4, machine))
    #expect(stored.changelogOffset == 4 && stored.commandPosition == 7 && stored.checkpointOffset == 3)
  }

  @Test func `a state of a later schema than the decider's ends the restore`() throws {
    var machine = reading()
    #expect(try change(.object, schemaVersion: 2, at: 0, &machine) == .put)
    #expect(throws: RestoreFault.newerSchema(offset: 1, found: 3, known: 2)) {
      try change(.object, schemaVersion: 3, at: 1, &machine)
    }
  }

  @Test func `what the store has is not written again, and its checkpoints are looked at`() throws {
    let stored = RestoreMachine.StoredPosition(changelogOffset: 50, commandPosition: 20, checkpointOffset: 40)
    var machine = reading(stored: stored)
    #expect(try change(checkpoint(20), at: 40, &machine) == .none)
    for content in [ChangelogRecord.Content.object, .grave, .forgotten] {
      #expect(try change(content, at: 49, &machine) == .none)
    }
    // A later schema that the store has already is the decider's check.
    #expect(try change(.object, schemaVersion: 3, at: 49, &machine) == .none)
    #expect(applier.position(at: 50, machine) == nil)
    #expect(try change(.object, at: 50, &machine) == .put)
    #expect(applier.position(at: 51, machine)?.changelogOffset == 51)
  }

  @Test func `another record where the store's checkpoint stood sets the store aside`() throws {
    let stored = RestoreMachine.StoredPosition(changelogOffset: 50, commandPosition: 20, checkpointOffset: 40)
    for content in [ChangelogRecord.Content.object, .grave, .forgotten] {
      var machine = reading(stored: stored)
      #expect(try change(content, at: 40, &machine) == .end(.setAside(.checkpointGone(offset: 40))))
    }
  }

  @Test func `a checkpoint that does not fit ends the restore`() throws {
    var machine = reading()
    #expect(
      try change(checkpoint(1, partitions: 5), at: 0, &machine)
        == .end(.refuse(.partitionCountChanged(checkpoint: 5, now: 4))))
  }
}
