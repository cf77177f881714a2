import KafkaClient
import PartitionEngine

extension Lane {
  /// Takes what has arrived, processes it, sends the open transaction when it is time, and waits when there is nothing
  /// to do.
  func turn() {
    passOnObjectBytesMax()
    if let outputLimits {
      machine.bound(
        commands: outputLimits.isSearching
          ? outputLimits.commandsMax(of: machine.partitions.map(\.partition)) : nil)
    }
    if machine.beginTurn(outputBytes: open.output.memoryByteCount, at: now) {
      if nextMessage == batch.count { receive() }
      processBatch()
    }
    sendIfDue()
    for actor in machine.takeDueDrains(at: now) { drain(actor) }
    reportEnds()
    if machine.waits { executor.wait(atMost: LaneLimits.idleWait) }
  }

  /// Takes from the next partition of the round that has something.
  private func receive() {
    var hasLooked = false
    while let actor = machine.nextPartition() {
      hasLooked = true
      actor.queue.consumeBatch(into: &batch, timeout: .zero)
      nextMessage = 0
      guard batch.isEmpty else {
        if !refusedInputs.isEmpty { inputTaken(actor) }
        sourcePartition = actor
        intake.took(batch.count, bytes: batch.byteCount, of: actor.partition)
        return machine.took(isFull: batch.isFull)
      }
    }
    if hasLooked { intake.foundNothing() }
  }

  /// Processes the batch from `nextMessage` on, until something else has to be done first.
  private func processBatch() {
    guard let actor = sourcePartition else { return }
    while nextMessage < batch.count {
      guard machine.serves(actor) else {
        // It is not served any more, or from another position: these are read again.
        nextMessage = batch.count
        return sourcePartition = nil
      }
      let end = endOfRun(from: nextMessage)
      if end == nextMessage {
        noteEvent(at: nextMessage, of: actor)
        nextMessage += 1
      } else if !process(actor, nextMessage..<end) {
        return
      }
    }
  }

  /// Processes a run; returns false when the lane has to do something else first.
  private func process(_ actor: PartitionActor, _ run: Range<Int>) -> Bool {
    let bounded = run.prefix(machine.room)
    let result = actor.process(
      batch, bounded, into: &open.output, outputBytesMax: limits.transactionBytesMax)
    if let tracer { trace(bounded.prefix(result.messages), tracer) }
    nextMessage += result.messages
    machine.processed(result.commands, at: now)
    open.accepted += result.accepted
    for (code, count) in result.rejected { openRejections[code, default: 0] += count }
    if !result.deciderErrors.isEmpty { events.deciderFailed(actor.partition, result.deciderErrors) }
    if let fault = result.fault {
      logger.error(
        "the store cannot be read", metadata: ["partition": "\(actor.partition)", "error": "\(fault)"])
      if fault.isDamage {
        events.storeDamaged(actor.partition)
        perform(machine.storeLost())
      } else {
        machine.pause(until: now + LaneLimits.storePause)
        activity.paused(until: .now + LaneLimits.storePause, why: "\(fault)")
      }
    }
    return result.messages == run.count
  }

  /// Commands of the open transaction were processed.
  private func trace(_ messages: Range<Int>, _ tracer: WorkerTracer) {
    var trace = openTrace ?? tracer.transaction(lane: index)
    for index in messages where trace.hasRoom { trace.link(batch[index]) }
    openTrace = trace
  }

  /// Where the run of records ends that begins at `start`; there, when that is none.
  private func endOfRun(from start: Int) -> Int {
    var end = start
    while end < batch.count, batch[end].isRecord { end += 1 }
    return end
  }

  private func noteEvent(at index: Int, of actor: PartitionActor) {
    let message = batch[index]
    if message.isEndOfPartition {
      endsReached[actor.partition] = message.offset
    } else if let error = message.error {
      logger.warning("a fetch failed", metadata: error.logged)
      if error.isMissingRight {
        refusedInputs.insert(actor.partition)
        statistics.inputRefused(actor.partition, error)
      }
      if [.autoOffsetReset, .offsetOutOfRange].contains(error.code) { events.inputLost(actor) }
    }
  }

  /// A batch has come, of records or of an error again.
  private func inputTaken(_ actor: PartitionActor) {
    guard batch[0].error == nil, refusedInputs.remove(actor.partition) != nil else { return }
    statistics.inputTaken(actor.partition)
  }

  /// Tells the worker of the ends that were reached, once all before them is committed.
  private func reportEnds() {
    guard !endsReached.isEmpty, machine.openCommands == 0, !machine.isCommitting else { return }
    for (partition, offset) in endsReached { events.committed(partition, offset) }
    endsReached.removeAll()
  }
}
