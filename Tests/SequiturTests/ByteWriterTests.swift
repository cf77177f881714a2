import Sequitur
import Testing

@Suite struct ByteWriterTests {
  @Test func `appends survive growth`() {
    var writer = ByteWriter(capacity: 1)
    var expected: [UInt8] = []
    for number in 0..<1000 {
      writer.append(UInt8(truncatingIfNeeded: number))
      expected.append(UInt8(truncatingIfNeeded: number))
    }
    expected.withUnsafeBytes { writer.append($0) }
    #expect(array(writer.bytes) == expected + expected)
    #expect(array(writer.bytes(at: 999, count: 2)) == [231, 0])
  }

  @Test func `text is appended as UTF-8`() {
    #expect(written { $0.append("größe" as String) } == "größe")
    #expect(written { $0.append("größe" as StaticString) } == "größe")
    #expect(written { $0.append("" as String) } == "")
  }

  @Test(arguments: [0, 1, 9, 10, 99, 1_000_000, UInt64(Int64.max), .max])
  func `decimals of unsigned numbers`(number: UInt64) {
    #expect(written { $0.append(decimal: number) } == String(number))
  }

  @Test(arguments: [0, -1, 42, -1000, .max, Int64.min])
  func `decimals of signed numbers`(number: Int64) {
    #expect(written { $0.append(decimal: number) } == String(number))
  }

  @Test func `integers in both byte orders`() {
    var writer = ByteWriter()
    writer.append(littleEndian: UInt32(0x0102_0304))
    writer.append(bigEndian: UInt32(0x0102_0304))
    #expect(array(writer.bytes) == [4, 3, 2, 1, 1, 2, 3, 4])
  }

  @Test func `truncate forgets the end, removeFirst the beginning`() {
    var writer = ByteWriter()
    writer.append("abcdef" as String)
    writer.truncate(to: 5)
    writer.removeFirst(2)
    #expect(array(writer.bytes) == Array("cde".utf8))
    writer.removeFirst(3)
    #expect(writer.count == 0)
    writer.append("x" as String)
    #expect(array(writer.bytes) == Array("x".utf8))
  }

  @Test func `a body fills what it asked for`() {
    var writer = ByteWriter(capacity: 1)
    writer.append("a" as String)
    writer.append(count: 100) { $0.copyBytes(from: repeatElement(7, count: 100)) }
    #expect(array(writer.bytes) == [97] + Array(repeating: 7, count: 100))
  }
}
