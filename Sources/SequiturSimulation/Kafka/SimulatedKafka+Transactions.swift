import PartitionEngine
import SequiturTesting

/// The transaction coordinator (KIP-98, KIP-447; produce is verified with the coordinator as by KIP-890).
extension SimulatedKafka {
  /// InitProducerId: fences the predecessor and ends what it left open.
  func initProducer(_ id: String) -> Result<Int, BrokerError> {
    var producer = coordinated[id] ?? CoordinatedProducer()
    defer { world.note("init producer \(id) epoch \(coordinated[id]?.epoch ?? -1)") }
    switch producer.state {
    case .prepared: return .failure(.concurrentTransactions)
    case .ongoing:
      world.reach(.predecessorAborted)
      producer.epoch += 1
      coordinated[id] = producer
      decide(id, isCommit: false)
      return .failure(.concurrentTransactions)
    case .empty, .complete:
      producer.epoch += 1
      producer.state = .empty
      coordinated[id] = producer
      return .success(producer.epoch)
    }
  }

  /// How the producer's last transaction ended; `nil` when it has not.
  func lastDecision(of id: String) -> Bool? { coordinated[id].flatMap { decisions[$0.transaction] } }

  func produce(
    _ records: [LogRecord], to log: CoordinatedProducer.LogID, by id: String, epoch: Int
  ) -> Result<Int64, BrokerError> {
    if let error = join(id, epoch) { return .failure(error) }
    let transaction = coordinated[id]!.transaction
    coordinated[id]!.logs.insert(log)
    var last: Int64 = 0
    for record in records {
      last = logs[log.topic.rawValue][Int(log.partition)].append(record, transaction: transaction)
    }
    return .success(last)
  }

  /// AddOffsetsToTxn and TxnOffsetCommit: the coordinator checks member and generation, not who owns what.
  func sendOffsets(
    _ parts: [TransactionPart], member: GroupMetadata, by id: String, epoch: Int
  ) -> Result<Void, BrokerError> {
    if let error = join(id, epoch) { return .failure(error) }
    coordinated[id]!.hasOffsets = true
    if let error = group.check(member) {
      world.reach(error == .unknownMember ? .offsetsOfZombieRefused : .offsetsOfOldGenerationRefused)
      world.note("offsets of \(id) refused: \(error)")
      return .failure(error)
    }
    let transaction = coordinated[id]!.transaction
    coordinated[id]!.parts = parts
    for part in parts { group.pend(part.end, of: part.partition, id) }
    world.note("offsets \(parts.map { "\($0.partition)@\($0.end)" }) pend in t\(transaction) of \(id)")
    return .success(())
  }

  /// EndTxn: answered when the decision is written; the markers follow, one by one and in any order.
  func endTransaction(_ id: String, epoch: Int, isCommit: Bool) -> Result<Void, BrokerError> {
    guard let producer = coordinated[id], producer.epoch == epoch else {
      if isCommit { world.reach(.fencedDuringCommit) }
      return .failure(.fencedProducer)
    }
    switch producer.state {
    case .ongoing:
      decide(id, isCommit: isCommit)
      return .success(())
    case .prepared(isCommit): return .failure(.concurrentTransactions)
    case .complete(isCommit): return .success(())
    case .empty where !isCommit: return .success(())
    case .empty, .prepared, .complete: return .failure(.invalidTransactionState)
    }
  }

  func expireTransactions() {
    for id in coordinated.keys.sorted() where coordinated[id]!.state == .ongoing {
      guard world.now - coordinated[id]!.startedAt > World.transactionTimeout else { continue }
      world.reach(.transactionTimedOut)
      world.note("transaction of \(id) timed out")
      coordinated[id]!.epoch += 1
      decide(id, isCommit: false)
    }
  }

  // MARK: Transitions

  /// Makes the producer's transaction one that is under way.
  private func join(_ id: String, _ epoch: Int) -> BrokerError? {
    guard let producer = coordinated[id], producer.epoch == epoch else { return .fencedProducer }
    switch producer.state {
    case .ongoing: return nil
    case .prepared:
      world.reach(.concurrentTransactions)
      return .concurrentTransactions
    case .empty, .complete:
      lastTransaction += 1
      coordinated[id]!.transaction = lastTransaction
      coordinated[id]!.state = .ongoing
      coordinated[id]!.startedAt = world.now
      coordinated[id]!.logs = []
      coordinated[id]!.hasOffsets = false
      coordinated[id]!.parts = []
      return nil
    }
  }

  private func decide(_ id: String, isCommit: Bool) {
    let producer = coordinated[id]!
    let transaction = producer.transaction
    decisions[transaction] = isCommit
    if isCommit { world.checkContinuity(producer.parts, of: id) }
    world.note("t\(transaction) of \(id): \(isCommit ? "commit" : "abort")")
    coordinated[id]!.state = .prepared(isCommit: isCommit)
    coordinated[id]!.markersMissing = producer.logs.count + (producer.hasOffsets ? 1 : 0)
    for log in producer.logs.sorted() {
      world.after(world.markerDelay()) { [unowned self] in
        logs[log.topic.rawValue][Int(log.partition)].end(transaction: transaction, isCommit: isCommit)
        world.note("marker t\(transaction) on \(log.topic)/\(log.partition)")
        markerWritten(id)
      }
    }
    if producer.hasOffsets {
      world.after(world.markerDelay()) { [unowned self] in
        completeOffsets(of: id, transaction, isCommit: isCommit)
        markerWritten(id)
      }
    }
    if coordinated[id]!.markersMissing == 0 { coordinated[id]!.state = .complete(isCommit: isCommit) }
  }

  /// The coordinator's own thread makes a transaction's offsets visible, one transaction after the other, and sometimes
  /// not before the marker is answered (KAFKA-17507).
  private func completeOffsets(of id: String, _ transaction: Int, isCommit: Bool) {
    lastCompletion = max(lastCompletion, world.now + world.completionDelay())
    let complete = { [unowned self] in
      group.end(id, isCommit: isCommit)
      world.note("offsets of t\(transaction) complete: \(group.committedText)")
    }
    guard lastCompletion > world.now else { return complete() }
    world.after(lastCompletion - world.now, complete)
  }

  private func markerWritten(_ id: String) {
    coordinated[id]!.markersMissing -= 1
    guard coordinated[id]!.markersMissing == 0, case .prepared(let isCommit) = coordinated[id]!.state else {
      return
    }
    coordinated[id]!.state = .complete(isCommit: isCommit)
  }
}
