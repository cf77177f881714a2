/// The committed objects that are kept in memory: those the store does not hold yet (undrained), and the hot
/// ones in front of it (cached).
///
/// Bounded in bytes: beyond the limit, clean objects that were not used since the clock hand last passed are
/// evicted. Undrained objects never are; their bytes are bounded by the drain.
public struct ObjectTable: ~Copyable {
  struct Entry: BitwiseCopyable {
    var hash: UInt64
    /// The key, and behind it the record. `nil`: a free entry.
    var memory: UnsafeMutableRawPointer?
    var memoryBytes: Int32
    var keyBytes: Int32
    /// -1: the object does not exist.
    var recordBytes: Int32
    var isUsed: Bool
    var isDirty: Bool
    var isDraining: Bool

    /// Bytes of key and record.
    var contentBytes: Int { Int(keyBytes) + max(0, Int(recordBytes)) }

    var key: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: memory, count: Int(keyBytes))
    }

    var record: UnsafeRawBufferPointer? {
      guard recordBytes >= 0 else { return nil }
      return UnsafeRawBufferPointer(start: memory! + Int(keyBytes), count: Int(recordBytes))
    }
  }

  /// What an entry costs besides its bytes: the entry, its slot at half load, and malloc's own.
  static let entryOverheadBytes = MemoryLayout<Entry>.stride + 2 * MemoryLayout<UInt32>.stride + 16

  /// How far the hand goes for one object that is read. Without a bound each would cost a whole turn when most
  /// objects are undrained; what it does not reach now, it reaches with the next ones.
  static let evictionStepsMax = 64

  var entries = GrowingBuffer<Entry>()
  /// Entry index + 1; 0 is free.
  private var slots = Self.emptySlots(256)
  /// A power of two, less one.
  private var mask = 255
  private var free = GrowingBuffer<UInt32>()
  var dirty = GrowingBuffer<UInt32>()
  var draining: [UInt32] = []
  private var hand = 0
  public private(set) var byteCount = 0
  /// Bytes of keys and records that no drain has taken yet.
  public internal(set) var dirtyByteCount = 0
  public internal(set) var byteCountMax: Int

  @usableFromInline
  init(byteCountMax: Int) {
    self.byteCountMax = byteCountMax
  }

  deinit {
    for entry in entries.elements { entry.memory?.deallocate() }
    slots.deallocate()
  }

  /// Objects held.
  public var count: Int { entries.count - free.count }

  /// The key's object, as a sealed transaction has it, or else as it is committed; valid until the next mutation.
  @usableFromInline
  mutating func find(
    _ key: UnsafeRawBufferPointer, hash: UInt64, unlessIn sealed: borrowing StagingOverlay, _ isSealed: Bool
  ) -> ObjectLookup {
    if isSealed {
      let answer = sealed.find(key, hash: hash)
      if case .unknown = answer {} else { return answer }
    }
    return find(key, hash: hash)
  }

  /// The key's object as it is committed; valid until the next mutation.
  @inline(__always)
  mutating func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> ObjectLookup {
    guard let index = index(of: key, hash: hash) else { return .unknown }
    entries[index].isUsed = true
    guard let record = entries[index].record else { return .absent }
    return .present(ObjectRecord(record))
  }

  /// Puts a committed object; `nil` for one that was forgotten.
  @inline(__always)
  mutating func commit(_ key: UnsafeRawBufferPointer, hash: UInt64, record: UnsafeRawBufferPointer?) {
    let index = index(of: key, hash: hash) ?? insert(key, hash: hash, recordBytes: record?.count ?? 0)
    if entries[index].isDirty {
      dirtyByteCount -= entries[index].contentBytes
    } else {
      entries[index].isDirty = true
      dirty.append(UInt32(index))
    }
    write(record, at: index)
    dirtyByteCount += entries[index].contentBytes
  }

  /// Puts all objects of a transaction that was committed.
  @usableFromInline
  mutating func commit(_ transaction: borrowing StagingOverlay) {
    for index in transaction.entries.indices {
      let entry = transaction.entries[index]
      commit(
        transaction.bytes(entry.key), hash: entry.hash, record: entry.record.map { transaction.bytes($0) })
    }
  }

  /// Keeps what the store answered.
  @usableFromInline
  mutating func cache(_ key: UnsafeRawBufferPointer, hash: UInt64, record: UnsafeRawBufferPointer?) {
    write(
      record,
      at: index(of: key, hash: hash) ?? insert(key, hash: hash, recordBytes: record?.count ?? 0))
    evict(stepsMax: Self.evictionStepsMax)
  }

  // MARK: Entries

  @inline(__always)
  private mutating func write(_ record: UnsafeRawBufferPointer?, at index: Int) {
    let keyBytes = Int(entries[index].keyBytes)
    let needed = keyBytes + (record?.count ?? 0)
    if needed > Int(entries[index].memoryBytes) { enlarge(index, to: needed + needed / 4) }
    entries[index].isUsed = true
    entries[index].recordBytes = Int32(truncatingIfNeeded: record?.count ?? -1)
    if let record, let start = record.baseAddress {
      (entries[index].memory! + keyBytes).copyMemory(from: start, byteCount: record.count)
    }
  }

  /// Gives an entry more memory; its key stays, its record is lost.
  @inline(never)
  private mutating func enlarge(_ index: Int, to bytes: Int) {
    let larger = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 8)
    let old = entries[index].memory!
    larger.copyMemory(from: old, byteCount: Int(entries[index].keyBytes))
    old.deallocate()
    byteCount += bytes - Int(entries[index].memoryBytes)
    entries[index].memory = larger
    entries[index].memoryBytes = Int32(bytes)
  }

  @inline(never)
  private mutating func insert(_ key: UnsafeRawBufferPointer, hash: UInt64, recordBytes: Int) -> Int {
    if (count + 1) * 2 > mask { growSlots() }
    let bytes = key.count + recordBytes
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 8)
    if let start = key.baseAddress { memory.copyMemory(from: start, byteCount: key.count) }
    let entry = Entry(
      hash: hash, memory: memory, memoryBytes: Int32(bytes), keyBytes: Int32(key.count), recordBytes: -1,
      isUsed: true, isDirty: false, isDraining: false)
    let index: Int
    if let reused = free.popLast() {
      index = Int(reused)
      entries[index] = entry
    } else {
      index = entries.count
      entries.append(entry)
    }
    place(index)
    byteCount += bytes + Self.entryOverheadBytes
    return index
  }

  // MARK: Eviction

  /// Evicts clean, unused objects until the table is within its limit, in at most two turns of the hand.
  @usableFromInline
  mutating func evict() { evict(stepsMax: entries.count * 2) }

  private mutating func evict(stepsMax: Int) {
    var steps = min(stepsMax, entries.count * 2)
    while byteCount > byteCountMax, steps > 0 {
      steps -= 1
      hand = hand + 1 < entries.count ? hand + 1 : 0
      guard entries[hand].memory != nil, !entries[hand].isDirty, !entries[hand].isDraining else {
        continue
      }
      if entries[hand].isUsed {
        entries[hand].isUsed = false
      } else {
        remove(hand)
      }
    }
  }

  private mutating func remove(_ index: Int) {
    unplace(index)
    byteCount -= Int(entries[index].memoryBytes) + Self.entryOverheadBytes
    entries[index].memory!.deallocate()
    entries[index].memory = nil
    free.append(UInt32(index))
  }

  // MARK: Slots (open addressing, linear probing, backward-shift deletion)

  @inline(__always)
  private func index(of key: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place] != 0 {
      let index = Int(slots[place]) - 1
      if entries[index].hash == hash, entries[index].key.isSame(as: key) { return index }
      place = (place + 1) & mask
    }
    return nil
  }

  private mutating func place(_ index: Int) {
    var place = Int(truncatingIfNeeded: entries[index].hash) & mask
    while slots[place] != 0 { place = (place + 1) & mask }
    slots[place] = UInt32(index + 1)
  }

  private mutating func unplace(_ index: Int) {
    var hole = Int(truncatingIfNeeded: entries[index].hash) & mask
    while slots[hole] != UInt32(index + 1) { hole = (hole + 1) & mask }
    var next = (hole + 1) & mask
    while slots[next] != 0 {
      let home = Int(truncatingIfNeeded: entries[Int(slots[next]) - 1].hash) & mask
      if (next - home) & mask >= (next - hole) & mask {
        slots[hole] = slots[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    slots[hole] = 0
  }

  private mutating func growSlots() {
    mask = mask * 2 + 1
    slots.deallocate()
    slots = Self.emptySlots(mask + 1)
    for index in 0..<entries.count where entries[index].memory != nil { place(index) }
  }

  private static func emptySlots(_ count: Int) -> UnsafeMutablePointer<UInt32> {
    let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
    slots.initialize(repeating: 0, count: count)
    return slots
  }
}
