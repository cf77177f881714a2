import KafkaClient
import PartitionEngine

extension Lane {
  /// Takes what has arrived, processes it, and sends the open transaction when it is time.
  func turn() {
    if let fullness = fullness {
      sendIfDue(hasMore: true)
      if fullness == .waitsForCommit { executor.wait(atMost: LaneLimits.idleWait) }
      return drainPartitions()
    }
    if nextMessage < source.messages.count {
      processBatch()
    } else {
      receive()
    }
    sendIfDue(hasMore: nextMessage < source.messages.count || mayHaveMore)
    drainPartitions()
    reportEnds()
  }

  private enum Fullness {
    case canBeSent
    case waitsForCommit
  }

  /// Why nothing more can be taken in now; `nil`: it can.
  private var fullness: Fullness? {
    if let until = storePause {
      if ContinuousClock.now < until { return .waitsForCommit }
      storePause = nil
    }
    if isUndrainedFull { return .waitsForCommit }
    guard policy.fullness(commands: open.commands, bytes: openBytes) != nil else { return nil }
    return isCommitting ? .waitsForCommit : .canBeSent
  }

  var openBytes: Int {
    partitions.values.reduce(open.output.byteCount) { $0 + $1.openByteCount }
  }

  /// Whether the partitions' undrained objects are at their limit: the store is behind.
  private var isUndrainedFull: Bool { undrainedBytes >= limits.undrainedBytesMax }

  /// Committed objects of all partitions that wait for a drain.
  var undrainedBytes: Int { partitions.values.reduce(0) { $0 + $1.undrainedByteCount } }

  /// Takes from the next partition of the round that has something. Waits when a whole round had nothing.
  private func receive() {
    nextMessage = source.messages.count
    stale.removeAll()
    while let partition = rotation.next() {
      guard !leaving.contains(partition), let actor = partitions[partition] else { continue }
      source.take(from: actor.queue)
      nextMessage = 0
      guard source.messages.isEmpty else {
        round.hasFound = true
        round.hasBacklog = round.hasBacklog || source.isFull
        mayHaveMore = !rotation.isRoundOver || round.hasBacklog
        return processBatch()
      }
    }
    mayHaveMore = round.hasBacklog
    let isIdle = !round.hasFound
    round = Round()
    if isIdle, open.commands == 0 || isCommitting { executor.wait(atMost: LaneLimits.idleWait) }
  }

  /// Processes the batch from `nextMessage` on, run by run of one partition.
  private func processBatch() {
    while nextMessage < source.messages.count {
      let partition = source.messages[nextMessage].partition
      if !source.messages[nextMessage].isRecord {
        noteEvent(at: nextMessage)
        nextMessage += 1
        continue
      }
      let end = endOfRun(from: nextMessage, partition)
      guard let actor = partitions[partition], !leaving.contains(partition), !stale.contains(partition)
      else {
        // The partition is not served here any more, or from another position: these are read again.
        nextMessage = end
        continue
      }
      guard process(actor, nextMessage..<end) else { return }
    }
  }

  /// Processes a run; returns false when the lane has to do something else first.
  private func process(_ actor: PartitionActor, _ run: Range<Int>) -> Bool {
    if open.openedAt == nil { open.openedAt = .now }
    let room = limits.transactionCommandsMax - open.commands
    let bounded = run.lowerBound..<min(run.upperBound, run.lowerBound + max(room, 0))
    let result = actor.process(
      source.messages, bounded, into: &open.output, outputBytesMax: limits.transactionBytesMax)
    nextMessage += result.messages
    open.commands += result.commands
    open.accepted += result.accepted
    for (code, count) in result.rejected { openRejections[code, default: 0] += count }
    if let fault = result.fault {
      logger.error(
        "the store cannot be read", metadata: ["partition": "\(actor.partition)", "error": "\(fault)"])
      if fault.isDamage {
        events.storeDamaged(actor.partition)
        dropOpenTransaction()
        return false
      }
      storePause = .now + LaneLimits.storePause
    }
    return result.messages == run.count
  }

  private func endOfRun(from start: Int, _ partition: Int32) -> Int {
    var end = start + 1
    while end < source.messages.count, source.messages[end].partition == partition,
      source.messages[end].isRecord
    { end += 1 }
    return end
  }

  private func noteEvent(at index: Int) {
    let message = source.messages[index]
    if message.isEndOfPartition {
      let partition = message.partition
      // Of a partition that was detached, what lies before its end may have been discarded.
      guard partitions[partition] != nil, !leaving.contains(partition), !stale.contains(partition) else {
        return
      }
      endsReached[partition] = message.offset
    } else if let error = message.error {
      logger.warning("a fetch failed", metadata: ["error": "\(error)"])
    }
  }

  /// Tells the worker of the ends that were reached, once all before them is committed.
  private func reportEnds() {
    guard !endsReached.isEmpty, open.commands == 0, !isCommitting else { return }
    for (partition, offset) in endsReached { events.committed(partition, offset) }
    endsReached.removeAll()
  }
}
