import Foundation
import TerminalView

/// Reads lines from a file or from standard input, plain or gzip.
///
/// Thread rule: one thread. A line is valid until the next call.
final class LineReader {
  /// The longest line, in bytes; a longer one is reported and passed over.
  static let lineBytesMax = 64 << 20
  private static let chunkBytes = 1 << 20

  /// What comes next.
  enum Line {
    case bytes(UnsafeRawBufferPointer)
    case tooLong
  }

  /// The number of the line returned last, from 1.
  private(set) var number = 0

  private let input: InputBytes
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
  /// Where the unread bytes are.
  private var unread = 0..<0
  /// Up to where the unread bytes were searched for a line's end.
  private var searched = 0
  private var isAtEnd = false

  /// - Parameter path: `-` for standard input.
  init(path: String) throws { input = try InputBytes(path: path) }

  deinit { memory.deallocate() }

  /// How messages name the file.
  var name: String { input.name }

  /// How much of the file became lines, 0…1; nil for a pipe. Of what is in memory, a share of the bytes that it is of.
  var fraction: Double? {
    guard let size = input.byteCount else { return nil }
    guard size > 0 else { return 1 }
    guard input.made > 0 else { return 0 }
    let share = Double(input.made - unread.count) / Double(input.made)
    return min(1, Double(input.taken) / Double(size) * share)
  }

  /// The next line without its end; nil behind the last one.
  ///
  /// - Parameter waiting: called again and again while there is nothing to read yet.
  /// - Throws: a ``CommandFailure`` when the file cannot be read or is damaged; what `waiting` throws.
  func next(whileWaiting waiting: () throws -> Void = {}) throws -> Line? {
    var isTooLong = false
    while true {
      if let end = lineEnd() {
        let line = unread.lowerBound..<end
        unread = (end + 1)..<unread.upperBound
        searched = unread.lowerBound
        return finish(line, isTooLong)
      }
      if isAtEnd {
        guard !unread.isEmpty || isTooLong else { return nil }
        let line = unread
        unread = unread.upperBound..<unread.upperBound
        return finish(line, isTooLong)
      }
      if unread.count > Self.lineBytesMax {
        isTooLong = true
        unread = 0..<0
        searched = 0
      }
      try fill(waiting)
    }
  }

  private func finish(_ line: Range<Int>, _ isTooLong: Bool) -> Line {
    number += 1
    if isTooLong { return .tooLong }
    var line = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[line])
    if line.last == UInt8(ascii: "\r") { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
    if number == 1, line.starts(with: [0xef, 0xbb, 0xbf]) {
      line = UnsafeRawBufferPointer(rebasing: line.dropFirst(3))
    }
    return .bytes(line)
  }

  private func lineEnd() -> Int? {
    guard searched < unread.upperBound, let base = memory.baseAddress else { return nil }
    guard let found = memchr(base + searched, 0x0a, unread.upperBound - searched) else {
      searched = unread.upperBound
      return nil
    }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  /// Reads more behind the unread bytes, which move to the front.
  private func fill(_ waiting: () throws -> Void) throws {
    if unread.lowerBound > 0, let base = memory.baseAddress {
      base.copyMemory(from: base + unread.lowerBound, byteCount: unread.count)
      searched -= unread.lowerBound
      unread = 0..<unread.count
    }
    if memory.count - unread.count < Self.chunkBytes / 2 { grow() }
    let room = UnsafeMutableRawBufferPointer(rebasing: memory[unread.upperBound...])
    let count = try input.read(into: room, whileWaiting: waiting)
    unread = unread.lowerBound..<(unread.upperBound + count)
    isAtEnd = count == 0
  }

  private func grow() {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: memory.count * 2, alignment: 16)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[unread]))
    memory.deallocate()
    memory = larger
  }
}
