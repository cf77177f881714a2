/// The committed objects that are kept in memory: those the store does not hold yet (undrained), and the hot
/// ones in front of it (cached).
///
/// Bounded in bytes: beyond the limit, clean objects that were not used since the clock hand last passed are
/// evicted. Undrained objects never are; their bytes are bounded by the drain.
public struct ObjectTable: ~Copyable {
  struct Entry {
    var hash: UInt64
    /// The key, and behind it the record. `nil`: a free entry.
    var memory: UnsafeMutableRawBufferPointer?
    var keyBytes: Int32
    /// -1: the object does not exist.
    var recordBytes: Int32
    var isUsed: Bool
    var isDirty: Bool
    var isDraining: Bool

    /// Bytes of key and record.
    var contentBytes: Int { Int(keyBytes) + max(0, Int(recordBytes)) }

    var key: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: memory!.baseAddress, count: Int(keyBytes))
    }

    var record: UnsafeRawBufferPointer? {
      guard recordBytes >= 0 else { return nil }
      return UnsafeRawBufferPointer(start: memory!.baseAddress! + Int(keyBytes), count: Int(recordBytes))
    }
  }

  /// What an entry costs besides its bytes: the entry, its slot at half load, and malloc's own.
  static let entryOverheadBytes = MemoryLayout<Entry>.stride + 2 * MemoryLayout<UInt32>.stride + 16

  /// How far the hand goes for one object that is read. Without a bound each would cost a whole turn when most
  /// objects are undrained; what it does not reach now, it reaches with the next ones.
  static let evictionStepsMax = 64

  var entries: [Entry] = []
  /// Entry index + 1; 0 is free.
  var slots: [UInt32] = Array(repeating: 0, count: 256)
  var free: [UInt32] = []
  var dirty: [UInt32] = []
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
    for entry in entries { entry.memory?.deallocate() }
  }

  /// Objects held.
  public var count: Int { entries.count - free.count }

  /// The key's object; valid until the next mutation.
  @usableFromInline
  mutating func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> ObjectLookup {
    guard let index = index(of: key, hash: hash) else { return .unknown }
    entries[index].isUsed = true
    guard let record = entries[index].record else { return .absent }
    return .present(ObjectRecord(record))
  }

  /// Puts a committed object; `nil` for one that was forgotten.
  mutating func commit(_ key: UnsafeRawBufferPointer, hash: UInt64, record: UnsafeRawBufferPointer?) {
    let index = index(of: key, hash: hash) ?? insert(key, hash: hash)
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
    for entry in transaction.entries {
      commit(
        transaction.bytes(entry.key), hash: entry.hash, record: entry.record.map { transaction.bytes($0) })
    }
  }

  /// Keeps what the store answered.
  @usableFromInline
  mutating func cache(_ key: UnsafeRawBufferPointer, hash: UInt64, record: UnsafeRawBufferPointer?) {
    write(record, at: index(of: key, hash: hash) ?? insert(key, hash: hash))
    evict(stepsMax: Self.evictionStepsMax)
  }

  // MARK: Entries

  private mutating func write(_ record: UnsafeRawBufferPointer?, at index: Int) {
    let needed = Int(entries[index].keyBytes) + (record?.count ?? 0)
    if needed > entries[index].memory!.count {
      let old = entries[index].memory!
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: needed + needed / 4, alignment: 8)
      larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: old[..<Int(entries[index].keyBytes)]))
      byteCount += larger.count - old.count
      old.deallocate()
      entries[index].memory = larger
    }
    entries[index].isUsed = true
    entries[index].recordBytes = Int32(record?.count ?? -1)
    if let record, let start = record.baseAddress {
      (entries[index].memory!.baseAddress! + Int(entries[index].keyBytes))
        .copyMemory(from: start, byteCount: record.count)
    }
  }

  private mutating func insert(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Int {
    if (count + 1) * 2 > slots.count { growSlots() }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: key.count, alignment: 8)
    memory.copyMemory(from: key)
    let entry = Entry(
      hash: hash, memory: memory, keyBytes: Int32(key.count), recordBytes: -1, isUsed: true,
      isDirty: false, isDraining: false)
    let index: Int
    if let reused = free.popLast() {
      index = Int(reused)
      entries[index] = entry
    } else {
      index = entries.count
      entries.append(entry)
    }
    place(index)
    byteCount += memory.count + Self.entryOverheadBytes
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
    byteCount -= entries[index].memory!.count + Self.entryOverheadBytes
    entries[index].memory!.deallocate()
    entries[index].memory = nil
    free.append(UInt32(index))
  }

  // MARK: Slots (open addressing, linear probing, backward-shift deletion)

  private func index(of key: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place] != 0 {
      let index = Int(slots[place]) - 1
      if entries[index].hash == hash, entries[index].key.isSame(as: key) { return index }
      place = (place + 1) & mask
    }
    return nil
  }

  private mutating func place(_ index: Int) {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: entries[index].hash) & mask
    while slots[place] != 0 { place = (place + 1) & mask }
    slots[place] = UInt32(index + 1)
  }

  private mutating func unplace(_ index: Int) {
    let mask = slots.count - 1
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
    slots = Array(repeating: 0, count: slots.count * 2)
    for index in entries.indices where entries[index].memory != nil { place(index) }
  }
}
