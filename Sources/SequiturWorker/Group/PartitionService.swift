import KafkaClient
import PartitionEngine

/// What it takes to serve a partition: the ports of `Assignments`.
protocol PartitionService: Sendable {
  /// Returns when nothing of the partition is fetched any more; what was is thrown away. Partitions are assigned so.
  func pause(_ partition: Int32) async throws

  /// Opens the queue that the partition's commands arrive in.
  func openQueue(_ partition: Int32) throws -> KafkaQueue

  /// Restores the partition's state.
  ///
  /// - Throws: `RestoreFault` when it must not be served; anything else may pass.
  func restore(_ partition: Int32, _ cancellation: Cancellation) async throws -> RestoreJob.Restored

  /// Fetches commands into the partition's queue.
  ///
  /// - Parameter position: the offset to begin with; nil: the topic's start.
  func begin(_ partition: AssignedPartition, at position: Int64?) async throws

  /// Makes what serves the partition on a lane.
  func makeActor(
    _ partition: AssignedPartition, _ restored: RestoreJob.Restored, on lane: Lane, objectBytesMax: Int
  ) -> PartitionActor

  /// Nothing that was assigned can be served, or not all of it that is needed.
  func refused(_ refusal: PartitionRefused)

  /// The client reads a partition no more: everything is to be started anew.
  func restart(_ error: KafkaError)
}
