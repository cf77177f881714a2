import KafkaClient
import PartitionEngine
import Sequitur

/// A partition's processor in a rehearsal, which is asked for one command after the other.
///
/// A closure that is made where the decider is known reaches the processor as it is compiled for that decider.
@usableFromInline
final class RehearsalTask {
  @usableFromInline
  typealias Process = (borrowing MessageBatch, Int, inout OutputBatch) throws(StoreFault) -> Outcome

  let partition: any PartitionTask
  let process: Process

  @usableFromInline
  init(_ partition: any PartitionTask, process: @escaping Process) {
    self.partition = partition
    self.process = process
  }

  @usableFromInline typealias Factory = @Sendable (PartitionSeat, any ObjectStore) -> RehearsalTask

  /// Makes tasks of one decider.
  @inlinable
  static func factory<D: Decider>(_ decider: @escaping @Sendable () -> D) -> Factory {
    { seat, store in
      let task = TypedPartitionTask(decider: decider(), seat: seat, store: store)
      return RehearsalTask(task) { messages, index, output throws(StoreFault) in
        try task.process(messages[index], into: &output)
      }
    }
  }
}
