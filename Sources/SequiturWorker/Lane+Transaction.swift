import PartitionEngine
import Sequitur

extension Lane {
  /// Seals the open transaction and hands it to the committer, when the policy says so.
  func sendIfDue(hasMore: Bool) {
    guard
      let reason = policy.reasonToSend(
        commands: open.commands, bytes: openBytes, age: open.openedAt.map { .now - $0 } ?? .zero,
        isCommitting: isCommitting, hasMore: hasMore, isStopping: !waiters.isEmpty)
    else { return }
    statistics.transactionClosed(reason)
    seal()
    guard !open.parts.isEmpty, let empty = spare.take() else { return }
    var full = empty
    swap(&full, &open)
    sentRejections = openRejections
    openRejections = [:]
    isCommitting = true
    committer?.submit(full)
  }

  private func seal() {
    for actor in partitions.values.sorted(by: { $0.partition < $1.partition }) {
      guard let part = actor.seal(into: &open.output) else { continue }
      open.parts.append(part)
      sent[part.partition] = actor
    }
  }

  /// The committer is done with the transaction it had.
  func transactionEnded() {
    guard let finished = committer?.takeFinished() else { return }
    isCommitting = false
    let result = finished.result
    var transaction = finished.transaction
    switch result.ending {
    case .committed: committed(transaction, result)
    case .discarded: dropOpenTransaction()
    }
    sent.removeAll()
    transaction.removeAll()
    spare = consume transaction
    resumeWaiters()
  }

  /// Lets those who wait for a transaction's end look again.
  func resumeWaiters() {
    let waiting = waiters
    waiters = []
    for waiter in waiting { waiter.resume() }
  }

  private func committed(_ transaction: borrowing PreparedTransaction, _ result: TransactionResult) {
    var positions: [Int32: Int64] = [:]
    for part in transaction.parts {
      guard let actor = sent[part.partition] else { continue }
      actor.commit(checkpointOffset: result.checkpointOffsets[part.partition])
      if partitions[part.partition] === actor { positions[part.partition] = part.end }
      events.committed(part.partition, part.end)
    }
    statistics.transactionEnded(
      accepted: transaction.accepted, rejected: sentRejections, duration: result.duration,
      positions: positions)
  }

  /// Begins the drains that are due.
  func drainPartitions() {
    if partitions.values.contains(where: \.isStoreLost) { dropOpenTransaction() }
    // At half of the limit all partitions are drained that have their share of it.
    let half = max(limits.undrainedBytesMax / 2, 1)
    let threshold = undrainedBytes >= half ? max(half / (2 * max(partitions.count, 1)), 1) : half
    for actor in partitions.values {
      let job = actor.takeDrain(ifOver: threshold, orOlderThan: limits.undrainedAgeMax)
      if let job { drainer.submit(job) }
    }
  }
}
