import SequiturFollower
import Synchronization

/// Writes the states that a table begins with, many by one statement.
///
/// Each key comes once. So into a table that is empty, they go as new rows, which are copied; and where nobody reads it yet,
/// its key is made behind them: rows that come in no order cost a key three times as much one by one (docs/benchmarks.md).
final class ProjectedStates: Sendable {
  private struct State: ~Copyable {
    var work: BatchWork
    var changes: [EventChange] = []
  }

  private let definition: ProjectionDefinition
  private let door: DatabaseDoor
  private let state: Mutex<State>
  private let key: DetachedKey?

  /// Within a transaction, which is to hold all of it.
  ///
  /// - Parameter isUnseen: whether nobody reads the table before the transaction's end.
  init(_ definition: ProjectionDefinition, _ door: DatabaseDoor, isUnseen: Bool) throws {
    self.definition = definition
    self.door = door
    let (isEmpty, key) = try door.use { database throws in
      guard let table = definition.table else { return (true, nil as DetachedKey?) }
      let isEmpty = try database.query("select 1 from \(database.dialect.quoted(table)) limit 1").isEmpty
      return (isEmpty, isEmpty && isUnseen ? try database.detachKey(of: table) : nil)
    }
    self.key = key
    state = Mutex(State(work: BatchWork(definition, statesAreNew: isEmpty)))
  }

  /// A state that is not one for the table ends the start: there is no event to set aside.
  func add(_ key: ArraySlice<UInt8>, _ version: UInt64, _ value: ArraySlice<UInt8>) throws {
    let object = ProjectedEvent(
      partition: 0, offset: 0, command: 0, key: Array(key), version: version, payload: Array(value),
      timestamp: 0, headers: [])
    try state.withLock { state throws in
      do throws(ValueFault) {
        let row = try object.withLentRecord { record throws(ValueFault) in
          try state.work.compiler.compileState(record, into: &state.work.rows)
        }
        if let row { state.changes.append(EventChange(row: row)) }
      } catch {
        throw ProjectionFailure(
          .configuration,
          "Expected each object's state to fit the table \(definition.table?.shownName ?? ""), but of the key "
            + "\(String(decoding: key, as: UTF8.self)): \(error.message). Change the table's column, or `state` in the file."
        )
      }
      if state.changes.count >= ProjectionLimits.statesPerStatement { try write(&state) }
    }
  }

  /// Writes those that wait for more, and makes the key.
  func finish() throws {
    try state.withLock { try write(&$0) }
    guard let key, let table = definition.table else { return }
    try fitting { try $0.attach(key, to: table) }
  }

  private func write(_ state: inout State) throws {
    guard !state.changes.isEmpty else { return }
    let table = definition.table
    let steps = state.work.folder.steps(for: state.changes, &state.work.rows)
    try fitting { _ = try $0.apply(steps, of: state.work.rows, to: table) }
    state.changes.removeAll(keepingCapacity: true)
    state.work.rows.removeAll()
  }

  private func fitting(_ body: (any ProjectionDatabase) throws -> Void) throws {
    do {
      try door.use(body)
    } catch let failure as DatabaseFailure where failure.kind == .data {
      throw ProjectionFailure(
        .configuration,
        "Expected each object's state to fit the table \(definition.table?.shownName ?? ""), but \(failure). Change the table, "
          + "or `state` in the file.")
    }
  }
}
