import Synchronization

/// Writes the states that a table begins with, many by one statement.
final class ProjectedStates: Sendable {
  private struct State: ~Copyable {
    var compiler: EventCompiler
    var changes: [EventChange] = []
  }

  private let definition: ProjectionDefinition
  private let door: DatabaseDoor
  private let state: Mutex<State>

  init(_ definition: ProjectionDefinition, _ door: DatabaseDoor) {
    self.definition = definition
    self.door = door
    state = Mutex(State(compiler: EventCompiler(definition)))
  }

  /// A state that is not one for the table ends the start: there is no event to set aside.
  func add(_ key: ArraySlice<UInt8>, _ version: UInt64, _ value: ArraySlice<UInt8>) throws {
    let object = ProjectedEvent(
      partition: 0, offset: 0, command: 0, key: Array(key), version: version, payload: Array(value),
      timestamp: 0,
      headers: [])
    let changes = try state.withLock { state throws -> [EventChange] in
      do throws(ValueFault) {
        if let row = try state.compiler.compileState(object) { state.changes.append(EventChange(row: row)) }
      } catch {
        throw ProjectionFailure(
          .configuration,
          "Expected each object's state to fit the table \(definition.table?.shownName ?? ""), but of the key "
            + "\(String(decoding: key, as: UTF8.self)): \(error.message). Change the table's column, or `state` in the file."
        )
      }
      guard state.changes.count >= ProjectionLimits.statesPerStatement else { return [] }
      defer { state.changes.removeAll(keepingCapacity: true) }
      return state.changes
    }
    try write(changes)
  }

  /// Writes those that wait for more.
  func flush() throws {
    try write(
      state.withLock { state in
        defer { state.changes.removeAll() }
        return state.changes
      })
  }

  private func write(_ changes: [EventChange]) throws {
    guard !changes.isEmpty else { return }
    let table = definition.table
    do {
      _ = try door.use { try $0.apply(FoldedBatch(changes).steps, to: table) }
    } catch let failure as DatabaseFailure where failure.kind == .data {
      throw ProjectionFailure(
        .configuration,
        "Expected each object's state to fit the table \(table?.shownName ?? ""), but \(failure). Change the table, or `state` "
          + "in the file.")
    }
  }
}
