import Foundation
import ReadableText
import TerminalView

/// The bytes of a file or of standard input, decompressed when they begin as gzip does.
///
/// Thread rule: one thread.
final class InputBytes {
  /// How long it is waited for input before others get their turn.
  private static let turnMilliseconds: Int32 = 20
  private static let chunkBytes = 256 << 10

  /// How messages name the input.
  let name: String
  /// The file's size, compressed if it is; nil for a pipe.
  let byteCount: Int?
  /// Bytes of the file that were taken, compressed if it is.
  private(set) var taken = 0
  /// Bytes that came of them.
  private(set) var made = 0

  private let descriptor: Int32
  private var chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
  /// Where the bytes of the chunk are that were not taken yet.
  private var unread = 0..<0
  private var isAtEnd = false
  private var format = Format.unknown

  private enum Format {
    case unknown
    case plain
    case gzip(GzipMembers)
  }

  /// - Parameter path: `-` for standard input.
  init(path: String) throws {
    name = path == "-" ? "<stdin>" : ShownText.line(path)
    // Without waiting for somebody to open a named pipe's other end: that is waited for with the first bytes.
    descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw CommandFailure("Expected to read \(name), but \(String(cString: strerror(errno))).")
    }
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    byteCount = isFile ? Int(status.st_size) : nil
  }

  deinit {
    close(descriptor)
    chunk.deallocate()
  }

  /// Reads some bytes; 0 at the end.
  ///
  /// - Parameter waiting: called again and again while there is nothing to read yet.
  /// - Throws: a ``CommandFailure`` when the input cannot be read or is damaged; what `waiting` throws.
  func read(into room: UnsafeMutableRawBufferPointer, whileWaiting waiting: () throws -> Void) throws -> Int {
    try recognise(waiting)
    while true {
      if unread.isEmpty, !isAtEnd { try refill(waiting) }
      guard !unread.isEmpty else {
        try finish()
        return 0
      }
      let count = try take(into: room)
      made += count
      if count > 0 { return count }
    }
  }

  private func take(into room: UnsafeMutableRawBufferPointer) throws -> Int {
    let input = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(chunk)[unread])
    guard case .gzip(let members) = format else {
      let count = min(room.count, input.count)
      room.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
      advance(count)
      return count
    }
    do throws(GzipMembers.Fault) {
      let (count, made) = try members.inflate(input, into: room)
      advance(count)
      return made
    } catch {
      throw failure(error)
    }
  }

  private func advance(_ count: Int) {
    unread = (unread.lowerBound + count)..<unread.upperBound
    taken += count
  }

  private func finish() throws {
    guard case .gzip(let members) = format else { return }
    do throws(GzipMembers.Fault) { try members.finish() } catch { throw failure(error) }
  }

  private func failure(_ fault: GzipMembers.Fault) -> CommandFailure {
    CommandFailure(
      "Expected to read \(name) to its end, but at byte \(fault.offset.grouped) \(fault.reason).")
  }

  /// Tells plain from gzip by the first two bytes.
  private func recognise(_ waiting: () throws -> Void) throws {
    guard case .unknown = format else { return }
    while unread.count < GzipMembers.magic.count, !isAtEnd { try refill(waiting) }
    format = chunk[unread].starts(with: GzipMembers.magic) ? .gzip(GzipMembers()) : .plain
  }

  /// Reads more behind the unread bytes.
  private func refill(_ waiting: () throws -> Void) throws {
    if unread.isEmpty { unread = 0..<0 }
    while true {
      try wait(waiting)
      let room = UnsafeMutableRawBufferPointer(rebasing: chunk[unread.upperBound...])
      let count = Foundation.read(descriptor, room.baseAddress, room.count)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count >= 0 else {
        throw CommandFailure(
          "Expected to read \(name) to its end, but at byte \(taken.grouped) \(String(cString: strerror(errno)))."
        )
      }
      unread = unread.lowerBound..<(unread.upperBound + count)
      isAtEnd = count == 0
      return
    }
  }

  /// Returns when a read would not wait.
  private func wait(_ waiting: () throws -> Void) throws {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var milliseconds: Int32 = 0
    while poll(&wanted, 1, milliseconds) <= 0 {
      try waiting()
      milliseconds = Self.turnMilliseconds
    }
  }
}
