import KafkaClient
import PartitionEngine
import Sequitur

/// A partition's processor behind a type that does not name the decider.
///
/// One call processes a whole run of messages, so the indirection costs nothing that can be measured, and
/// all of the worker but `TypedPartitionTask` is compiled once.
@usableFromInline
package protocol PartitionTask: AnyObject {
  /// Processes messages `range` of the batch until the output has `outputBytesMax` bytes.
  func process(
    _ messages: borrowing MessageBatch, _ range: Range<Int>, into output: inout OutputBatch,
    outputBytesMax: Int
  ) -> RunResult

  var hasOpenCommands: Bool { get }
  var openByteCount: Int { get }
  var committedPosition: Int64 { get }
  /// The command that was processed last; nil: none was yet.
  var lastCommand: LastCommand? { get }
  /// Moves the position over offsets without a command; false when commands came since `position` was read.
  func pass(from position: Int64, to end: Int64) -> Bool
  func seal(into output: inout OutputBatch) -> Int64
  func commit(checkpointOffset: Int64?)

  var undrainedByteCount: Int { get }
  var isDraining: Bool { get }
  func takeDrain(
    _ body: (_ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?) -> Void
  ) -> DrainPosition
  func finishDrain()
  func failDrain()
  func setObjectBytesMax(_ limit: Int)
}

/// What became of a run of messages.
@usableFromInline
package struct RunResult: Sendable {
  /// Messages done with, from the run's first.
  @usableFromInline package var messages = 0
  @usableFromInline package var accepted = 0
  @usableFromInline package var rejected: [RejectionCode: Int] = [:]
  /// Commands among them that the decider failed for, one of each kind, at most ``deciderErrorsMax``.
  @usableFromInline package var deciderErrors: [DeciderErrorReport] = []
  /// Why the run stopped early, when the store failed.
  @usableFromInline package var fault: StoreFault?

  static let deciderErrorsMax = 8

  @inlinable
  package init() {}

  /// Commands that got an outcome.
  package var commands: Int { accepted + rejected.values.reduce(0, +) }
}

/// Where a partition's task comes from: what the lane knows when the partition is ready to serve.
@usableFromInline
package struct PartitionSeat: Sendable {
  @usableFromInline package let identity: PartitionIdentity
  @usableFromInline package let envelope: Envelope
  @usableFromInline package let limits: Limits
  @usableFromInline package let position: Int64
  /// Whether an operator moved it there.
  @usableFromInline package let isMoved: Bool
  /// The command that was processed last before it; nil: not known.
  @usableFromInline package var lastCommand: LastCommand?
  @usableFromInline package let changelogPosition: Int64
  /// The partition's share of the memory for objects, for now.
  @usableFromInline package let objectBytesMax: Int
  @usableFromInline package let hashSeed: UInt64
  /// Where the task notes the command it executes.
  @usableFromInline package let execution: ExecutionSlot
  /// Commands to reject without executing them, by offset: they ended the process before, or their outcomes are refused.
  @usableFromInline package let refusals: [Int64: Rejection]
}
