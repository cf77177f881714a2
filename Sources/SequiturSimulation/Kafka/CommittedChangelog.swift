import PartitionEngine
import Sequitur
import SequiturTesting

/// What one partition's changelog says for the checks: the fold of all records whose transaction the coordinator
/// decided to commit, whether its markers are written or not.
///
/// Decodes each record once, and folds anew only when a decision or a record was added.
final class CommittedChangelog {
  private enum Content {
    case object([UInt8], record: [UInt8])
    case forgotten([UInt8])
    case checkpoint(CheckpointRecord)
    case marker
    case unreadable
  }

  private unowned let kafka: SimulatedKafka
  private let log: SimulatedLog
  private var contents: [Content] = []
  private var folded: (entries: Int, decisions: Int) = (0, 0)
  private var foldedRecords: [[UInt8]: [UInt8]] = [:]
  private var foldedCheckpoint: CheckpointRecord?

  init(kafka: SimulatedKafka, partition: Int32) {
    self.kafka = kafka
    log = kafka.log(.changelog, partition)
  }

  /// The objects, as a store must hold them.
  var records: [[UInt8]: [UInt8]] {
    fold()
    return foldedRecords
  }

  /// The last checkpoint; `nil` before the first one.
  var position: Int64? {
    fold()
    return foldedCheckpoint?.position
  }

  /// Where operators moved the position, as the last checkpoint says it.
  var moves: [PositionMove] {
    fold()
    return foldedCheckpoint?.moves ?? []
  }

  /// Whether a record that cannot be decoded was found.
  private(set) var isUnreadable = false

  /// Whether this is, or was, an object's committed state.
  func has(_ key: [UInt8], _ record: [UInt8]) -> Bool {
    decode()
    return contents.indices.contains { index in
      guard case .object(key, record) = contents[index] else { return false }
      return isCommitted(index)
    }
  }

  /// A key whose record is neither what was committed below `position` nor any newer committed one.
  func unexplained(_ records: [[UInt8]: [UInt8]], at position: Int64) -> [UInt8]? {
    decode()
    var missing = records
    var explained: Set<[UInt8]> = []
    for index in contents.indices.reversed() {
      let key: [UInt8]
      var record: [UInt8]?
      switch contents[index] {
      case .object(let ofObject, let content): (key, record) = (ofObject, content)
      case .forgotten(let forgotten): key = forgotten
      case .checkpoint, .marker, .unreadable: continue
      }
      guard isCommitted(index), !explained.contains(key) else { continue }
      if records[key] == record {
        explained.insert(key)
        missing[key] = nil
      } else if index < position {
        return key
      }
    }
    return missing.keys.min { $0.lexicographicallyPrecedes($1) }
  }

  private func isCommitted(_ index: Int) -> Bool {
    log.entries[index].transaction.map { kafka.decisions[$0] == true } ?? false
  }

  func decode() {
    while contents.count < log.entries.count {
      contents.append(log.entries[contents.count].record.map(content) ?? .marker)
    }
  }

  private func content(_ record: LogRecord) -> Content {
    var object = ByteWriter()
    let content = try? record.withViews {
      try ChangelogRecord.decode(key: $0, value: $1, headers: $2, into: &object)
    }
    switch content {
    case .object, .grave: return .object(record.key!, record: Array(object.bytes))
    case .forgotten: return .forgotten(record.key!)
    case .checkpoint(let checkpoint): return .checkpoint(checkpoint)
    case nil:
      isUnreadable = true
      return .unreadable
    }
  }

  private func fold() {
    let size = (entries: log.entries.count, decisions: kafka.decisions.count)
    guard size != folded else { return }
    folded = size
    decode()
    foldedRecords.removeAll(keepingCapacity: true)
    foldedCheckpoint = nil
    for index in contents.indices where isCommitted(index) {
      switch contents[index] {
      case .object(let key, let record): foldedRecords[key] = record
      case .forgotten(let key): foldedRecords[key] = nil
      case .checkpoint(let checkpoint): foldedCheckpoint = checkpoint
      case .marker, .unreadable: break
      }
    }
  }
}
