import Sequitur

/// The objects that an open transaction changes: nothing of it is visible to anyone before the commit.
///
/// An open-addressed table over an arena; a generation number makes clearing it one addition. Entries keep
/// the order in which keys were first touched, so the changelog's order is deterministic.
public struct StagingOverlay: ~Copyable {
  struct Entry: BitwiseCopyable {
    let hash: UInt64
    let key: ByteRange
    /// Means something while the object exists.
    private var place: ByteRange
    private var isForgotten: Bool

    init(hash: UInt64, key: ByteRange, record: ByteRange?) {
      self.hash = hash
      self.key = key
      place = record ?? key
      isForgotten = record == nil
    }

    /// `nil`: the object was forgotten.
    var record: ByteRange? {
      get { isForgotten ? nil : place }
      set {
        place = newValue ?? key
        isForgotten = newValue == nil
      }
    }
  }

  private struct Slot: BitwiseCopyable {
    var generation: UInt32
    var entry: UInt32
  }

  private var list = GrowingBuffer<Entry>(capacity: 32)
  @usableFromInline var arena: ByteWriter
  private var slots: UnsafeMutablePointer<Slot>
  /// A power of two, less one.
  private var mask: Int
  private var generation: UInt32

  /// - Parameter generation: from 1.
  init(generation: UInt32 = 1) {
    self.generation = generation
    arena = ByteWriter(capacity: 1 << 12)
    mask = (1 << 6) - 1
    slots = Self.emptySlots(mask + 1)
  }

  deinit { slots.deallocate() }

  /// In the order in which the keys were first touched; valid until the next mutation.
  var entries: UnsafeBufferPointer<Entry> { list.elements }

  var isEmpty: Bool { list.isEmpty }

  /// Bytes of keys and records held.
  @usableFromInline var byteCount: Int { arena.count }

  func bytes(_ range: ByteRange) -> UnsafeRawBufferPointer {
    arena.bytes(at: Int(range.offset), count: Int(range.count))
  }

  /// Where a key stands, or would stand; valid until the next mutation.
  @frozen
  @usableFromInline
  struct Place: BitwiseCopyable, Equatable {
    @inlinable static var none: Int32 { -1 }

    @usableFromInline let slot: Int32
    @usableFromInline let entry: Int32

    @inlinable
    init(slot: Int32, entry: Int32) {
      self.slot = slot
      self.entry = entry
    }

    @inlinable var isOccupied: Bool { entry != Self.none }
  }

  /// Mutating although it changes nothing, like ``object(at:)``: a value of this size that is only borrowed is copied onto
  /// the stack before a call into another module.
  @usableFromInline
  mutating func place(of key: UnsafeRawBufferPointer, hash: UInt64) -> Place { slot(of: key, hash: hash) }

  /// The object at an occupied place; valid until the next mutation.
  @usableFromInline
  mutating func object(at place: Place) -> ObjectLookup { found(place) }

  @inline(__always)
  private func found(_ place: Place) -> ObjectLookup {
    guard let record = list[Int(place.entry)].record else { return .absent }
    return .present(ObjectRecord(bytes(record)))
  }

  /// The key's object; valid until the next mutation.
  @inline(__always)
  func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> ObjectLookup {
    let place = slot(of: key, hash: hash)
    return place.isOccupied ? found(place) : .unknown
  }

  /// Points the key at the record that stands in the arena from `offset` to its end, or forgets the object.
  ///
  /// - Parameter place: the key's own, as ``place(of:hash:)`` answered since the last mutation. Bytes appended to the
  ///   arena are none.
  @usableFromInline
  mutating func stage(_ key: UnsafeRawBufferPointer, hash: UInt64, at place: Place, recordFrom offset: Int?) {
    assert(place == slot(of: key, hash: hash), "an object is staged where it was looked up")
    let record = offset.map { ByteRange(offset: $0, count: arena.count - $0) }
    if place.isOccupied {
      list[Int(place.entry)].record = record
      return
    }
    let keyOffset = arena.count
    arena.append(max: key.count) { room in
      room.copy(key.baseAddress!, count: key.count)
      return key.count
    }
    slots[Int(place.slot)] = Slot(generation: generation, entry: UInt32(truncatingIfNeeded: list.count))
    list.append(Entry(hash: hash, key: ByteRange(offset: keyOffset, count: key.count), record: record))
    if list.count &* 2 > mask { grow() }
  }

  /// Bytes of memory held, in use or not.
  var capacityByteCount: Int {
    arena.capacity + list.capacityByteCount + (mask + 1) * MemoryLayout<Slot>.stride
  }

  /// Forgets everything; keeps the memory, unless that is more than `bytesMax`: then the next transaction begins small.
  @usableFromInline
  mutating func removeAll(keepingAtMost bytesMax: Int = .max) {
    guard capacityByteCount <= bytesMax else { return self = StagingOverlay() }
    list.truncate(to: 0)
    arena.truncate(to: 0)
    generation &+= 1
    if generation == 0 {
      slots.deallocate()
      slots = Self.emptySlots(mask + 1)
      generation = 1
    }
  }

  @inline(__always)
  private func slot(of key: UnsafeRawBufferPointer, hash: UInt64) -> Place {
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place].generation == generation {
      let index = Int(slots[place].entry)
      if list[index].hash == hash, bytes(list[index].key).isSame(as: key) {
        return Place(slot: Int32(truncatingIfNeeded: place), entry: Int32(truncatingIfNeeded: index))
      }
      place = (place &+ 1) & mask
    }
    return Place(slot: Int32(truncatingIfNeeded: place), entry: Place.none)
  }

  private mutating func grow() {
    mask = mask * 2 + 1
    slots.deallocate()
    slots = Self.emptySlots(mask + 1)
    generation = 1
    for (index, entry) in entries.enumerated() {
      var place = Int(truncatingIfNeeded: entry.hash) & mask
      while slots[place].generation == generation { place = (place + 1) & mask }
      slots[place] = Slot(generation: generation, entry: UInt32(index))
    }
  }

  private static func emptySlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(generation: 0, entry: 0), count: count)
    return slots
  }
}
