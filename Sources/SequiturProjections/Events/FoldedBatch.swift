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
  /// By key, what is done to it, in order.
  private var pending: [[Cell]: [RowChange]] = [:]
  /// In the order of their first change.
  private var keys: [[Cell]] = []

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
    guard var rows = pending[row.key] else {
      pending[row.key] = [row]
      keys.append(row.key)
      return
    }
    pending[row.key] = nil
    if !rows[rows.count - 1].fold(row) { rows.append(row) }
    pending[row.key] = rows
  }

  /// The first change of each key, then the second of each, and so on: keys are independent of each other.
  private mutating func flush() {
    var depth = 0
    var left = keys
    while !left.isEmpty {
      var groups: [RowGroup] = []
      var index: [RowChange.Shape: Int] = [:]
      for key in left {
        guard let row = pending[key]?[depth] else { continue }
        if let group = index[row.shape] {
          groups[group].rows.append(row)
        } else {
          index[row.shape] = groups.count
          groups.append(RowGroup(shape: row.shape, rows: [row]))
        }
      }
      for index in groups.indices {
        groups[index].rows.sort { $0.key.lexicographicallyPrecedes($1.key) }
      }
      steps += groups.map(Step.rows)
      depth += 1
      left.removeAll { (pending[$0]?.count ?? 0) <= depth }
    }
    pending.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
  }
}
