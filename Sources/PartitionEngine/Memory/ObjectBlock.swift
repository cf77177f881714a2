/// An object of the table in memory of its own: a head, the key and the record, one behind the other.
///
/// Whoever has found an object's slot waits for memory once more, and not again for an entry and then for the bytes.
struct ObjectBlock: BitwiseCopyable {
  struct Head: BitwiseCopyable {
    let hash: UInt32
    /// Room for key and record.
    let capacity: UInt32
    let keyBytes: UInt32
    /// -1: the object does not exist.
    var recordBytes: Int32
    /// Where the object stands among those that wait for a drain, and among those that one has taken; -1: not there.
    var dirtyPlace: Int32
    var drainingPlace: Int32
  }

  let head: UnsafeMutablePointer<Head>

  /// Without a record.
  init(_ key: UnsafeRawBufferPointer, hash: UInt32, roomFor recordBytes: Int) {
    let capacity = key.count + recordBytes
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<Head>.size + capacity, alignment: MemoryLayout<Head>.alignment)
    head = memory.assumingMemoryBound(to: Head.self)
    head.initialize(
      to: Head(
        hash: hash, capacity: UInt32(capacity), keyBytes: UInt32(key.count), recordBytes: -1, dirtyPlace: -1,
        drainingPlace: -1))
    if let start = key.baseAddress { bytes.copy(start, count: key.count) }
  }

  /// The key, and behind it the record.
  @inline(__always)
  private var bytes: UnsafeMutableRawPointer { UnsafeMutableRawPointer(head + 1) }

  @inline(__always)
  var keyBytes: Int { Int(head.pointee.keyBytes) }

  @inline(__always)
  var key: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: keyBytes) }

  @inline(__always)
  var record: UnsafeRawBufferPointer? {
    let count = Int(head.pointee.recordBytes)
    return count < 0 ? nil : UnsafeRawBufferPointer(start: bytes + keyBytes, count: count)
  }

  /// Bytes of key and record.
  @inline(__always)
  var contentBytes: Int { keyBytes &+ max(0, Int(head.pointee.recordBytes)) }

  /// What the block costs, malloc's own included.
  var memoryBytes: Int { MemoryLayout<Head>.size + Int(head.pointee.capacity) + 16 }

  @inline(__always)
  func hasRoom(for recordBytes: Int) -> Bool { keyBytes &+ recordBytes <= Int(head.pointee.capacity) }

  @inline(__always)
  var isDirty: Bool { head.pointee.dirtyPlace >= 0 }

  /// Whether the store may not hold the object as it is.
  var isUndrained: Bool { isDirty || head.pointee.drainingPlace >= 0 }

  /// - Precondition: there is room.
  @inline(__always)
  func write(_ record: UnsafeRawBufferPointer?) {
    head.pointee.recordBytes = Int32(truncatingIfNeeded: record?.count ?? -1)
    if let record, let start = record.baseAddress {
      (bytes + keyBytes).copyMemory(from: start, byteCount: record.count)
    }
  }

  func deallocate() { UnsafeMutableRawPointer(head).deallocate() }
}
