import Foundation
import KafkaClient
import Synchronization

/// Whose the outbox's name is: one transactional id for the whole relay, and a record that says who has it.
///
/// Two relays of one name may have different numbers of shards, so the shards' own ids do not keep them apart. A relay
/// fences the master's id *first*, then every shard's id that any relay has used, and at last commits a transaction of the
/// master: the claim. Whoever started later has fenced the master before that, so the claim fails; and whoever's claim
/// succeeded has fenced all shards of those before. A shard that makes its producer anew later commits another one, for
/// the same reason. So of several relays only one selects rows.
///
/// Any thread; blocks.
final class RelayOwnership: Sendable {
  /// The master's id is another's, or its producer of no more use.
  struct Lost: Error {
    let error: KafkaError
  }

  /// Who this relay is, for the one that it takes over from, or that takes over from it.
  let relay: String
  private struct Master {
    /// How the last transaction is still to be ended: brokers that are away make that wait.
    enum Debt { case commit, abort }

    let producer: TransactionalProducer
    var debt: Debt?
  }

  private let configuration: OutboxConfiguration
  private let topic: String
  private let claimKey: String
  private let master = Mutex<Master?>(nil)
  private let claimed = Mutex<BatchRecord?>(nil)

  init(_ configuration: OutboxConfiguration, topic: String) {
    self.configuration = configuration
    self.topic = topic
    claimKey = RecordKeys(name: configuration.name).claim
    let random = String(UInt32.random(in: 0 ... .max), radix: 36)
    relay = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier):\(random)"
  }

  /// Fences the predecessor's master.
  func takeOver() throws(KafkaError) {
    let fresh = try TransactionalProducer(
      configuration: configuration.producer(configuration.transactionalID), logger: configuration.logger)
    try fresh.initTransactions(timeout: OutboxLimits.call)
    master.withLock { $0 = Master(producer: fresh) }
  }

  /// Says that the name is this relay's.
  /// - Parameter obsolete: keys of records that nobody needs any more.
  /// - Throws: ``Lost``; `KafkaError` that passes.
  func claim(mode: String, shards: Int, obsolete: [String]) throws {
    var record = BatchRecord(relay: relay)
    record.mode = mode
    record.shards = shards
    try commit(record, obsolete: obsolete)
    claimed.withLock { $0 = record }
  }

  /// Nobody else has claimed the name: the next step is to take it over anew, with nothing to be confirmed before.
  func forget() { claimed.withLock { $0 = nil } }

  /// Makes sure that the name is still this relay's.
  /// - Throws: as ``claim(mode:shards:obsolete:)``.
  func confirm() throws {
    guard let record = claimed.withLock({ $0 }) else { return }
    try commit(record, obsolete: [])
  }

  private func commit(_ record: BatchRecord, obsolete: [String]) throws {
    try master.withLock { master in
      guard master != nil else { throw Lost(error: Self.none) }
      // A commit that comes through late has said the same.
      guard try !Self.settle(&master!) else { return }
      let producer = master!.producer
      do throws(KafkaError) {
        try producer.begin()
        let outbox = try producer.topic(topic)
        for key in obsolete { try producer.produce(key: key, nil, to: outbox) }
        try producer.produce(key: claimKey, record, to: outbox)
      } catch {
        try Self.abort(after: error, &master!)
      }
      master!.debt = .commit
      _ = try Self.settle(&master!)
    }
  }

  /// Ends the last transaction, where that is still to be done; whether it is committed.
  /// - Throws: `KafkaError` that passes; ``Lost``.
  private static func settle(_ master: inout Master) throws -> Bool {
    guard let debt = master.debt else { return false }
    do throws(KafkaError) {
      switch debt {
      case .commit: try master.producer.commit(timeout: OutboxLimits.call)
      case .abort: try master.producer.abort(timeout: OutboxLimits.call)
      }
    } catch {
      // What has no answer is asked again, and nothing else may be asked meanwhile.
      if error.severity == .retriable { throw error }
      guard debt == .commit else { throw Lost(error: error) }
      try abort(after: error, &master)
    }
    master.debt = nil
    if let error = master.producer.fatalError { throw Lost(error: error) }
    return debt == .commit
  }

  /// A transaction that failed is aborted; the error is thrown in any case.
  private static func abort(after error: KafkaError, _ master: inout Master) throws {
    switch error.severity {
    case .fenced, .fatal, .failed: throw Lost(error: error)
    // The same claim once more is the same claim: whether this one came through does not matter.
    case .retriable, .abortable: break
    }
    master.debt = .abort
    do {
      _ = try settle(&master)
    } catch is Lost {
      // A broker that refused the transaction's only partition has no transaction to abort, and librdkafka 2.0.2 takes that
      // answer (INVALID_TXN_STATE) for the producer's end. What came of it is less than why.
      throw Lost(error: error)
    }
    throw error
  }

  private static let none = KafkaError(
    code: .state, operation: "use the outbox's producer", detail: "there is none")
}
