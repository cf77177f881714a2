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
    let isHeld = machine.holds(message.offset)
    if !isHeld {
      records += 1
      bytes += (message.key?.count ?? 0) + (message.value?.count ?? 0)
    }
    let content = try decoder.decode(message)
    switch content {
    case .checkpoint(let checkpoint): return machine.checkpointRead(checkpoint, at: message.offset)
    case .object, .grave, .forgotten: if isHeld { return machine.heldRecordRead(at: message.offset) }
    }
    switch content {
    case .object:
      let found = ObjectRecord(decoder.object.bytes).schemaVersion
      guard found <= job.schemaVersion else {
        throw RestoreFault.newerSchema(offset: message.offset, found: found, known: job.schemaVersion)
      }
      try put(message.key!, decoder.object.bytes, &batch)
    case .grave: try put(message.key!, decoder.object.bytes, &batch)
    case .forgotten: try put(message.key!, nil, &batch)
    case .checkpoint: break
    }
    return nil
  }
}
