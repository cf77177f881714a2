/// The background drain: each object that changed since the last one goes to the store once.
extension ObjectTable {
  /// Whether a drain has been taken and its end was not reported yet.
  public var isDraining: Bool { !draining.isEmpty }

  /// Hands out every object that changed since the last drain, ordered by key, and marks it as on its way.
  ///
  /// - Precondition: no drain is under way.
  mutating func takeDrain(_ body: (_ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?) -> Void)
  {
    precondition(draining.isEmpty, "a drain was taken while another one is under way")
    draining.append(contentsOf: dirty.elements)
    dirty.truncate(to: 0)
    let entries = entries.start
    draining.sort { entries[Int($0)].key.precedes(entries[Int($1)].key) }
    for index in draining {
      entries[Int(index)].isDirty = false
      entries[Int(index)].isDraining = true
      body(entries[Int(index)].key, entries[Int(index)].record)
    }
    dirtyByteCount = 0
  }

  /// The store holds what the last drain took.
  mutating func finishDrain() {
    for index in draining { entries[Int(index)].isDraining = false }
    draining.removeAll(keepingCapacity: true)
    evict()
  }

  /// The store did not take the last drain: its objects wait for the next one.
  mutating func failDrain() {
    for index in draining {
      entries[Int(index)].isDraining = false
      guard !entries[Int(index)].isDirty else { continue }
      entries[Int(index)].isDirty = true
      dirty.append(index)
      dirtyByteCount += entries[Int(index)].contentBytes
    }
    draining.removeAll(keepingCapacity: true)
  }
}
