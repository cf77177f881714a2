import CZlib
import Foundation
import TestBroker
import Testing

@testable import sequitur

extension SequiturCommandTests {
  /// What `submit` reads of compressed input.
  struct GzipTests {
    /// A gzip member of a text.
    static func member(_ text: String) -> [UInt8] {
      var stream = z_stream()
      deflateInit2_(
        &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
      defer { deflateEnd(&stream) }
      var input = Array(text.utf8)
      var output = [UInt8](repeating: 0, count: input.count + 100)
      let room = output.count
      let left = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
          stream.next_in = input.baseAddress
          stream.avail_in = UInt32(input.count)
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(room)
          deflate(&stream, Z_FINISH)
          return Int(stream.avail_out)
        }
      }
      return Array(output[..<(room - left)])
    }

    /// Lines that do not compress, some 60 bytes each.
    private static func noise(_ count: Int) -> String {
      (0..<count).map { _ in "\(UInt64.random(in: 0 ... .max)) \(UInt64.random(in: 0 ... .max))\n" }.joined()
    }

    private struct Read {
      var lines: [String] = []
      var fault: String?
    }

    private func read(_ bytes: [UInt8]) async throws -> Read {
      try await withFile("input", Data(bytes)) { path in
        var read = Read()
        do {
          let reader = try LineReader(path: path)
          while let line = try reader.next() {
            if case .bytes(let bytes) = line { read.lines.append(String(decoding: bytes, as: UTF8.self)) }
          }
        } catch {
          read.fault = "\(error)"
        }
        return read
      }
    }

    /// What may not follow a member.
    static var wrongTails: [[UInt8]] {
      let member = member("b\n")
      var tails: [[UInt8]] = [
        Array("{\"key\":\"b\"}\n".utf8), [0x1F], [0x1F, 0x8B], [0x1F, 0], [0x1F, 0x8C, 8],
      ]
      tails += [[0, 0x41], [0xFF], [UInt8](repeating: 0, count: 1000) + [0x0A]]
      tails.append([UInt8](repeating: 0, count: 512) + member)
      tails += [1, 8, member.count - 12].map { Array(member.dropLast($0)) }
      var damaged = member
      damaged[11] ^= 0x55
      tails.append(damaged)
      return tails
    }

    @Test(arguments: wrongTails)
    func `what follows a gzip member is another whole one, or zeros`(tail: [UInt8]) async throws {
      let read = try await read(Self.member("a\n") + tail)
      #expect(read.fault?.contains("Expected to read") == true, "\(read)")
      #expect(read.fault?.contains("at byte ") == true)
    }

    @Test func `several members are one file, and zeros behind them are padding`() async throws {
      let (a, b) = (Self.member("a\n"), Self.member("b\n"))
      let empty = Self.member("")
      for bytes in [a + b, a + empty + b + empty, a + b + [0], a + b + [UInt8](repeating: 0, count: 300_000)]
      {
        let read = try await read(bytes)
        #expect(read.lines == ["a", "b"] && read.fault == nil, "\(read)")
      }
      // A line may go on in the next member.
      let parted = try await read(Self.member("a") + Self.member("b\nc"))
      #expect(parted.lines == ["ab", "c"] && parted.fault == nil)
      #expect(try await self.read(empty).lines == [])
      #expect(try await self.read([]).lines == [])
    }

    /// The reader's buffer has 256 KiB: what follows is seen whether it comes with the member or by itself.
    @Test(arguments: -3...3)
    func `garbage is seen at a buffer's border as well`(shift: Int) async throws {
      let first = Self.member(Self.noise(15_000))
      let border = 256 << 10
      try #require(first.count > border)
      // A second member that ends just before, at, or behind the border of the second buffer.
      var padded = first
      while padded.count + 2_000 < 2 * border + shift { padded += Self.member(Self.noise(10)) }
      var rest = 2 * border + shift - padded.count
      // Empty members have 20 bytes; a name in the header makes any length.
      while rest >= 60 {
        padded += Self.member("")
        rest -= 20
      }
      padded += Self.emptyMember(bytes: rest)
      #expect(padded.count == 2 * border + shift)
      #expect(try await read(padded).fault == nil)
      let lines = try await read(padded).lines.count
      for tail: [UInt8] in [[0x41], [0x1F], [0x1F, 0x41], [0, 0x41], Array("{}\n".utf8)] {
        let read = try await read(padded + tail)
        #expect(read.fault != nil, "\(tail)")
        #expect(read.lines.count == lines, "whole members are lines before the fault is met")
      }
    }

    @Test func `every cut of a file of two members is a fault, but for the one between them`() async throws {
      let (a, b) = (Self.member("one\ntwo\n"), Self.member("three\n"))
      let whole = a + b
      for count in 2..<whole.count where count != a.count {
        #expect(try await read(Array(whole[..<count])).fault != nil, "\(count) bytes")
      }
      #expect(try await read(a).lines == ["one", "two"])
    }

    /// A text, a flag and a time in a header are no data (RFC 1952, 2.3.1).
    @Test func `a flipped bit of the data or the checksum is a fault`() async throws {
      let a = Self.member("one\ntwo\n")
      let b = Self.member("three\n")
      for index in (a.count + 10)..<(a.count + b.count) {
        for bit in 0..<8 {
          var damaged = a + b
          damaged[index] ^= UInt8(1 << bit)
          let read = try await read(damaged)
          // The bits behind the end of the last block are no data.
          #expect(
            read.fault != nil || read.lines == ["one", "two", "three"], "byte \(index), bit \(bit): \(read)")
        }
      }
    }

    @Test func `plain text that only begins a little like gzip is plain`() async throws {
      #expect(try await read([0x1F]).lines == ["\u{1F}"])
      #expect(try await read([0x1F, 0x41, 0x0A]).lines == ["\u{1F}A"])
      #expect(try await read([0x0A, 0x1F, 0x8B]).lines.count == 2)
    }

    @Test(.enabled(if: TestBroker.isAvailable), arguments: [true, false])
    func `submit ends with 2 where lines follow a gzip member`(throughPipe: Bool) async throws {
      let topics = try TopicFixture()
      let bytes = Data(Self.member("{\"key\":\"a\"}\n") + Array("{\"key\":\"b\"}\n".utf8))
      try await withFile("log.gz", bytes) { path in
        let result = try await sequitur(
          ["submit", throughPipe ? "-" : path] + topics.arguments, input: throughPipe ? bytes : nil)
        #expect(result.exit == .code(2), "\(result)")
        #expect(
          result.standardError.contains("what follows a gzip member there is neither another one nor padding")
        )
        #expect(result.standardError.contains("1 of 1 command sent was acknowledged"))
        #expect(result.standardError.contains(throughPipe ? "<stdin>" : path))
      }
      #expect(try topics.read(topics.commands).count == 1)
    }

    /// A member without content, of at least 20 bytes: with a name in its header.
    private static func emptyMember(bytes: Int) -> [UInt8] {
      let plain = member("")
      guard bytes > plain.count else { return plain }
      var head = Array(plain[..<10])
      head[3] |= 8
      return head + [UInt8](repeating: 0x6E, count: bytes - plain.count - 1) + [0] + plain[10...]
    }
  }
}
