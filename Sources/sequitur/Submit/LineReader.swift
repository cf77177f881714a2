import CZlib
import Foundation

/// Reads lines from a file or from standard input, plain or gzip: zlib tells by the first bytes.
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

  /// How messages name the file.
  let name: String
  /// The number of the line returned last, from 1.
  private(set) var number = 0
  /// The file's size, compressed if it is; nil for a pipe.
  let byteCount: Int?

  private let file: gzFile
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
  /// Where the unread bytes are.
  private var unread = 0..<0
  /// Up to where the unread bytes were searched for a line's end.
  private var searched = 0
  private var isAtEnd = false

  /// - Parameter path: `-` for standard input.
  init(path: String) throws {
    name = path == "-" ? "<stdin>" : path
    let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, let file = gzdopen(descriptor, "rb") else {
      throw CommandFailure("Expected to read \(name), but \(String(cString: strerror(errno))).")
    }
    self.file = file
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    byteCount = isFile ? Int(status.st_size) : nil
    gzbuffer(file, UInt32(Self.chunkBytes / 4))
  }

  deinit {
    gzclose(file)
    memory.deallocate()
  }

  /// How much of the file has been read, 0…1; nil for a pipe.
  var fraction: Double? {
    byteCount.map { $0 == 0 ? 1 : Double(gzoffset(file)) / Double($0) }
  }

  /// The next line without its end; nil behind the last one.
  /// - Throws: a ``CommandFailure`` when the file cannot be read or is damaged.
  func next() throws -> Line? {
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
      try fill()
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
  private func fill() throws {
    if unread.lowerBound > 0, let base = memory.baseAddress {
      base.copyMemory(from: base + unread.lowerBound, byteCount: unread.count)
      searched -= unread.lowerBound
      unread = 0..<unread.count
    }
    if memory.count - unread.count < Self.chunkBytes / 2 { grow() }
    let room = UnsafeMutableRawBufferPointer(rebasing: memory[unread.upperBound...])
    let count = gzread(file, room.baseAddress, UInt32(min(room.count, Self.chunkBytes)))
    var code: Int32 = 0
    let text = gzerror(file, &code).map { String(cString: $0) } ?? ""
    // A file cut off in the middle reads as if it had ended, and leaves this code behind.
    guard count >= 0, code == Z_OK || code == Z_STREAM_END else {
      throw CommandFailure(
        "Expected to read \(name) to its end, but after line \(number) it is damaged or cut off: \(text).")
    }
    unread = unread.lowerBound..<(unread.upperBound + Int(count))
    isAtEnd = count == 0
  }

  private func grow() {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: memory.count * 2, alignment: 16)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[unread]))
    memory.deallocate()
    memory = larger
  }
}
