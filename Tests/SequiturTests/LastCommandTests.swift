import Testing

@testable import Sequitur

@Suite struct LastCommandTests {
  private func last(
    _ offset: Int64 = 7, key: [UInt8]? = [1], payload: [UInt8]? = [2, 3], timestamp: Int64 = 5,
    headers: [([UInt8], [UInt8]?)] = []
  ) -> LastCommand {
    var memory = ByteWriter(capacity: 4096)
    func view(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
      let start = memory.count
      for byte in bytes { memory.append(byte) }
      return memory.bytes(at: start, count: bytes.count)
    }
    let views = headers.map { RecordHeader(name: view($0.0), value: $0.1.map { view($0) }) }
    let (key, payload) = (key.map { view($0) }, payload.map { view($0) })
    return views.withUnsafeBufferPointer { views in
      LastCommand(
        CommandRecord(
          unsafeKey: key, payload: payload, headers: views,
          position: CommandPosition(partition: 0, offset: offset), timestamp: timestamp))
    }
  }

  @Test func `the digest is of timestamp, key, value and headers, each with its length`() {
    var bytes = ByteWriter()
    bytes.append(bigEndian: Int64(5))
    bytes.append(bigEndian: UInt32(1))
    bytes.append(UInt8(1))
    bytes.append(bigEndian: UInt32.max)
    bytes.append(bigEndian: UInt32(2))
    bytes.append("ab")
    bytes.append(bigEndian: UInt32(0))
    let found = last(payload: nil, headers: [(Array("ab".utf8), [])])
    #expect(found == LastCommand(offset: 7, digest: CommandIDHash(bytes.bytes)))
  }

  @Test func `commands that differ in anything have another digest`() {
    let all = [
      last(), last(key: nil), last(key: [1, 2], payload: [3]), last(payload: nil), last(payload: []),
      last(payload: [2]), last(timestamp: 6), last(timestamp: -1), last(headers: [([9], nil)]),
      last(headers: [([9], [])]), last(headers: [([], [9])]), last(headers: [([9], nil), ([9], nil)]),
      last(payload: Array(repeating: 0, count: 100)), last(payload: Array(repeating: 0, count: 101)),
    ]
    #expect(Set(all.map(\.digest)).count == all.count)
    #expect(last() == last())
  }

  @Test func `pieces of any length make the hash of all bytes`() {
    let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    for length in [0, 1, 7, 8, 9, 15, 16, 17, 63, 200] {
      for cut in 0...length {
        for second in [cut, min(cut + 3, length), length] {
          var stream = SipStream()
          for piece in [bytes[0..<cut], bytes[cut..<second], bytes[second..<length]] {
            piece.withUnsafeBytes { stream.absorb($0) }
          }
          let whole = bytes[..<length].withUnsafeBytes { CommandIDHash($0) }
          #expect(stream.finish() == whole, "\(length) bytes cut at \(cut) and \(second)")
        }
      }
    }
  }

  @Test(arguments: [0, 7, Int64.max - 1])
  func `is read as it was written`(offset: Int64) {
    let one = LastCommand(offset: offset, digest: CommandIDHash(high: 0x0123_4567_89ab_cdef, low: 1))
    let text = written { one.encode(into: &$0) }
    #expect(text == "\(offset)/0123456789abcdef0000000000000001")
    #expect(Array(text.utf8).withUnsafeBytes { LastCommand(decoding: $0) } == one)
  }

  @Test(arguments: [
    "", "/", "7", "7/", "7/0123456789abcdef000000000000000", "7/0123456789abcdef00000000000000011",
    "7/0123456789ABCDEF0000000000000001", "07/0123456789abcdef0000000000000001",
    "-7/0123456789abcdef0000000000000001", "+7/0123456789abcdef0000000000000001",
    "/0123456789abcdef0000000000000001", "9223372036854775807/0123456789abcdef0000000000000001",
    "99999999999999999999/0123456789abcdef0000000000000001", "7/0123456789abcdeg0000000000000001",
  ])
  func `anything else is none`(text: String) {
    #expect(Array(text.utf8).withUnsafeBytes { LastCommand(decoding: $0) } == nil)
  }

  @Test func `moved positions are read as they were written, the newest of too many`() {
    let moves = (0..<20).map { PositionMove(from: $0, to: 2 * $0) }
    let text = written { PositionMove.encode(moves, into: &$0) }
    #expect(text.hasPrefix("4>8,5>10,") && text.hasSuffix(",19>38"))
    #expect(Array(text.utf8).withUnsafeBytes { PositionMove.decode($0) } == Array(moves.suffix(16)))
    for bad in [
      "", ",", "1>2,", "1", "1>2>3", "01>2", "1>9223372036854775807", "-1>2", " 1>2", text + ",1>2",
    ] {
      #expect(Array(bad.utf8).withUnsafeBytes { PositionMove.decode($0) } == nil, "\(bad)")
    }
  }
}
