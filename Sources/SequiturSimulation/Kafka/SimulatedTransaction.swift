import PartitionEngine
import Sequitur
import SequiturTesting

/// A transaction that is prepared or under way; as production's `PreparedTransaction`.
final class SimulatedTransaction {
  var output = OutputBatch()
  var parts: [TransactionPart] = []

  /// The records with where they go, as the producer takes them.
  func records(withoutCheckpoints: Bool = false) -> [(log: CoordinatedProducer.LogID, record: LogRecord)] {
    var result: [(log: CoordinatedProducer.LogID, record: LogRecord)] = []
    for record in output.records where !(withoutCheckpoints && record.isCheckpoint) {
      let log = CoordinatedProducer.LogID(
        topic: SimulatedKafka.Topic(record.topic), partition: record.partition)
      result.append((log, LogRecord(record, in: output)))
    }
    return result
  }

  /// A mutation: the sealed states go to the stores at once.
  func writeStates(to worker: SimulatedWorker) {
    for (log, record) in records() where log.topic == .changelog && record.key?.isEmpty == false {
      var object = ByteWriter()
      let content = try? record.withViews {
        try ChangelogRecord.decode(key: $0, value: $1, headers: $2, into: &object)
      }
      let state = content == .object ? Array(object.bytes) : nil
      worker.disk.stores[Int(log.partition)].writeUncommitted([StoreChange(key: record.key!, record: state)])
    }
  }
}
