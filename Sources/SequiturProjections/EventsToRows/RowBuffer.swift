import PartitionEngine
import Sequitur

/// Changes of rows with their values in two buffers, which are used again for every batch: nothing is allocated for each row.
///
/// A row is a shape and its cells, one behind the other: the key's, what is set, what is added. Rows have numbers, in the
/// order in which they were written. Lives on one thread.
struct RowBuffer: ~Copyable {
  enum Kind: UInt8 {
    case null
    case boolean
    case integer
    case number
    case text
    case bytes
  }

  /// A value: a number, or where its bytes stand.
  struct PackedCell: BitwiseCopyable {
    let kind: Kind
    fileprivate let length: UInt32
    /// The integer, the boolean, or the first byte's place.
    let value: Int64
  }

  private struct Row: BitwiseCopyable {
    let shape: Int
    let cells: Int
  }

  /// A state to come back to.
  struct Mark {
    fileprivate let rows: Int
    fileprivate let cells: Int
    fileprivate let bytes: Int
  }

  private(set) var shapes: [RowChange.Shape] = []
  private var shapeNumbers: [RowChange.Shape: Int] = [:]
  private var rows: [Row] = []
  private var cells: [PackedCell] = []
  private var bytes = ByteWriter(capacity: 1 << 16)
  /// How many cells a key has.
  private var keyCount = 0

  // MARK: Writing

  /// The number of a shape. There are as many as rules, and mixtures of them.
  mutating func number(of shape: RowChange.Shape) -> Int {
    if let known = shapeNumbers[shape] { return known }
    shapes.append(shape)
    shapeNumbers[shape] = shapes.count - 1
    return shapes.count - 1
  }

  /// How many rows there are.
  var count: Int { rows.count }

  var mark: Mark { Mark(rows: rows.count, cells: cells.count, bytes: bytes.count) }

  /// Forgets what was written since.
  mutating func rewind(to mark: Mark) {
    rows.removeLast(rows.count - mark.rows)
    cells.removeLast(cells.count - mark.cells)
    bytes.truncate(to: mark.bytes)
  }

  /// Forgets the rows, and keeps shapes and memory.
  mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    cells.removeAll(keepingCapacity: true)
    bytes.truncate(to: 0)
  }

  /// Begins a row, whose cells are appended next.
  ///
  /// - Parameter keyCount: how many cells the key has, which is the same for all rows of a table.
  /// - Returns: the row's number.
  mutating func beginRow(_ shape: Int, keyCount: Int) -> Int {
    self.keyCount = keyCount
    rows.append(Row(shape: shape, cells: cells.count))
    return rows.count - 1
  }

  mutating func appendNull() { cells.append(PackedCell(kind: .null, length: 0, value: 0)) }

  mutating func append(_ number: Int64) { cells.append(PackedCell(kind: .integer, length: 0, value: number)) }

  mutating func append(_ value: UnsafeRawBufferPointer, as kind: Kind) {
    cells.append(PackedCell(kind: kind, length: UInt32(value.count), value: Int64(bytes.count)))
    bytes.append(value)
  }

  mutating func append(_ cell: Cell) {
    switch cell {
    case .null: appendNull()
    case .boolean(let value): cells.append(PackedCell(kind: .boolean, length: 0, value: value ? 1 : 0))
    case .integer(let number): append(number)
    case .number(var text): text.withUTF8 { append(UnsafeRawBufferPointer($0), as: .number) }
    case .text(var text): text.withUTF8 { append(UnsafeRawBufferPointer($0), as: .text) }
    case .bytes(let value): value.withUnsafeBytes { append($0, as: .bytes) }
    }
  }

  /// Whether the cell that was appended last is null.
  var endsWithNull: Bool { cells.last?.kind == .null }

  /// Writes a row; its number.
  mutating func append(_ change: RowChange) -> Int {
    let row = beginRow(number(of: change.shape), keyCount: change.key.count)
    for cell in change.key + change.sets + change.increments { append(cell) }
    return row
  }

  // MARK: Reading

  func shapeNumber(of row: Int) -> Int { rows[row].shape }

  func shape(of row: Int) -> RowChange.Shape { shapes[rows[row].shape] }

  /// The cell at a place of a row.
  func cell(_ row: Int, _ index: Int) -> PackedCell { cells[rows[row].cells + index] }

  /// The bytes of a number, a text or bytes; valid until the next change.
  func bytes(of cell: PackedCell) -> UnsafeRawBufferPointer {
    bytes.bytes(at: Int(cell.value), count: Int(cell.length))
  }

  func unpacked(_ cell: PackedCell) -> Cell {
    switch cell.kind {
    case .null: .null
    case .boolean: .boolean(cell.value != 0)
    case .integer: .integer(cell.value)
    case .number: .number(String(decoding: bytes(of: cell), as: UTF8.self))
    case .text: .text(String(decoding: bytes(of: cell), as: UTF8.self))
    case .bytes: .bytes(Array(bytes(of: cell)))
    }
  }

  /// A row as a value of its own.
  func change(_ row: Int) -> RowChange {
    let shape = shape(of: row)
    func cells(_ first: Int, _ count: Int) -> [Cell] {
      (first..<first + count).map { unpacked(cell(row, $0)) }
    }
    return RowChange(
      shape, key: cells(0, keyCount), sets: cells(keyCount, shape.sets.count),
      increments: cells(keyCount + shape.sets.count, shape.increments.count))
  }

  // MARK: Keys

  /// Equal keys have equal ones.
  func keyHash(_ row: Int, _ hash: KeyHash) -> UInt64 {
    var all: UInt64 = 0
    for index in 0..<keyCount {
      let cell = cell(row, index)
      let own = Self.hasBytes(cell) ? hash(bytes(of: cell)) : withUnsafeBytes(of: cell.value) { hash($0) }
      // Turned, so that it matters which cell has which value.
      all = (all << 1 | all >> 63) ^ own
    }
    return all
  }

  func hasEqualKey(_ row: Int, _ other: Int) -> Bool {
    for index in 0..<keyCount {
      let (left, right) = (cell(row, index), cell(other, index))
      guard left.kind == right.kind else { return false }
      let isEqual =
        Self.hasBytes(left) ? bytes(of: left).isSame(as: bytes(of: right)) : left.value == right.value
      guard isEqual else { return false }
    }
    return true
  }

  /// Any total order will do, if it is the same for everybody who changes rows of a table.
  func isKey(_ row: Int, before other: Int) -> Bool {
    for index in 0..<keyCount {
      let (left, right) = (cell(row, index), cell(other, index))
      guard left.kind == right.kind else { return left.kind.rawValue < right.kind.rawValue }
      guard Self.hasBytes(left) else {
        if left.value != right.value { return left.value < right.value }
        continue
      }
      let (one, two) = (bytes(of: left), bytes(of: right))
      if !one.isSame(as: two) { return one.precedes(two) }
    }
    return false
  }

  /// How many bytes the keys of two rows begin with in common, as far as that is their first cell; 0 for numbers.
  func commonKeyBytes(_ row: Int, _ other: Int) -> Int {
    let (left, right) = (cell(row, 0), cell(other, 0))
    guard Self.hasBytes(left), Self.hasBytes(right) else { return 0 }
    return bytes(of: left).commonStart(with: bytes(of: right))
  }

  /// Eight bytes of the key's first cell, as a number in their order; of keys that are equal before, the lower number's key
  /// is the first.
  func keyWord(_ row: Int, from start: Int) -> UInt64 {
    let cell = cell(row, 0)
    return Self.hasBytes(cell)
      ? bytes(of: cell).orderingWord(from: start) : UInt64(bitPattern: cell.value) ^ 1 << 63
  }

  private static func hasBytes(_ cell: PackedCell) -> Bool { cell.kind.rawValue >= Kind.number.rawValue }

  // MARK: Folding

  /// One row for two changes of the same key, the second behind the first; nil where they are not one change.
  ///
  /// A set goes over a set. Nothing is moved across a deletion or an insertion, nor a set across an increment of the same
  /// column; increments are added up where they are whole numbers, and the sum is one.
  ///
  /// - Parameter isOwn: whether the first row was made by folding, and may be changed.
  mutating func folded(_ first: Int, _ second: Int, isOwn: Bool) -> Int? {
    let (one, other) = (rows[first].shape, rows[second].shape)
    switch (shapes[one].kind, shapes[other].kind) {
    case (.upsert, .upsert), (.upsert, .update), (.update, .update): break
    // The row may not be there: then the update does nothing, and the upsert makes it.
    case (.update, .upsert): return nil
    case (.insert, _), (.delete, _), (_, .insert), (_, .delete): return nil
    }
    if one == other, shapes[one].increments.isEmpty { return second }
    guard shapes[one].increments == shapes[other].increments,
      !shapes[other].sets.contains(where: shapes[one].increments.contains),
      !shapes[one].sets.contains(where: shapes[other].increments.contains),
      canAdd(first, second)
    else { return nil }
    guard one == other else { return merged(first, second) }
    guard isOwn else {
      rows.append(Row(shape: one, cells: cells.count))
      for index in 0..<width(one) { cells.append(foldedCell(first, second, index)) }
      return rows.count - 1
    }
    for index in keyCount..<width(one) {
      cells[rows[first].cells + index] = foldedCell(first, second, index)
    }
    return first
  }

  /// How many cells a row has.
  func width(of row: Int) -> Int { width(rows[row].shape) }

  private func width(_ shape: Int) -> Int {
    keyCount + shapes[shape].sets.count + shapes[shape].increments.count
  }

  /// The cell of two rows of one shape.
  private func foldedCell(_ first: Int, _ second: Int, _ index: Int) -> PackedCell {
    let later = cell(second, index)
    guard index >= keyCount + shapes[rows[first].shape].sets.count else { return later }
    return PackedCell(kind: .integer, length: 0, value: cell(first, index).value + later.value)
  }

  private func canAdd(_ first: Int, _ second: Int) -> Bool {
    let (one, other) = (shape(of: first), shape(of: second))
    for index in one.increments.indices {
      let left = cell(first, keyCount + one.sets.count + index)
      let right = cell(second, keyCount + other.sets.count + index)
      guard left.kind == .integer, right.kind == .integer,
        !left.value.addingReportingOverflow(right.value).overflow
      else { return false }
    }
    return true
  }

  /// Of two shapes: all that either sets.
  private mutating func merged(_ first: Int, _ second: Int) -> Int {
    let (one, other) = (shape(of: first), shape(of: second))
    let sets = Set(one.sets).union(other.sets).sorted()
    let shape = number(of: RowChange.Shape(kind: one.kind, sets: sets, increments: one.increments))
    let start = cells.count
    for index in 0..<keyCount { cells.append(cell(first, index)) }
    for column in sets {
      if let index = other.sets.firstIndex(of: column) {
        cells.append(cell(second, keyCount + index))
      } else if let index = one.sets.firstIndex(of: column) {
        cells.append(cell(first, keyCount + index))
      }
    }
    for index in one.increments.indices {
      let left = cell(first, keyCount + one.sets.count + index)
      let right = cell(second, keyCount + other.sets.count + index)
      cells.append(PackedCell(kind: .integer, length: 0, value: left.value + right.value))
    }
    rows.append(Row(shape: shape, cells: start))
    return rows.count - 1
  }
}
