import CZlib

/// Decompresses gzip (RFC 1952): one member behind another, and behind the last one zeros only.
///
/// zlib's own reader of files takes whatever follows a member, and is no member, for the end: lines that were appended
/// to such a file, or a member whose first bytes are damaged, would be gone without a word.
///
///     member ─▶ between ─1F─▶ perhaps ─8B─▶ member
///                  └─00─▶ padding ─00─▶ padding
///
/// Thread rule: one thread.
final class GzipMembers {
  /// Why the bytes are no gzip file, and the byte of the compressed file where that shows.
  struct Fault: Error, Hashable {
    let reason: String
    let offset: Int
  }

  private enum State {
    case member
    /// A member has ended.
    case between
    /// The first byte of another member was read.
    case perhaps
    case padding
  }

  /// The first two bytes of a member.
  static let magic: [UInt8] = [0x1F, 0x8B]

  private var stream = z_stream()
  private var state = State.between
  /// Compressed bytes taken so far.
  private(set) var taken = 0

  init() {
    // 15 bits of window, and 16 for gzip alone: neither zlib's own format nor bare deflate.
    let code = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "there is no memory for zlib")
  }

  deinit { inflateEnd(&stream) }

  /// Takes compressed bytes until they are used up or the room is full.
  ///
  /// A fault comes with the call after the one that made the last good bytes.
  func inflate(
    _ input: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  ) throws(Fault) -> (taken: Int, made: Int) {
    var (used, made) = (0, 0)
    while used < input.count, made < room.count {
      let left = UnsafeRawBufferPointer(rebasing: input[used...])
      do throws(Fault) {
        guard case .member = state else {
          try takeByteBetween(left[0])
          used += 1
          continue
        }
        let (took, gave) = try inflateMember(left, UnsafeMutableRawBufferPointer(rebasing: room[made...]))
        used += took
        made += gave
      } catch {
        guard made == 0 else { break }
        throw error
      }
    }
    return (used, made)
  }

  /// The compressed bytes are over.
  func finish() throws(Fault) {
    switch state {
    case .between, .padding: return
    case .member, .perhaps:
      throw Fault(reason: "it ends in the middle of a gzip member: it is cut off", offset: taken)
    }
  }

  private func takeByteBetween(_ byte: UInt8) throws(Fault) {
    switch (state, byte) {
    case (.between, Self.magic[0]): state = .perhaps
    case (.between, 0), (.padding, 0): state = .padding
    case (.perhaps, Self.magic[1]): try beginMember()
    case (.between, _), (.perhaps, _):
      throw Fault(
        reason: "what follows a gzip member there is neither another one nor padding", offset: taken)
    case (.padding, _): throw Fault(reason: "something follows the padding there", offset: taken)
    case (.member, _): preconditionFailure("a byte of a member was taken for one between two")
    }
    taken += 1
  }

  private func beginMember() throws(Fault) {
    inflateReset(&stream)
    state = .member
    // Its first two bytes came one by one, and make no room necessary.
    let code = Self.magic.withUnsafeBytes { magic in
      withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { room in
        run(magic, UnsafeMutableRawBufferPointer(start: room.baseAddress, count: 0)).code
      }
    }
    guard code == Z_OK else { throw Fault(reason: "the gzip member there is damaged", offset: taken) }
  }

  private func inflateMember(
    _ input: UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer
  ) throws(Fault) -> (taken: Int, made: Int) {
    let (code, took, gave) = run(input, room)
    taken += took
    switch code {
    case Z_OK where took > 0 || gave > 0: break
    case Z_STREAM_END: state = .between
    default:
      let reason = stream.msg.map { String(cString: $0) } ?? "code \(code)"
      throw Fault(reason: "the gzip member there is damaged (\(reason))", offset: taken)
    }
    return (took, gave)
  }

  /// One call of inflate; zlib wants an address even for no room.
  private func run(
    _ input: UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer
  ) -> (code: Int32, taken: Int, made: Int) {
    // zlib counts in 32 bits; a longer buffer is taken in parts.
    let (inputCount, roomCount) = (min(input.count, 1 << 30), min(room.count, 1 << 30))
    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(inputCount)
    stream.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(roomCount)
    let code = CZlib.inflate(&stream, Z_NO_FLUSH)
    return (code, inputCount - Int(stream.avail_in), roomCount - Int(stream.avail_out))
  }
}
