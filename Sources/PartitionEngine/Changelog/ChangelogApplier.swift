import Sequitur

/// What a restore does with the records of a changelog as they come, and which position they lead to. Pure.
///
///     record ─▶ put, forget or nothing … ─▶ read up to an offset ─▶ write all of it with that position, or nothing
///
/// It is the restore machine's side of one record: which of them the store has already, and which must not be there.
public struct ChangelogApplier: Sendable {
  /// What becomes of a record.
  public enum Change: Sendable, Hashable {
    /// The store gets the object's record, or its grave's, under the record's key.
    case put
    /// The store forgets the key.
    case forget
    /// A checkpoint, or what the store has already.
    case none
    /// The restore does not go on reading: the machine's answer.
    case end(RestoreMachine.Action)
  }

  private let schemaVersion: Int

  /// - Parameter schemaVersion: the decider's, 1 or higher. States of a later one cannot be read.
  public init(schemaVersion: Int) { self.schemaVersion = schemaVersion }

  /// A record was read.
  ///
  /// - Parameters:
  ///   - content: what it says.
  ///   - object: of an object or a grave its ``ObjectRecord``.
  ///   - offset: its own, on the changelog.
  /// - Throws: `RestoreFault.newerSchema`.
  public func change(
    by content: ChangelogRecord.Content, _ object: UnsafeRawBufferPointer, at offset: Int64,
    _ machine: inout RestoreMachine
  ) throws(RestoreFault) -> Change {
    if case .checkpoint(let checkpoint) = content {
      return machine.checkpointRead(checkpoint, at: offset).map(Change.end) ?? .none
    }
    guard !machine.holds(offset) else {
      return machine.heldRecordRead(at: offset).map(Change.end) ?? .none
    }
    switch content {
    case .object:
      let found = ObjectRecord(object).schemaVersion
      guard found <= schemaVersion else {
        throw .newerSchema(offset: offset, found: found, known: schemaVersion)
      }
      return .put
    case .grave: return .put
    case .forgotten: return .forget
    case .checkpoint: return .none
    }
  }

  /// All records below `offset` were read.
  ///
  /// - Returns: what the store stands for once it has them, to be written with them; nil: it had them already.
  public func position(at offset: Int64, _ machine: RestoreMachine) -> RestoreMachine.StoredPosition? {
    machine.holds(offset - 1) ? nil : machine.storedPosition(at: offset)
  }
}
