import KafkaClient
import PartitionEngine

/// Something that happened in a worker: what ``Worker/events`` gives, after the fact.
///
/// More cases may come: give a `switch` a `default`.
public enum WorkerEvent: Sendable {
  /// The worker is about to join its group. `isStoreKept`: an earlier run's local store is gone on with.
  case started(isStoreKept: Bool)
  /// The client can be a member of the group no more; the worker starts anew in this process.
  case membershipLost(KafkaError)
  /// The client that is the group's member reports trouble. Most passes by itself.
  case consumerFailed(KafkaError)

  /// The group gave partitions to this worker; ascending.
  case partitionsAssigned([Int32])
  /// The group takes partitions back, in order: what is under way is finished first.
  case partitionsRevoked([Int32])
  /// Partitions are gone already, and others may own them: what is under way is dropped.
  case partitionsLost([Int32])

  /// A partition's restore begins, the first or another one.
  case restoring(Int32)
  /// A partition waits for the transaction that its last owner left open, at most for so long.
  case waiting(Int32, atMost: Duration)
  /// A partition's local store is emptied and made anew from the changelog, and why.
  case rebuilding(Int32, why: String)
  /// A partition's changelog was read; `records` without control records and aborted ones.
  case changelogRead(Int32, records: Int)
  /// A partition's restore failed and is tried again.
  case restoreFailed(Int32, why: String)
  /// A partition is served from this command offset on.
  case serving(Int32, from: Int64)
  /// A partition is not served: its state cannot be restored, and trying again would not help.
  case refused(Int32, RestoreFault)

  /// A transaction was committed: how many commands it answered, and the next offset of each of their partitions.
  case committed(commands: Int, positions: [Int32: Int64])
  /// A step of a transaction failed. What is retriable is tried again.
  case transactionStepFailed(KafkaError)
  /// The brokers refuse outcomes, and why; commands wait.
  case outputRefused(why: String)
  /// The brokers take outcomes again.
  case outputAccepted
  /// The local store cannot be written, and why.
  case storeFailed(why: String)
  /// The local store can be written again.
  case storeRecovered

  /// The listener was too slow for its buffer: so many events that came here are missing.
  case missed(Int)
}
