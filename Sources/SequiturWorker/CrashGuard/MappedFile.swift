import Foundation
import RegularFiles
import Synchronization

/// A small file mapped into memory and shared with the kernel: what is stored in it outlives the process.
///
/// `@unchecked Sendable`: the pointer never changes, and the words are atomic.
final class MappedFile: @unchecked Sendable {
  private let memory: UnsafeMutableRawPointer
  private let byteCount: Int

  /// Maps the file, made or extended to `byteCount` bytes, which are zero at first.
  ///
  /// The bytes are written and not only declared: a hole on a full disk would end the process by SIGBUS.
  init(path: String, byteCount: Int) throws {
    self.byteCount = byteCount
    do throws(RegularFile.Fault) {
      try RegularFile.check(path, followsLinks: false)
    } catch {
      if !error.isMissing { throw StateDirectoryFault.oddFile(path: path, reason: "\(error)") }
    }
    let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw Self.fault(path) }
    defer { Foundation.close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size >= 0, size <= byteCount || ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw Self.fault(path)
    }
    if size < byteCount {
      let zeros = [UInt8](repeating: 0, count: byteCount - size)
      guard write(descriptor, zeros, zeros.count) == zeros.count else { throw Self.fault(path) }
    }
    let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else { throw Self.fault(path) }
    memory = mapped
  }

  deinit { munmap(memory, byteCount) }

  /// The word at a byte offset, which is a multiple of eight.
  func word(at offset: Int) -> UnsafeMutablePointer<Atomic<Int64>> {
    precondition(offset % 8 == 0 && offset + 8 <= byteCount, "a word of the file")
    return (memory + offset).assumingMemoryBound(to: Atomic<Int64>.self)
  }

  private static func fault(_ path: String) -> StateDirectoryFault {
    .notWritable(FilePlace.directory(of: path))
  }
}
