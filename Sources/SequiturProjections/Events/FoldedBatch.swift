/// The changes of a batch, put together so that few statements make them.
///
/// Done in their order, the steps leave what the events leave one by one: changes of one row keep their order, and rows
/// do not depend on each other. (Where they do, by a constraint over several rows, a step fails that single events would
/// not: then the events are applied one by one.) A statement of the user's may read any row, so that nothing moves across it.
struct FoldedBatch: Sendable, Hashable {
  /// Rows that one statement changes; each key once, in the order of the keys, so that two batches wait for each other
  /// and do not deadlock.
  struct RowGroup: Sendable, Hashable {
    let shape: RowChange.Shape
    fileprivate(set) var rows: [RowChange]
  }

  enum Step: Sendable, Hashable {
    case rows(RowGroup)
    case statement(EventChange.Statement)
  }

  private(set) var steps: [Step] = []
  /// By key, where it is in ``pending``.
  private var places: [[Cell]: Int] = [:]
  /// What is done to one key, in order. Most have one change: that needs no list.
  private struct Pending: Sendable, Hashable {
    var first: RowChange
    var later: [RowChange] = []

    subscript(depth: Int) -> RowChange { depth == 0 ? first : later[depth - 1] }
    var count: Int { 1 + later.count }

    mutating func add(_ row: RowChange) {
      if later.isEmpty {
        if !first.fold(row) { later.append(row) }
      } else if !later[later.count - 1].fold(row) {
        later.append(row)
      }
    }
  }

  /// The keys in the order of their first change.
  private var pending: [Pending] = []

  init(_ changes: some Sequence<EventChange>) {
    for change in changes {
      if let row = change.row { add(row) }
      guard !change.statements.isEmpty else { continue }
      flush()
      steps += change.statements.map(Step.statement)
    }
    flush()
  }

  private mutating func add(_ row: RowChange) {
    let place = places[row.key, default: pending.count]
    guard place < pending.count else {
      places[row.key] = place
      return pending.append(Pending(first: row))
    }
    pending[place].add(row)
  }

  /// The first change of each key, then the second of each, and so on: keys are independent of each other.
  private mutating func flush() {
    // In the order of the keys once, so that every statement has it.
    pending.sort { $0.first.key.lexicographicallyPrecedes($1.first.key) }
    var depth = 0
    while !pending.isEmpty {
      var groups: [RowGroup] = []
      var last = -1
      for rows in pending {
        let row = rows[depth]
        if last < 0 || groups[last].shape != row.shape {
          last = groups.firstIndex { $0.shape == row.shape } ?? groups.count
          if last == groups.count { groups.append(RowGroup(shape: row.shape, rows: [])) }
        }
        groups[last].rows.append(row)
      }
      steps += groups.map(Step.rows)
      depth += 1
      pending.removeAll { $0.count <= depth }
    }
    places.removeAll(keepingCapacity: true)
  }
}
