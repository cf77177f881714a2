import PartitionEngine
import Sequitur
import SequiturTesting

/// What must hold (docs/guarantees.md), checked by code that shares nothing with the engine.
extension World {
  private func commands(of partition: Int) -> [(offset: Int64, record: LogRecord)] {
    let log = kafka.log(.commands, Int32(partition))
    return log.fetch(from: 0, max: .max, isCommittedOnly: false).records
  }

  /// Whether every command was committed, and no transaction or marker is under way.
  var isQuiet: Bool {
    guard commandsSent == profile.commands else { return false }
    for partition in 0..<Int32(profile.partitions) {
      let end = kafka.log(.commands, partition).highWatermark
      // Not the group's position: that may have expired.
      guard isExempt(partition) || committed[Int(partition)].position ?? 0 == end else { return false }
      for topic in SimulatedKafka.Topic.allCases
      where kafka.log(topic, partition).hasOpenTransactions { return false }
      if brokenInputs.contains(partition), isServed(partition) { return false }
    }
    return workers.allSatisfy { $0.process.isDead || $0.isQuiet }
  }

  /// Whether a worker serves the partition.
  private func isServed(_ partition: Int32) -> Bool {
    workers.contains { worker in
      !worker.process.isDead && worker.lane(serving: partition) != nil
    }
  }

  var missingOutcomes: String {
    (0..<Int32(profile.partitions)).map { partition in
      let end = kafka.log(.commands, partition).highWatermark
      return "\(partition): \(committed[Int(partition)].position ?? 0) of \(end)"
        + (brokenInputs.contains(partition) && isServed(partition)
          ? " (served, though not the same commands)" : "")
    }.joined(separator: ", ") + " are committed"
      + workers.filter { !$0.process.isDead && !$0.isQuiet }.map {
        ", \($0.process.name) is busy: \($0.state)"
      }
      .joined()
  }

  /// Guarantees 1, 2, 3 and 7: the topics are what a model makes of the commands, and the stores too.
  func checkTheEnd() {
    checkOrders()
    for partition in 0..<profile.partitions where !isExempt(Int32(partition)) {
      let model = OutcomeModel(
        partition: partition, commands: commands(of: partition), lost: lostCommands[Int32(partition)])
      for situation in SimulationSituation.allCases where model.situations.contains(situation) {
        reach(situation)
      }
      check(.valid, partition, model.valid, OutcomeModel.event)
      check(.invalid, partition, model.invalid, OutcomeModel.rejection)
      if committed[partition].isUnreadable { fail("a changelog record cannot be decoded") }
      let position = committed[partition].position
      if let difference = difference(committed[partition].records, model.records) {
        return fail("state is not the fold of the events in partition \(partition): \(difference)")
      }
      let end = kafka.log(.commands, Int32(partition)).highWatermark
      guard position ?? 0 == end else {
        return fail("the last checkpoint of partition \(partition) is \(position ?? 0), not \(end)")
      }
    }
    for worker in workers where !worker.process.isDead { worker.checkStores() }
    for view in views { view.checkTheEnd() }
    for newcomer in newcomers { newcomer.checkTheEnd() }
  }

  private func check(
    _ topic: SimulatedKafka.Topic, _ partition: Int, _ expected: [String], _ text: (LogRecord) -> String
  ) {
    let found = kafka.log(topic, Int32(partition)).fetch(from: 0, max: .max, isCommittedOnly: true).records
      .map { text($0.record) }
    guard found != expected else { return }
    let index = zip(found, expected).prefix { $0 == $1 }.count
    fail(
      "outcome \(index) on \(topic)/\(partition) should be '\(index < expected.count ? expected[index] : "none")'"
        + " but is '\(index < found.count ? found[index] : "none")'")
  }

  /// Guarantee 1, whenever a commit is decided: each partition's commands are continued from where the decided
  /// commit before ended. What an owner makes that was fenced off would begin elsewhere.
  func checkContinuity(_ parts: [TransactionPart], of id: String) {
    for part in parts {
      let expected = decidedPositions[Int(part.partition)]
      guard part.start == expected else {
        return fail(
          "\(id) commits commands \(part.start) to \(part.end) of partition \(part.partition), but those below "
            + "\(expected) have their outcomes")
      }
      decidedPositions[Int(part.partition)] = part.end
    }
  }

  /// Guarantees 3 and 6, when a partition begins to be served: what was restored is all that counts.
  ///
  /// Asked only of members of the group's present generation that were told what it assigns: a zombie may restore what was,
  /// since nothing that it makes of it can be committed.
  func checkRestored(_ partition: Int32, _ store: SimulatedStore, position: Int64?) {
    let checkpoint = committed[Int(partition)].position
    guard position == checkpoint else {
      return fail(
        "partition \(partition) is served from \(position ?? 0), but the changelog's checkpoint is "
          + "\(checkpoint ?? 0)")
    }
    if let difference = difference(store.current.records, committed[Int(partition)].records) {
      fail("the restored store of partition \(partition) is not what was committed: \(difference)")
    }
  }

  /// Guarantees 3, 4 and 5, after every write and every crash: a store holds what was committed below its
  /// position, or newer committed objects.
  func checkStore(_ partition: Int32, _ content: SimulatedStore.Content) {
    guard !damagedPartitions.contains(partition) else { return }
    let position = content.position?.changelogOffset ?? 0
    guard let key = committed[Int(partition)].unexplained(content.records, at: position) else { return }
    fail(
      "the store of partition \(partition), which stands for changelog offset \(position), has "
        + "'\(String(decoding: key, as: UTF8.self))' \(text(content.records[key])), which is older or not committed"
    )
  }

  /// Guarantee 4: everything in a store is, or was, a committed object.
  func checkClean(_ partition: Int32, _ changes: [StoreChange]) {
    for change in changes {
      guard let record = change.record, !committed[Int(partition)].has(change.key, record) else { continue }
      return fail(
        "an uncommitted state of '\(String(decoding: change.key, as: UTF8.self))' reached the store of "
          + "partition \(partition)")
    }
  }

  func difference(_ found: [[UInt8]: [UInt8]], _ expected: [[UInt8]: [UInt8]]) -> String? {
    guard found != expected else { return nil }
    let keys = Set(found.keys).union(expected.keys).sorted { $0.lexicographicallyPrecedes($1) }
    let key = keys.first { found[$0] != expected[$0] }!
    return "'\(String(decoding: key, as: UTF8.self))' is \(text(found[key])), not \(text(expected[key]))"
  }

  private func text(_ record: [UInt8]?) -> String {
    guard let record else { return "absent" }
    return record.withUnsafeBytes { bytes in
      let object = ObjectRecord(bytes)
      return "\(String(decoding: object.state, as: UTF8.self)) at version \(object.version) with "
        + "\(object.commandIDs.count / ObjectRecord.commandIDBytes) ids"
    }
  }
}
