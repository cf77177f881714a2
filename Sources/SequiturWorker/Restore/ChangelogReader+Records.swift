import Foundation
import KafkaClient
import PartitionEngine
import RocksDB
import Sequitur

/// One record's way into the store: through a table file, or in a batch.
extension ChangelogReader {
  /// Adds the run to the store as a table file.
  mutating func ingest(_ stored: RestoreMachine.StoredPosition) throws {
    let path = job.state.restoreFile(of: job.partition)
    let options = job.state.options
    try PartitionStore.withEncoded(stored) { position throws(RocksDBError) in
      try run.write(to: path, options: options, position: position)
    }
    try store.ingest(path)
    unlink(path)
  }

  private mutating func put(
    _ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?, _ batch: inout WriteBatch
  ) throws {
    if !collects {
      try store.put(key, record, in: &batch)
    } else {
      run.add(key, record)
    }
  }

  mutating func add(
    _ message: borrowing Message, to batch: inout WriteBatch, _ machine: inout RestoreMachine
  ) throws -> RestoreMachine.Action? {
    if !machine.holds(message.offset) {
      records += 1
      bytes += (message.key?.count ?? 0) + (message.value?.count ?? 0)
    }
    let content = try decoder.decode(message)
    switch try applier.change(by: content, decoder.object.bytes, at: message.offset, &machine) {
    case .put: try put(message.key!, decoder.object.bytes, &batch)
    case .forget: try put(message.key!, nil, &batch)
    case .none: break
    case .end(let action): return action
    }
    return nil
  }
}
