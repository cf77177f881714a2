import Sequitur

/// The objects that an open transaction changes: nothing of it is visible to anyone before the commit.
///
/// An open-addressed table over an arena; a generation number makes clearing it one addition. Entries keep
/// the order in which keys were first touched, so the changelog's order is deterministic.
public struct StagingOverlay: ~Copyable {
  struct Entry {
    let hash: UInt64
    let key: ByteRange
    /// `nil`: the object was forgotten.
    var record: ByteRange?
  }

  private struct Slot {
    var generation: UInt32
    var entry: UInt32
  }

  private(set) var entries: [Entry] = []
  @usableFromInline var arena: ByteWriter
  private var slots: UnsafeMutableBufferPointer<Slot>
  private var generation: UInt32

  /// - Parameter generation: from 1.
  init(generation: UInt32 = 1) {
    self.generation = generation
    arena = ByteWriter(capacity: 1 << 14)
    slots = Self.emptySlots(1 << 8)
  }

  deinit { slots.deallocate() }

  var isEmpty: Bool { entries.isEmpty }

  /// Bytes of keys and records held.
  @usableFromInline var byteCount: Int { arena.count }

  func bytes(_ range: ByteRange) -> UnsafeRawBufferPointer {
    arena.bytes(at: Int(range.offset), count: Int(range.count))
  }

  /// The key's object; valid until the next mutation.
  @usableFromInline
  func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> ObjectLookup {
    guard case .occupied(let index) = slot(of: key, hash: hash) else { return .unknown }
    guard let record = entries[index].record else { return .absent }
    return .present(ObjectRecord(bytes(record)))
  }

  /// Points the key at the record that stands in the arena from `offset` to its end, or forgets the object.
  @usableFromInline
  mutating func stage(_ key: UnsafeRawBufferPointer, hash: UInt64, recordFrom offset: Int?) {
    let record = offset.map { ByteRange(offset: $0, count: arena.count - $0) }
    switch slot(of: key, hash: hash) {
    case .occupied(let index):
      entries[index].record = record
    case .free(let place):
      let keyOffset = arena.count
      arena.append(key)
      slots[place] = Slot(generation: generation, entry: UInt32(entries.count))
      entries.append(
        Entry(hash: hash, key: ByteRange(offset: keyOffset, count: key.count), record: record))
      if entries.count * 2 > slots.count { grow() }
    }
  }

  /// Forgets everything; keeps the memory.
  @usableFromInline
  mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    arena.truncate(to: 0)
    generation &+= 1
    if generation == 0 {
      slots.deallocate()
      slots = Self.emptySlots(slots.count)
      generation = 1
    }
  }

  private enum Place {
    case occupied(entry: Int)
    case free(slot: Int)
  }

  private func slot(of key: UnsafeRawBufferPointer, hash: UInt64) -> Place {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place].generation == generation {
      let index = Int(slots[place].entry)
      if entries[index].hash == hash, bytes(entries[index].key).isSame(as: key) {
        return .occupied(entry: index)
      }
      place = (place + 1) & mask
    }
    return .free(slot: place)
  }

  private mutating func grow() {
    let larger = Self.emptySlots(slots.count * 2)
    slots.deallocate()
    slots = larger
    generation = 1
    let mask = slots.count - 1
    for (index, entry) in entries.enumerated() {
      var place = Int(truncatingIfNeeded: entry.hash) & mask
      while slots[place].generation == generation { place = (place + 1) & mask }
      slots[place] = Slot(generation: generation, entry: UInt32(index))
    }
  }

  private static func emptySlots(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
    let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(generation: 0, entry: 0))
    return slots
  }
}
