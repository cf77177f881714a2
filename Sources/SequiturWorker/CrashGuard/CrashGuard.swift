import Foundation
import Logging
import Synchronization

/// Remembers, across crashes, which command's user code was running: a trap in it cannot be caught.
///
/// One slot a partition, in a file that is mapped into memory: a store to it costs as much as any other, and
/// survives the process (not the machine, whose failure is no command's fault). The slot holds the command's
/// offset while the decider runs and -1 otherwise, so that a kill at any other moment suspects nobody.
///
///     start: a slot still holds an offset ─▶ the same as last time? attempts + 1 : attempts = 1
///     served: attempts reached the limit  ─▶ that command is rejected, its code not run again
///
/// Any thread; a slot's owner is its partition's lane.
final class CrashGuard: Sendable {
  /// Crashes at the same command before it is rejected.
  static let attemptsMax: Int64 = 3

  /// More crashes than so many are not counted.
  private static let attemptsCounted: Int64 = 1_000_000

  /// Apart by a cache line, since each belongs to another thread.
  private static let slotBytes = 64
  private static let magic: Int64 = 0x5345_5155_4752_4431

  /// A command at which the worker ended.
  struct Suspect: Sendable, Hashable {
    let partition: Int32
    let offset: Int64
    /// How often in a row; after ``CrashGuard/attemptsMax`` times it is rejected.
    let attempts: Int64
  }

  private let mapping: MappedFile
  private let partitions: Int32

  /// Opens the file of a state directory, or makes one, and counts the crash that its slots tell of.
  ///
  /// - Parameter report: is told of the commands that the last run ended at, one of a partition at most.
  init(
    directory: String, partitions: Int32, logger: Logger, report: ([Suspect]) -> Void = { _ in }
  ) throws {
    self.partitions = partitions
    let bytes = Self.slotBytes * (Int(partitions) + 1)
    mapping = try MappedFile(path: directory + "/attempts", byteCount: bytes)
    if mapping.word(at: 0).pointee.load(ordering: .relaxed) != Self.magic {
      for partition in 0..<partitions { clear(partition) }
      mapping.word(at: 0).pointee.store(Self.magic, ordering: .relaxed)
    }
    for partition in 0..<partitions { mend(partition, logger) }
    report((0..<partitions).compactMap { countCrash($0) })
  }

  /// Begins a slot anew that no worker can have left so: offsets are -1 or more, crashes are few.
  private func mend(_ partition: Int32, _ logger: Logger) {
    let words = (0..<3).map { word(partition, $0).pointee.load(ordering: .relaxed) }
    let isSound =
      words[0] >= -1 && words[0] < .max && words[1] >= -1 && words[1] < .max
      && (0...Self.attemptsCounted).contains(words[2])
    guard !isSound else { return }
    clear(partition)
    logger.warning(
      "what the crash guard noted of a partition is damaged; it begins anew",
      metadata: ["partition": "\(partition)"])
  }

  /// Where the partition's lane notes what it executes.
  func slot(of partition: Int32) -> ExecutionSlot {
    ExecutionSlot(executing: word(partition, 0), owner: self)
  }

  /// The command to reject unseen, for a partition that is served from `position` on.
  func poisoned(_ partition: Int32, from position: Int64) -> Int64? {
    let suspect = word(partition, 1).pointee.load(ordering: .relaxed)
    guard suspect >= position else {
      word(partition, 2).pointee.store(0, ordering: .relaxed)
      return nil
    }
    return word(partition, 2).pointee.load(ordering: .relaxed) >= Self.attemptsMax ? suspect : nil
  }

  /// Forgets a partition's suspect: its offsets are another topic's now.
  func clear(_ partition: Int32) {
    word(partition, 0).pointee.store(-1, ordering: .relaxed)
    word(partition, 1).pointee.store(-1, ordering: .relaxed)
    word(partition, 2).pointee.store(0, ordering: .relaxed)
  }

  private func countCrash(_ partition: Int32) -> Suspect? {
    let executing = word(partition, 0).pointee.load(ordering: .relaxed)
    guard executing >= 0 else { return nil }
    let isSame = word(partition, 1).pointee.load(ordering: .relaxed) == executing
    let crashes = word(partition, 2).pointee.load(ordering: .relaxed)
    let attempts = isSame ? min(crashes + 1, Self.attemptsCounted) : 1
    word(partition, 1).pointee.store(executing, ordering: .relaxed)
    word(partition, 2).pointee.store(attempts, ordering: .relaxed)
    word(partition, 0).pointee.store(-1, ordering: .relaxed)
    return Suspect(partition: partition, offset: executing, attempts: attempts)
  }

  /// A partition's words: what is executed now, the suspect, its crashes.
  private func word(_ partition: Int32, _ index: Int) -> UnsafeMutablePointer<Atomic<Int64>> {
    mapping.word(at: Self.slotBytes * (Int(partition) + 1) + 8 * index)
  }
}
