import PartitionEngine
import Sequitur
import SequiturTesting

/// What somebody does to a partition of the commands topic, and what must come of it.
extension World {
  /// Kills all workers, does it to one partition, and starts them again.
  func damageInputWhileStopped(_ damage: InputDamage) {
    note("all workers are killed")
    crashAll(startingAfter: 1500)
    after(1400) { [unowned self] in
      let partition = Int32(random.below(profile.partitions))
      let isServed = workers.contains { !$0.process.isDead && $0.disk.owner === $0.process }
      guard !isServed, !kafka.log(.changelog, partition).hasOpenTransactions else { return }
      self.damage(partition, damage)
    }
  }

  /// Does it to one partition that is served.
  func damageInputWhileRunning(_ damage: InputDamage) {
    guard now < SimulationProfile.faultsEnd else { return }
    let partition = Int32(random.below(profile.partitions))
    // A restore that has looked at the commands already would serve what was there then.
    let isRestored = workers.contains { worker in
      guard !worker.process.isDead else { return false }
      return worker.isRestoring(partition)
    }
    guard !isRestored else { return after(50) { [unowned self] in damageInputWhileRunning(damage) } }
    self.damage(partition, damage)
  }

  /// Does it to one partition that has been worked on, if it can be done.
  func damage(_ partition: Int32, _ damage: InputDamage) {
    let log = kafka.log(.commands, partition)
    guard let position = committed[Int(partition)].position, position > 2 else { return }
    let records = log.fetch(from: 0, max: .max, isCommittedOnly: false).records.map(\.record)
    switch damage {
    case .overtaken:
      // Records that nobody processed, sent by a producer that sends no more.
      for _ in 0..<3 { log.append(foreignCommand()) }
      let logStart = Int64(random.within(Int(position) + 1...Int(log.highWatermark)))
      log.truncate(before: logStart)
      if profile.acceptsLostCommands {
        lostCommands[partition] = position..<logStart
        decidedPositions[Int(partition)] = logStart
        return note("commands/\(partition) was deleted up to \(logStart), position \(position): accepted")
      }
    case .cleaned:
      log.truncate(before: Int64(random.within(1...Int(position))))
      reach(.processedCommandsDeleted)
      return note("commands/\(partition) was deleted up to \(log.logStart), position \(position)")
    case .copied:
      log.recreate()
      for record in records { log.append(record) }
      reach(.inputCopied)
      return note("commands/\(partition) was restored from a copy")
    case .recreated: log.recreate()
    case .truncated:
      log.recreate()
      for record in records.prefix(random.within(1...Int(position) - 1)) { log.append(record) }
    case .outgrown:
      guard profile.namesLastCommand else { return }
      log.recreate()
      while log.highWatermark < position + 2 { log.append(foreignCommand()) }
    }
    note("commands/\(partition) was \(damage), position \(position)")
    brokenInputs.insert(partition)
  }

  /// Whether more commands could make other commands of a partition longer than the position, where no checkpoint names the last
  /// command: that cannot be seen (``InputCheck``), so nobody sends them.
  func mayOutgrowUnseen(_ partition: Int32) -> Bool {
    brokenInputs.contains(partition) && !profile.namesLastCommand
  }

  private func foreignCommand() -> LogRecord {
    foreignCommands += 1
    return LogRecord(
      key: Array("k0".utf8), value: Array("add \(foreignCommands)".utf8), headers: [],
      timestamp: 1_000_000 + Int64(foreignCommands))
  }

  /// Whether what is told of a partition's commands is so.
  func refusesInput(of partition: Int32, _ fault: InputFault) -> Bool {
    guard brokenInputs.contains(partition) else { return false }
    switch fault {
    case .commandsDeleted: reach(.lostCommandsRefused)
    case .endsBelow: reach(.shorterInputRefused)
    case .otherCommand, .commandGone: reach(.otherInputRefused)
    }
    return true
  }

  /// Whether a partition is out of what is checked, since it must not be served any more.
  func isExempt(_ partition: Int32) -> Bool {
    damagedPartitions.contains(partition) || brokenInputs.contains(partition)
  }

  /// What a worker does with the commands of a restored partition; asked of members of the present generation.
  func checkInput(_ partition: Int32) {
    guard brokenInputs.contains(partition) else { return }
    // Checkpoints of old tell no command: a topic that has grown beyond the position since cannot be told from the one
    // that was there (docs/state.md).
    let (position, log) = (committed[Int(partition)].position ?? 0, kafka.log(.commands, partition))
    guard profile.namesLastCommand || !(log.logStart...log.highWatermark ~= position) else { return }
    fail("partition \(partition) is served, though its commands are not the ones that it had come to")
  }

  /// What was accepted stands in the last checkpoint.
  func checkOrders() {
    for (partition, lost) in lostCommands {
      let moves = committed[Int(partition)].moves
      let move = PositionMove(from: lost.lowerBound, to: lost.upperBound)
      guard committed[Int(partition)].position ?? 0 > lost.lowerBound, !moves.contains(move) else { continue }
      fail("commands \(lost) of partition \(partition) were given up, and the checkpoint does not say it")
    }
  }

  func newRestoreMachine() -> RestoreMachine {
    RestoreMachine(
      partitions: Int32(profile.partitions),
      decision: InputDecision(acceptsLostCommands: profile.acceptsLostCommands))
  }
}

extension SimulatedLog {
  /// What stands at an offset, as `CommandReader` finds it.
  func find(_ offset: Int64, of partition: Int32) -> InputCheck.Found {
    guard case .success(let fetched) = read(from: offset, max: 1, isCommittedOnly: false),
      let first = fetched.records.first, first.offset == offset
    else { return .nothing }
    return first.record.withCommand(at: CommandPosition(partition: partition, offset: offset)) {
      .command(LastCommand($0))
    }
  }
}

/// What becomes of a partition of the commands topic.
enum InputDamage: CaseIterable {
  /// `DeleteRecords`, or retention, beyond the position.
  case overtaken
  /// The same up to the position at most: nothing is lost.
  case cleaned
  /// Deleted and created again: empty.
  case recreated
  /// Restored from an older backup: the same records, but it ends below the position.
  case truncated
  /// Deleted, created again, and filled by others until it is longer than it was.
  case outgrown
  /// Restored from a backup with all its records.
  case copied
}
