/// Changes that wait for one listener, as a pure structure.
///
/// In their order, up to a number; from there on by key, where a change is merged into one of the same key that waits, until
/// all have been taken. Merged ones keep the place of the first. What was made and is gone before it was told is not told.
struct ChangeQueue<Value: Sendable> {
  /// A change with the bytes that it keeps.
  struct Entry {
    var change: ViewChange<Value>
    var oldBytes: Int
    var newBytes: Int

    var byteCount: Int { oldBytes + newBytes + change.key.bytes.count + ViewLimits.objectOverhead }
  }

  private struct Place: Hashable {
    let partition: Int32
    let key: ViewKey
  }

  private let countMax: Int
  private let bytesMax: Int
  /// Taken and dropped ones are nil.
  private var entries: [Entry?] = []
  private var first = 0
  /// Where the change of each key is, while changes are merged.
  private var places: [Place: Int]?

  /// How many wait.
  private(set) var count = 0
  private(set) var byteCount = 0
  /// How many were merged into others.
  private(set) var mergedCount = 0

  init(countMax: Int, bytesMax: Int) {
    self.countMax = countMax
    self.bytesMax = bytesMax
  }

  var isEmpty: Bool { count == 0 }

  /// - Returns: false when more wait than may, although they were merged.
  mutating func append(_ entry: Entry) -> Bool {
    if places == nil, count >= countMax || byteCount + entry.byteCount > bytesMax { mergeAll() }
    add(entry)
    return byteCount <= bytesMax
  }

  mutating func popFirst() -> ViewChange<Value>? {
    while first < entries.count {
      guard let entry = entries[first] else {
        first += 1
        continue
      }
      remove(first)
      first += 1
      if count == 0 { reset() } else if first > 1024, first > entries.count / 2 { compact() }
      return entry.change
    }
    return nil
  }

  mutating func removeAll() {
    reset()
    count = 0
    byteCount = 0
  }

  private mutating func add(_ entry: Entry) {
    let place = Place(partition: entry.change.partition, key: entry.change.key)
    if let index = places?[place], var waiting = entries[index] {
      mergedCount += 1
      remove(index)
      waiting.merge(entry)
      // It never was, for whoever listens.
      if waiting.change.old == nil, waiting.change.new == nil { return }
      insert(waiting, at: index)
    } else {
      entries.append(nil)
      insert(entry, at: entries.count - 1)
    }
  }

  private mutating func insert(_ entry: Entry, at index: Int) {
    entries[index] = entry
    count += 1
    byteCount += entry.byteCount
    places?[Place(partition: entry.change.partition, key: entry.change.key)] = index
  }

  private mutating func remove(_ index: Int) {
    guard let entry = entries[index] else { return }
    entries[index] = nil
    count -= 1
    byteCount -= entry.byteCount
    places?[Place(partition: entry.change.partition, key: entry.change.key)] = nil
  }

  private mutating func mergeAll() {
    let waiting = entries[first...].compactMap { $0 }
    removeAll()
    places = [:]
    for entry in waiting { add(entry) }
  }

  private mutating func compact() {
    let isMerging = places != nil
    let waiting = entries[first...].compactMap { $0 }
    removeAll()
    if isMerging { places = [:] }
    for entry in waiting { add(entry) }
  }

  private mutating func reset() {
    entries.removeAll(keepingCapacity: false)
    first = 0
    places = nil
  }
}

extension ChangeQueue.Entry {
  /// Takes a later change of the same key.
  fileprivate mutating func merge(_ later: ChangeQueue.Entry) {
    change.new = later.change.new
    change.version = later.change.version
    change.position = later.change.position
    change.isExisting = change.isExisting && later.change.isExisting
    change.count += later.change.count
    newBytes = later.newBytes
  }
}
