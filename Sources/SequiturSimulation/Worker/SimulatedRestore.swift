import PartitionEngine
import Sequitur

/// What a restore ends with.
struct SimulatedRestored {
  let position: Int64
  let changelogPosition: Int64
  let incarnation: Int64?
  let input: InputCheck?
  let moves: [PositionMove]
  let isMoved: Bool
}

/// Carries out a restore machine's actions for one partition, as production's `RestoreJob`.
final class SimulatedRestore {
  let term: AssignmentMachine.Term
  var partition: Int32 { term.partition }
  private let worker: SimulatedWorker
  /// The partition was served before under the same assignment: the consumer must go back.
  let isAgain: Bool
  private let store: SimulatedStore
  private var process: SimulatedProcess { worker.process }
  private var world: World { worker.world }
  private var machine: RestoreMachine
  private let applier = ChangelogApplier(schemaVersion: 1)
  private var changelogPosition: Int64 = 0
  private var hasStored = false
  private var earlyBounds: (logStart: Int64, highWatermark: Int64)?
  private var cancelled: (() -> Void)?
  private var isRunning = true

  init(worker: SimulatedWorker, _ start: AssignmentMachine.Start) {
    self.worker = worker
    term = start.term
    isAgain = start.isAgain
    store = worker.disk.stores[Int(term.partition)]
    machine = worker.world.newRestoreMachine()
  }

  /// Waits for the drains on their way, then begins.
  func start() {
    guard !endsCancelled() else { return }
    guard world.mutation != .restoreDoesNotWaitForDrains else { return begin() }
    worker.drainer.settle(partition) { [self] in begin() }
  }

  /// What was restored stays; calls `done` when the restore has stopped.
  func cancel(then done: @escaping () -> Void) {
    guard isRunning else { return done() }
    cancelled = done
  }

  /// It is over: its partition is served, was refused, or is not wanted any more.
  func end() {
    guard isRunning else { return }
    isRunning = false
    worker.restores[term] = nil
    cancelled?()
  }

  private func begin() {
    guard !endsCancelled() else { return }
    let stored = store.current.position
    changelogPosition = stored?.changelogOffset ?? 0
    hasStored = stored != nil
    let action = machine.start(stored: world.mutation == .incarnationNotCompared ? stored?.anonymous : stored)
    guard world.mutation == .boundsBeforeGroupPosition else { return perform(action) }
    readBounds { [self] bounds in
      earlyBounds = bounds
      perform(action)
    }
  }

  private func perform(_ action: RestoreMachine.Action) {
    guard !endsCancelled() else { return }
    switch action {
    case .readGroupPosition: readGroupPosition()
    case .readBounds:
      if let earlyBounds {
        perform(machine.boundsRead(logStart: earlyBounds.logStart, highWatermark: earlyBounds.highWatermark))
      } else {
        readBounds { [self] in
          perform(machine.boundsRead(logStart: $0.logStart, highWatermark: $0.highWatermark))
        }
      }
    case .setAside(let mismatch):
      guard mismatch.isOrdinary || world.damagedPartitions.contains(partition) else {
        return world.fail("partition \(partition) is set aside: \(mismatch)")
      }
      world.note("\(process.name) sets \(partition) aside: \(mismatch)")
      if case .otherIncarnation = mismatch { world.reach(.replacedChangelogRebuilt) }
      if case .positionWentBack = mismatch { world.reach(.earlierCheckpointRebuilt) }
      store.removeAll()
      hasStored = false
      perform(machine.storeSetAside())
    case .read(let from, let target):
      world.note("\(process.name) restores \(partition) from \(from) to \(target)")
      if from == target, let end = machine.positionReached(from) { return perform(end) }
      if hasStored { world.reach(.restoreOfTailOnly) }
      fetch(from: from, target: target)
    case .readAborted(let from, let target): readAborted(from: from, target: target)
    case .readInputBounds: readInputBounds()
    case .readLastCommand(let last): readLastCommand(last)
    case .serve(let position): serve(position)
    case .refuse(let fault): refuse(fault)
    }
  }

  /// A refused partition stays assigned and is not served.
  private func refuse(_ fault: RestoreFault) {
    if case .inputChanged(let change) = fault, world.refusesInput(of: partition, change) {
      return endRefused(fault)
    }
    guard world.damagedPartitions.contains(partition) else {
      if case .changelogLost(let checkpoint, let position) = fault, isTraceGone(checkpoint, position) {
        world.note("\(process.name) refuses \(partition), and an operator sets the group back: \(fault)")
        world.kafka.group.setBack(partition, to: checkpoint)
        return startAgain()
      }
      return world.fail("partition \(partition) is refused: \(fault)")
    }
    world.reach(world.profile.damage == .truncated ? .truncatedChangelogRefused : .recreatedChangelogRefused)
    endRefused(fault)
  }

  private func endRefused(_ fault: RestoreFault) {
    world.note("\(process.name) refuses \(partition): \(fault)")
    worker.refused(self, fault)
  }

  /// The restore is made again from its beginning.
  private func startAgain() {
    machine = world.newRestoreMachine()
    worker.failed(self)
  }

  private func readGroupPosition() {
    retrying(.groupPosition) { [self] in
      world.kafka.group.position(of: partition)
    } _: { [self] position in
      groupPosition = position
      perform(machine.groupPositionRead(position))
    }
  }

  private var groupPosition: Int64?

  /// The high watermark, not the last stable offset (KAFKA-10167).
  private func readBounds(_ body: @escaping ((logStart: Int64, highWatermark: Int64)) -> Void) {
    retrying(.bounds) { [self] in
      let log = world.kafka.log(.changelog, partition)
      if log.openTransactions.contains(where: { world.kafka.decisions[$0] == true }) {
        world.reach(.markerLateOnChangelog)
      }
      let isMutated = world.mutation == .lastStableOffsetAsTarget
      return .success((log.logStart, isMutated ? log.stableOffset : log.highWatermark))
    } _: {
      body($0)
    }
  }

  private func fetch(from offset: Int64, target: Int64) {
    let isCommittedOnly = world.mutation != .restoreReadsUncommitted
    retrying(.changelogFetch) { [self] in
      world.kafka.log(.changelog, partition).read(
        from: offset, max: 10, isCommittedOnly: isCommittedOnly)
    } _: { [self] fetched in
      if fetched.hasGap { world.reach(.restoreOverGaps) }
      var action: RestoreMachine.Action?
      guard process.attempt(.restoreWrite, { action = apply(fetched, from: offset) }) else {
        if !process.isDead {
          world.reach(.restoreWriteFailed)
          startAgain()
        }
        return
      }
      if let action { return perform(action) }
      process.after(fetched.position == offset ? 20 : 1) { [self] in
        if !endsCancelled() { fetch(from: fetched.position, target: target) }
      }
    }
  }

  private func readAborted(from offset: Int64, target: Int64) {
    retrying(.changelogFetch) { [self] in
      world.kafka.log(.changelog, partition).read(
        from: offset, max: Int(target - offset), isCommittedOnly: false)
    } _: { [self] fetched in
      let positions = Self.checkpoints(fetched)
      if world.mutation == .abortedPositionBelieved { return perform(machine.abortedRead(positions: [])) }
      if let groupPosition, positions.contains(groupPosition) { world.reach(.abortedPositionSeen) }
      perform(machine.abortedRead(positions: positions))
    }
  }

  /// The positions of all checkpoints that were fetched, also of aborted ones.
  private static func checkpoints(_ fetched: SimulatedLog.Fetched) -> [Int64] {
    fetched.records.compactMap { _, record in
      var object = ByteWriter()
      let content = try? record.withViews {
        try ChangelogRecord.decode(key: $0, value: $1, headers: $2, into: &object)
      }
      guard case .checkpoint(let checkpoint) = content else { return nil }
      return checkpoint.position
    }
  }

  /// Whether the group shows the position of an aborted transaction whose records compaction has taken: nothing was lost, and
  /// nobody can tell (docs/state.md).
  private func isTraceGone(_ checkpoint: Int64?, _ position: Int64) -> Bool {
    let log = world.kafka.log(.changelog, partition)
    let all = log.fetch(from: log.logStart, max: .max, isCommittedOnly: false)
    return world.profile.troubles.contains(.completionsLate)
      && world.committed[Int(partition)].position == checkpoint && !Self.checkpoints(all).contains(position)
  }

  /// Writes what was fetched and the position it leads to, in one batch.
  private func apply(_ fetched: SimulatedLog.Fetched, from offset: Int64) -> RestoreMachine.Action? {
    guard fetched.position > offset, !endsCancelled() else { return nil }
    var changes: [StoreChange] = []
    for (offset, record) in fetched.records {
      var object = ByteWriter()
      let decoded = try? record.withViews {
        try ChangelogRecord.decode(key: $0, value: $1, headers: $2, into: &object)
      }
      guard let decoded,
        let change = try? applier.change(by: mutated(decoded), object.bytes, at: offset, &machine)
      else {
        world.fail("the changelog record at \(offset) cannot be applied")
        continue
      }
      switch change {
      case .put:
        let bytes = Array(object.bytes)
        changes.append(StoreChange(key: record.key!, record: decoded == .object ? mutated(bytes) : bytes))
      case .forget: changes.append(StoreChange(key: record.key!, record: nil))
      case .none: break
      case .end(let action): return action
      }
    }
    changelogPosition = fetched.position
    if let stored = applier.position(at: changelogPosition, machine) {
      store.write(changes, position: stored)
    }
    let isMutated = world.mutation == .restoreWaitsForLastRecord
    return machine.positionReached(isMutated ? (fetched.records.last?.offset ?? -1) + 1 : changelogPosition)
  }

  private func mutated(_ record: [UInt8]) -> [UInt8] {
    var copy = ByteWriter()
    record.withUnsafeBytes { bytes in
      let object = ObjectRecord(bytes)
      let isWithoutIDs = world.mutation == .commandIDsNotRestored
      ObjectRecord.append(
        to: &copy, version: world.mutation == .versionNotRestored ? 1 : object.version,
        commandIDs: isWithoutIDs ? UnsafeRawBufferPointer(start: nil, count: 0) : object.commandIDs)
      copy.append(object.state)
    }
    return Array(copy.bytes)
  }

  private func mutated(_ content: ChangelogRecord.Content) -> ChangelogRecord.Content {
    switch (world.mutation, content) {
    case (.gravesNotRestored, .grave): .forgotten
    case (.earlierCheckpointBelieved, .checkpoint(let checkpoint)):
      .checkpoint(
        CheckpointRecord(
          position: max(checkpoint.position, store.current.position?.commandPosition ?? 0),
          partitions: checkpoint.partitions, incarnation: checkpoint.incarnation))
    default: content
    }
  }

  private func readInputBounds() {
    retrying(.inputBounds) { [self] in
      let log = world.kafka.log(.commands, partition)
      return .success(
        (
          world.mutation == .inputStartNotCompared ? 0 : log.logStart,
          world.mutation == .inputEndNotCompared ? .max : log.highWatermark
        ))
    } _: { [self] (bounds: (logStart: Int64, end: Int64)) in
      perform(machine.inputBoundsRead(logStart: bounds.logStart, end: bounds.end))
    }
  }

  private func readLastCommand(_ last: LastCommand) {
    retrying(.commandFetch) { [self] in
      .success(world.kafka.log(.commands, partition).find(last.offset, of: partition))
    } _: { [self] (found: InputCheck.Found) in
      perform(machine.lastCommandRead(world.mutation == .lastCommandNotCompared ? .command(last) : found))
    }
  }

  private func serve(_ position: Int64?) {
    guard process.attempt(.serve, {}) || !process.isDead else { return }
    if groupPosition == nil, position != nil { world.reach(.checkpointOutlivesOffsets) }
    world.note("\(process.name) serves \(partition) from \(position ?? 0)")
    if let metadata = worker.membership.confirmedMetadata, world.kafka.group.check(metadata) == nil {
      world.checkRestored(
        partition, store, position: machine.overruled == nil ? position : machine.moves.last?.from)
      world.checkInput(partition)
    }
    if machine.overruled != nil { world.reach(.lostCommandsAccepted) }
    worker.serve(
      self,
      SimulatedRestored(
        position: position ?? 0, changelogPosition: changelogPosition, incarnation: machine.incarnation,
        input: machine.inputCheck, moves: machine.moves, isMoved: machine.overruled != nil))
  }

  // MARK: Ports

  private func retrying<Answer>(
    _ step: SimulationStep, _ request: @escaping () -> Result<Answer, BrokerError>,
    _ body: @escaping (Answer) -> Void
  ) {
    process.call(step, request) { [self] answer in
      guard !endsCancelled() else { return }
      switch answer {
      case .success(let value): body(value)
      case .failure:
        world.reach(.restoreRetried)
        process.after(25) { [self] in
          if !endsCancelled() { retrying(step, request, body) }
        }
      }
    }
  }

  private func endsCancelled() -> Bool {
    guard isRunning else { return true }
    guard cancelled != nil else { return false }
    end()
    return true
  }
}
