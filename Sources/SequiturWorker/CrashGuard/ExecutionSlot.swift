import Synchronization

/// Where a partition's lane notes the command whose user code runs, for the crash guard.
///
/// `@unchecked Sendable`: the word is atomic, and `owner` keeps its memory.
@usableFromInline
package struct ExecutionSlot: @unchecked Sendable {
  @usableFromInline let executing: UnsafeMutablePointer<Atomic<Int64>>
  private let owner: AnyObject?

  init(executing: UnsafeMutablePointer<Atomic<Int64>>, owner: AnyObject) {
    self.executing = executing
    self.owner = owner
  }

  /// A slot that nobody reads, for a worker without a crash guard.
  static func unguarded() -> ExecutionSlot {
    let memory = OwnedWord()
    return ExecutionSlot(executing: memory.word, owner: memory)
  }

  /// The decider's code runs for the command at this offset.
  ///
  /// Releasing, so that no compiler takes the store for a dead one before a trap; a plain `mov` on x86.
  @inlinable
  package func begin(_ offset: Int64) { executing.pointee.store(offset, ordering: .releasing) }

  /// No code of the decider runs.
  @inlinable
  package func end() { executing.pointee.store(-1, ordering: .releasing) }
}

/// A word on the heap; a cache line of its own, since it is written for every command.
///
/// `@unchecked Sendable`: the word is atomic, and memory from malloc is bound to no thread (malloc(3), "MT-Safe").
private final class OwnedWord: @unchecked Sendable {
  let word: UnsafeMutablePointer<Atomic<Int64>>
  private let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)

  init() {
    word = memory.bindMemory(to: Atomic<Int64>.self, capacity: 1)
    word.initialize(to: Atomic(-1))
  }

  deinit { memory.deallocate() }
}
