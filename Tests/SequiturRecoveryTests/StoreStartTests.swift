import Foundation
import RocksDB
import TestBroker
import Testing

@testable import SequiturWorker

/// What keeps a store from being opened or written at the start is told with what to do.
struct StoreStartTests {
  private func database(_ code: RocksDBError.Code, _ detail: String) -> RocksDBError {
    RocksDBError(code: code, operation: "flush the column family default", path: "/s/store", detail: detail)
  }

  @Test func `each error of a store has its cure`() throws {
    let missing = URL(filePath: "/proc/none/\(UUID())")
    let foundation = #expect(throws: CocoaError.self) { try Data().write(to: missing) }
    for (error, words) in [
      (database(.noSpace, "No space left on device: While appending"), ["Expected room", "Make room"]),
      (database(.lockHeld, "lock hold by current process"), ["another one uses it", "of its own"]),
      (database(.ioError, "While mkdir: Read-only file system"), ["Expected to write", "may write to"]),
      (database(.ioError, "While appending to file: File too large"), ["File too large", "remove /s/store"]),
      (database(.corruption, "bad block"), ["bad block", "rebuilt from the changelog"]),
      (CocoaError(.fileWriteOutOfSpace), ["the disk is full", "Make room"]),
      (try #require(foundation), ["Expected to write to the state directory /s, but ", "may write to"]),
      (StateDirectoryFault.inUse(path: "/s"), ["another one uses it"]),
      (CancellationError(), ["Expected to use the store", "remove /s/store"]),
    ] as [(any Error, [String])] {
      let text = "\(WorkerStartFault.ofStore(error, "/s"))"
      #expect(text.hasPrefix("Expected ") && text.contains("/s"), "\(text)")
      for word in words { #expect(text.contains(word), "\(word): \(text)") }
      #expect(!text.contains(".."), "\(text)")
    }
  }

  @Test(arguments: [ENOSPC, EDQUOT, EACCES, EROFS])
  func `a full disk is no matter of rights`(code: Int32) {
    errno = code
    let text = "\(StateDirectoryFault.notWritable("/s"))"
    #expect(text.contains(code == ENOSPC || code == EDQUOT ? "Make room" : "may write to"), "\(text)")
  }
}

extension StateTests {
  /// In blocks of 512 or 1,024 bytes: nothing can be written, or little, so that the open or the first flush fails.
  @Test(arguments: [0, 1]) func `a store that cannot be written at the start is told as one`(blocks: Int)
    async throws
  {
    let bench = try StateBench()
    try await bench.createTopics()
    let result = try await bench.runProgram(after: "trap '' XFSZ; ulimit -f \(blocks)")
    #expect(result.exit == .code(2), "\(result)")
    let told = result.standardError.split(separator: "\n").filter { $0.hasPrefix("Expected ") }
    #expect(told.count == 1, "\(result.standardError)")
    #expect(told.first?.contains("File too large") == true, "\(result.standardError)")
    #expect(told.first?.contains("remove \(bench.stateDirectory)/store") == true, "\(result.standardError)")
  }
}
