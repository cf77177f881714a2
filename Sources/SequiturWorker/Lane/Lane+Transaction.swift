import PartitionEngine
import Sequitur

extension Lane {
  /// Seals the open transaction and hands it to the committer, when the machine says so.
  func sendIfDue() {
    let reason = machine.reasonToSend(
      outputBytes: open.output.memoryByteCount, hasRest: nextMessage < batch.count, at: now)
    guard let reason, let empty = spare.take() else { return }
    open.commands = machine.openCommands
    statistics.transactionClosed(reason, commands: open.commands, bytes: open.output.memoryByteCount)
    machine.send()
    for actor in machine.sent { open.parts.append(actor.seal(into: &open.output)) }
    var full = empty
    swap(&full, &open)
    sentRejections = openRejections
    openRejections = [:]
    sentTrace = openTrace
    openTrace = nil
    committer?.submit(full)
  }

  func endTrace(_ trace: inout TransactionTrace?, commands: Int, accepted: Int, isCommitted: Bool) {
    trace?.end(commands: commands, accepted: accepted, isCommitted: isCommitted)
    trace = nil
  }

  /// The committer is done with the transaction it had.
  func transactionEnded() {
    guard let finished = committer?.takeFinished() else { return }
    let result = finished.result
    var transaction = finished.transaction
    let isCommitted = result.ending == .committed
    endTrace(
      &sentTrace, commands: transaction.commands, accepted: transaction.accepted, isCommitted: isCommitted)
    if isCommitted { committed(transaction, result) } else { statistics.transactionDiscarded() }
    transaction.removeAll()
    spare = consume transaction
    perform(machine.transactionEnded(isCommitted: isCommitted))
  }

  private func committed(_ transaction: borrowing PreparedTransaction, _ result: TransactionResult) {
    var positions: [Int32: Int64] = [:]
    for (actor, part) in zip(machine.sent, transaction.parts) {
      actor.commit(checkpointOffset: result.checkpointOffsets[part.partition])
      if machine.partition(part.partition) === actor { positions[part.partition] = part.end }
      if let offset = result.checkpointOffsets[part.partition] {
        statistics.checkpointed(part.partition, at: offset)
      }
      events.committed(part.partition, part.end)
      events.known(part)
    }
    statistics.transactionEnded(
      accepted: transaction.accepted, rejected: sentRejections, duration: result.duration,
      positions: positions)
    activity.undrained(machine.partitions.reduce(0) { $0 + $1.undrainedByteCount })
  }
}
