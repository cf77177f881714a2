/// The committed objects that are kept in memory: those the store does not hold yet (undrained), and the hot
/// ones in front of it (cached).
///
/// Bounded in bytes: beyond the limit, clean objects that were not used since the clock hand last passed are
/// evicted. Undrained objects never are; their bytes are bounded by the drain.
public struct ObjectTable: ~Copyable {
  /// The slots are in ObjectTable+Slots.swift.
  var slots = Self.emptySlots(slotsMin)
  /// A power of two, less one.
  var mask = Self.slotsMin - 1
  /// Objects held.
  public internal(set) var count = 0
  var dirty = GrowingBuffer<ObjectBlock>()
  var draining: [ObjectBlock] = []
  /// The slot that the clock hand is at.
  var hand = 0
  /// Bytes of memory of the objects' blocks.
  var blockByteCount = 0
  /// Bytes of keys and records that no drain has taken yet.
  public internal(set) var dirtyByteCount = 0
  public internal(set) var byteCountMax: Int
  /// What an object that does not exist gets room for: most that are asked for in vain are about to be made, and about as
  /// large as the last one. Bounded, since an object may as well stay away.
  private var recordBytesExpected = 0
  private static let recordBytesExpectedMax = 256

  /// Bytes of memory held: of the objects, and of what finds them, in use or not.
  public var byteCount: Int {
    blockByteCount &+ (mask &+ 1) &* MemoryLayout<Slot>.stride &+ dirty.capacityByteCount
      &+ draining.capacity &* MemoryLayout<ObjectBlock>.stride
  }

  @usableFromInline
  init(byteCountMax: Int) {
    self.byteCountMax = byteCountMax
  }

  deinit {
    for place in 0...mask { slots[place].block?.deallocate() }
    slots.deallocate()
  }

  /// The key's object, as a sealed transaction has it, or else as it is committed; valid until the next mutation.
  ///
  /// - Parameter sealed: not changed; see ``StagingOverlay/place(of:hash:)``.
  @usableFromInline
  mutating func find(
    _ key: UnsafeRawBufferPointer, hash: UInt64, unlessIn sealed: inout StagingOverlay, _ isSealed: Bool
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
    let place = place(of: key, hash: hash)
    guard let block = slots[place].block else { return .unknown }
    slots[place].isUsed = true
    guard let record = block.record else { return .absent }
    return .present(ObjectRecord(record))
  }

  /// Puts all objects of a transaction that was committed.
  @usableFromInline
  mutating func commit(_ transaction: borrowing StagingOverlay) {
    for entry in transaction.entries {
      commit(
        transaction.bytes(entry.key), hash: entry.hash, record: entry.record.map { transaction.bytes($0) })
    }
  }

  /// Puts a committed object; `nil` for one that was forgotten.
  @inline(__always)
  mutating func commit(_ key: UnsafeRawBufferPointer, hash: UInt64, record: UnsafeRawBufferPointer?) {
    let (block, before) = write(key, hash: hash, record: record)
    if block.isDirty {
      dirtyByteCount &-= before
    } else {
      setDirty(block)
    }
    dirtyByteCount &+= block.contentBytes
  }

  /// Keeps what the store answered.
  @usableFromInline
  mutating func cache(_ key: UnsafeRawBufferPointer, hash: UInt64, record: UnsafeRawBufferPointer?) {
    _ = write(key, hash: hash, record: record)
    evict(stepsMax: Self.evictionStepsMax)
  }

  @inline(__always)
  mutating func setDirty(_ block: ObjectBlock) {
    block.head.pointee.dirtyPlace = Int32(truncatingIfNeeded: dirty.count)
    dirty.append(block)
  }

  /// Writes the key's record, and answers how many bytes the object had before.
  @inline(__always)
  private mutating func write(
    _ key: UnsafeRawBufferPointer, hash: UInt64, record: UnsafeRawBufferPointer?
  ) -> (block: ObjectBlock, before: Int) {
    let recordBytes = record?.count ?? 0
    var place = place(of: key, hash: hash)
    if slots[place].block == nil { place = insert(key, hash: hash, at: place, recordBytes: recordBytes) }
    let before = slots[place].block!.contentBytes
    if !slots[place].block!.hasRoom(for: recordBytes) { enlarge(place, recordBytes) }
    slots[place].isUsed = true
    let block = slots[place].block!
    block.write(record)
    return (block, before)
  }

  /// Adds an object, and answers its slot.
  @inline(never)
  private mutating func insert(
    _ key: UnsafeRawBufferPointer, hash: UInt64, at place: Int, recordBytes: Int
  ) -> Int {
    var place = place
    if (count + 1) * 2 > mask {
      growSlots()
      place = self.place(of: key, hash: hash)
    }
    let hash = UInt32(truncatingIfNeeded: hash)
    let room = recordBytes > 0 ? recordBytes : recordBytesExpected
    let block = ObjectBlock(key, hash: hash, roomFor: room)
    slots[place] = Slot(block: block, hash: hash, isUsed: true)
    count += 1
    blockByteCount += block.memoryBytes
    return place
  }

  /// Gives an object a larger block; its record is lost.
  @inline(never)
  private mutating func enlarge(_ place: Int, _ recordBytes: Int) {
    recordBytesExpected = min(recordBytes, Self.recordBytesExpectedMax)
    let old = slots[place].block!
    let larger = ObjectBlock(old.key, hash: slots[place].hash, roomFor: recordBytes + recordBytes / 4)
    let (dirtyPlace, drainingPlace) = (old.head.pointee.dirtyPlace, old.head.pointee.drainingPlace)
    larger.head.pointee.dirtyPlace = dirtyPlace
    larger.head.pointee.drainingPlace = drainingPlace
    if dirtyPlace >= 0 { dirty[Int(dirtyPlace)] = larger }
    if drainingPlace >= 0 { draining[Int(drainingPlace)] = larger }
    slots[place].block = larger
    blockByteCount += larger.memoryBytes - old.memoryBytes
    old.deallocate()
  }
}
