import PartitionEngine
import RocksDB
import Synchronization

/// One drain of a partition: a batch on its way to the store.
final class DrainJob: DrainWork {
  private let partition: PartitionActor
  private let lane: Lane
  private let store: PartitionStore
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var batch: WriteBatch
    var failure: RocksDBError?
    var changelogOffset: Int64 = 0
    var objects = 0
    var gravesOverAt: Int64?
  }

  init(partition: PartitionActor, lane: Lane, store: PartitionStore) {
    self.partition = partition
    self.lane = lane
    self.store = store
    state = Mutex(State(batch: store.makeBatch()))
  }

  func add(_ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?) {
    state.withLock { $0.objects += 1 }
    append { batch throws(RocksDBError) in try store.put(key, record, in: &batch) }
  }

  func setPosition(_ position: DrainPosition) {
    state.withLock { state in
      state.changelogOffset = position.changelogOffset
      state.gravesOverAt = position.gravesOverAt
    }
    append { batch throws(RocksDBError) in
      try store.put(position.stored, in: &batch)
    }
  }

  var partitionNumber: Int32 { partition.partition }
  var objectCount: Int { state.withLock { $0.objects } }
  var changelogOffset: Int64 { state.withLock { $0.changelogOffset } }

  /// Writes the batch. Blocks.
  func write() throws(RocksDBError) {
    let failure = state.withLock { state -> RocksDBError? in
      if let failure = state.failure { return failure }
      do throws(RocksDBError) {
        // Before the objects, of which one may be where a grave was.
        if let time = state.gravesOverAt { try store.sweep(gravesOverAt: time, drained: state.objects) }
        try store.write(&state.batch)
        store.noteDrained(to: state.changelogOffset)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// Tells the lane how it went.
  func end(_ ending: DrainEnding) async { await lane.drainEnded(partition, ending) }

  private func append(_ body: (inout WriteBatch) throws(RocksDBError) -> Void) {
    state.withLock { state in
      guard state.failure == nil else { return }
      do throws(RocksDBError) {
        try body(&state.batch)
      } catch {
        state.failure = error
      }
    }
  }
}
