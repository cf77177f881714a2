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
    draining.sort { $0.key.precedes($1.key) }
    for (place, block) in draining.enumerated() {
      block.head.pointee.dirtyPlace = -1
      block.head.pointee.drainingPlace = Int32(place)
      body(block.key, block.record)
    }
    dirtyByteCount = 0
  }

  /// The store holds what the last drain took.
  mutating func finishDrain() {
    for block in draining { block.head.pointee.drainingPlace = -1 }
    draining.removeAll(keepingCapacity: true)
    evict()
  }

  /// The store did not take the last drain: its objects wait for the next one.
  mutating func failDrain() {
    for block in draining {
      block.head.pointee.drainingPlace = -1
      guard !block.isDirty else { continue }
      setDirty(block)
      dirtyByteCount += block.contentBytes
    }
    draining.removeAll(keepingCapacity: true)
  }
}
