import PartitionEngine

/// Puts the changes of a batch together so that few statements make them.
///
/// Done in their order, the steps leave what the events leave one by one: changes of one row keep their order, and rows
/// do not depend on each other. (Where they do, by a constraint over several rows, a step fails that single events would
/// not: then the events are applied one by one.) A statement of the user's may read any row, so that nothing moves across it.
///
/// Lives on one thread, and keeps its memory from batch to batch.
struct BatchFolder: ~Copyable {
  /// Rows that one statement changes; each key once, in the order of the keys, so that two batches wait for each other
  /// and do not deadlock.
  struct RowGroup: Sendable, Hashable {
    let shape: RowChange.Shape
    /// Their numbers in the ``RowBuffer``.
    fileprivate(set) var rows: [Int]
  }

  enum Step: Sendable, Hashable {
    case rows(RowGroup)
    case statement(EventChange.Statement)
  }

  /// A change of a key that could not be put together with the one before it.
  private struct Link: BitwiseCopyable {
    var row: Int
    /// In ``links``; -1 for none.
    var next: Int
  }

  /// What is done to one key, in order.
  private struct Pending: BitwiseCopyable {
    let hash: UInt64
    var first: Int
    /// In ``links``.
    var last: Int
    /// Eight bytes of the key behind what all keys begin with, so that few keys must be compared as a whole.
    var order: UInt64 = 0
  }

  private var steps: [Step] = []
  private var pending: [Pending] = []
  private var links: [Link] = []
  /// By the hash of a key, one more than its place in ``pending``; 0 for free. A power of two, at most half of it in use.
  private var places: [Int32] = Array(repeating: 0, count: 1024)
  /// Rows from this number on were made by folding.
  private var own = Int.max
  private let keyHash = KeyHash(seed: .random(in: 1...(.max)))

  /// The steps for changes of events.
  mutating func steps(for changes: some Sequence<EventChange>, _ rows: inout RowBuffer) -> [Step] {
    begin(rows)
    for change in changes {
      if let row = change.row { add(row, &rows) }
      if !change.statements.isEmpty { add(change.statements, rows) }
    }
    return finish(rows)
  }

  /// Begins a batch: from here on the buffer is written to by this folder alone, up to its end.
  mutating func begin(_ rows: borrowing RowBuffer) { own = rows.count }

  /// Adds what an event does to its row.
  mutating func add(_ row: Int, _ rows: inout RowBuffer) {
    if 2 * (pending.count + 1) > places.count { grow() }
    let hash = rows.keyHash(row, keyHash)
    let mask = places.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while places[slot] != 0 {
      let index = Int(places[slot]) - 1
      if pending[index].hash == hash, rows.hasEqualKey(links[pending[index].first].row, row) {
        return add(row, to: index, &rows)
      }
      slot = (slot + 1) & mask
    }
    links.append(Link(row: row, next: -1))
    pending.append(Pending(hash: hash, first: links.count - 1, last: links.count - 1))
    places[slot] = Int32(pending.count)
  }

  /// Adds an event's statements.
  mutating func add(_ statements: [EventChange.Statement], _ rows: borrowing RowBuffer) {
    flush(rows)
    steps += statements.map(Step.statement)
  }

  /// The batch's steps.
  mutating func finish(_ rows: borrowing RowBuffer) -> [Step] {
    flush(rows)
    defer { steps = [] }
    return steps
  }

  private mutating func add(_ row: Int, to index: Int, _ rows: inout RowBuffer) {
    let last = pending[index].last
    let known = links[last].row
    if let folded = rows.folded(known, row, isOwn: known >= own) {
      links[last].row = folded
    } else {
      links.append(Link(row: row, next: -1))
      links[last].next = links.count - 1
      pending[index].last = links.count - 1
    }
  }

  private mutating func grow() {
    places = Array(repeating: 0, count: 2 * places.count)
    let mask = places.count - 1
    for (index, one) in pending.enumerated() {
      var slot = Int(truncatingIfNeeded: one.hash) & mask
      while places[slot] != 0 { slot = (slot + 1) & mask }
      places[slot] = Int32(index + 1)
    }
  }

  /// The first change of each key, then the second of each, and so on: keys are independent of each other.
  private mutating func flush(_ rows: borrowing RowBuffer) {
    guard !pending.isEmpty else { return }
    // In the order of the keys once, so that every statement has it.
    sort(rows)
    var isMore = true
    while isMore {
      isMore = false
      // By shape, where its rows are in the groups.
      var known: [Int: Int] = [:]
      var groups: [RowGroup] = []
      var last = (shape: -1, group: 0)
      for index in pending.indices where pending[index].first >= 0 {
        let link = links[pending[index].first]
        let shape = rows.shapeNumber(of: link.row)
        if shape != last.shape {
          let group = known[shape] ?? groups.count
          if group == groups.count {
            known[shape] = group
            groups.append(RowGroup(shape: rows.shapes[shape], rows: []))
            groups[group].rows.reserveCapacity(pending.count)
          }
          last = (shape, group)
        }
        groups[last.group].rows.append(link.row)
        pending[index].first = link.next
        isMore = isMore || link.next >= 0
      }
      steps += groups.map(Step.rows)
    }
    pending.removeAll(keepingCapacity: true)
    links.removeAll(keepingCapacity: true)
    for index in places.indices { places[index] = 0 }
  }

  private mutating func sort(_ rows: borrowing RowBuffer) {
    let first = links[pending[0].first].row
    var common = Int.max
    for one in pending where common > 0 {
      common = min(common, rows.commonKeyBytes(first, links[one.first].row))
    }
    for index in pending.indices {
      pending[index].order = rows.keyWord(links[pending[index].first].row, from: common)
    }
    let links = links
    pending.sort { one, other in
      one.order != other.order
        ? one.order < other.order : rows.isKey(links[one.first].row, before: links[other.first].row)
    }
  }
}
