import BlockingThreads
import PartitionEngine
import SequiturFollower
import SequiturTopics
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The heart of a view: takes what its follower brings, keeps it, and tells it.
///
/// The order is: write states and position · publish the position · tell listeners. All under one lock, so that a listener
/// that begins in between misses nothing and hears nothing twice. Readers do not take that lock.
final class ViewCore<Value: Sendable>: FollowSink {
  /// Thrown to read a partition from the beginning.
  struct Restart: Error {}

  private struct State {
    var store: (any ViewStore<Value>)?
    var slots: [Int32: ViewSlot<Value>] = [:]
    var listeners: [Int: ChangeListener<Value>] = [:]
    var nextListener = 0
    var mergedByFormer = 0
    var rebuilds = 0
    var kept = ViewLimits.tombstonesKept
    var hasEnded = false
    var end: (any Error)?
  }

  let configuration: ViewConfiguration
  let decode: @Sendable (ArraySlice<UInt8>) throws -> Value
  let shown = ShownTables<Value>()
  let waits = TokenWaits(asksEnds: false)
  private let state = Mutex(State())

  init(
    _ configuration: ViewConfiguration, decode: @escaping @Sendable (ArraySlice<UInt8>) throws -> Value
  ) {
    self.configuration = configuration
    self.decode = decode
  }

  // MARK: Beginning and end

  /// Opens what is not open, before a follower begins.
  func begin(
    _ partitions: [Int32], kept: Duration, open: () throws(ViewFault) -> any ViewStore<Value>
  ) throws(ViewFault) {
    try state.withLock { state throws(ViewFault) in
      state.kept = kept
      if state.store == nil {
        let store = try open()
        state.store = store
        for partition in partitions { try reopen(partition, store, &state) }
      }
    }
  }

  private func reopen(
    _ partition: Int32, _ store: any ViewStore<Value>, _ state: inout State
  ) throws(ViewFault) {
    let table = try store.open(partition, now: Self.now)
    var slot = ViewSlot(table, kept: state.kept)
    if let former = state.slots[partition] {
      slot.isFirstFilled = former.isFirstFilled
      slot.rebuilds = former.rebuilds
      // A write that failed may be there all the same, and was not told.
      if former.table.mark.position != table.mark.position || former.replacement != nil {
        for listener in state.listeners.values {
          listener.end(ViewFault.changesNotTold(partition: partition))
        }
      }
    } else {
      for listener in state.listeners.values { listener.addExisting(partition) }
    }
    state.slots[partition] = slot
    show(partition, slot)
  }

  /// The storage failed: it is opened again at the next ``begin(_:kept:open:)``.
  func closeStore() {
    let store = state.withLock { state in
      defer { state.store = nil }
      return state.store
    }
    store?.close()
  }

  /// The view has ended.
  func end(_ error: (any Error)?) {
    let (listeners, store) = state.withLock { state in
      state.hasEnded = true
      state.end = error
      return (state.listeners.values, state.store)
    }
    shown.end(error.map { "\($0)" } ?? "it was stopped.")
    for listener in listeners { listener.end(error) }
    waits.end()
    // What is not written down is only read again.
    try? noteCurrent()
    if case .directory = configuration.storage { store?.close() }
  }

  /// Writes down until when each partition is known to have missed nothing.
  private func noteCurrent() throws(ViewFault) {
    try state.withLock { state throws(ViewFault) in
      for slot in state.slots.values where slot.isReadable && slot.table.mark.position != nil {
        let mark = slot.table.mark
        try slot.table.write(
          [], ViewMark(position: mark.position, currentAt: slot.watch.currentAt, currentEnd: slot.watch.end))
      }
    }
  }

  /// Reads a partition from the beginning, beside what it holds.
  func rebuild(_ partition: Int32, because reason: String) throws(ViewFault) {
    try state.withLock { state throws(ViewFault) in try rebuild(partition, reason, &state) }
  }

  private func rebuild(_ partition: Int32, _ reason: String, _ state: inout State) throws(ViewFault) {
    guard let store = state.store, var slot = state.slots[partition] else { return }
    slot.rebuilds += 1
    guard slot.rebuilds <= ViewLimits.rebuildsMax else {
      throw .cannotRebuild(
        topic: configuration.topic.name, partition: partition, times: slot.rebuilds - 1, reason: reason)
    }
    configuration.logger.notice(
      "a partition of the view is read from the beginning",
      metadata: ["partition": "\(partition)", "reason": "\(reason)"])
    let table = try store.beginReplacement(of: partition, now: Self.now)
    slot.replacement = table
    slot.rebuildReason = reason
    slot.watch = TombstoneWatch(kept: state.kept, at: table.mark)
    slot.isCaughtUp = false
    slot.isWhole = true
    state.rebuilds += 1
    state.slots[partition] = slot
    show(partition, slot)
  }

  // MARK: What the follower brings

  func position(of partition: Int32) -> FollowPosition? {
    state.withLock { $0.slots[partition]?.filled.mark.position }
  }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) throws -> FollowVerdict {
    let entries = try decoded(batch, partition)
    try state.withLock { state throws(ViewFault) in
      guard var slot = state.slots[partition] else { return }
      let table = slot.filled
      var mark = table.mark
      let tells = slot.replacement == nil && !state.listeners.isEmpty
      let token = CommandToken(partition: partition, covering: new)
      let changes =
        tells ? try changes(entries, in: table, partition, token, isExisting: slot.isFirstFilled) : []
      if new == nil {
        slot.isWhole = false
        show(partition, slot)
      }
      mark.position = new ?? mark.position
      mark.currentAt = slot.watch.currentAt
      mark.currentEnd = slot.watch.end
      try table.write(entries, mark)
      slot.isWhole = new != nil
      state.slots[partition] = slot
      show(partition, slot)
      tell(changes, of: partition, table, state)
    }
    return .applied
  }

  func progressed(_ partition: Int32, _ status: FollowStatus) throws {
    let restarts = try state.withLock { state throws(ViewFault) -> Bool in
      guard var slot = state.slots[partition] else { return false }
      let former = slot.status?.currentAt
      slot.status = status
      state.slots[partition] = slot
      guard let currentAt = status.currentAt, currentAt != former, status.isCaughtUp, status.isWhole else {
        show(partition, slot)
        return false
      }
      let now = Self.now
      let moment = now - Int64((ContinuousClock.now - currentAt) / .milliseconds(1))
      guard slot.watch.current(at: moment, now: now, readTo: status.readTo) else {
        try rebuild(
          partition, "deletions may have been missed: more time passed than the changelog keeps them", &state)
        return true
      }
      try becameCurrent(partition, slot, &state)
      return false
    }
    if restarts { throw Restart() }
  }

  private func becameCurrent(
    _ partition: Int32, _ slot: ViewSlot<Value>, _ state: inout State
  ) throws(ViewFault) {
    var slot = slot
    slot.rebuilds = 0
    defer {
      state.slots[partition] = slot
      show(partition, slot)
    }
    // A changelog that was made anew and is empty yet says nothing about the objects.
    if slot.replacement != nil, slot.filled.mark.position == nil { return }
    let mark = slot.filled.mark
    let age = slot.watch.currentAt - slot.notedAt
    let isDue = age > Int64(min(ViewLimits.currentNoted, state.kept / 4) / .milliseconds(1))
    if mark.position != nil, mark.currentEnd == nil || isDue || slot.replacement != nil {
      try slot.filled.write(
        [],
        ViewMark(position: mark.position, currentAt: slot.watch.currentAt, currentEnd: slot.watch.end))
      try slot.filled.flush()
      slot.notedAt = slot.watch.currentAt
    }
    slot.isFirstFilled = false
    slot.isCaughtUp = true
    guard let replacement = slot.replacement, let store = state.store else { return }
    try store.replace(partition)
    let former = slot.table
    slot.table = replacement
    slot.replacement = nil
    show(partition, slot)
    if !state.listeners.isEmpty { try tellDifference(from: former, to: replacement, of: partition, state) }
    try store.dropReplaced(partition)
  }

  /// The states of a batch, of each key the last.
  private func decoded(_ batch: FollowBatch, _ partition: Int32) throws(ViewFault) -> [ViewEntry<Value>] {
    var last: [ArraySlice<UInt8>: Int] = [:]
    for index in 0..<batch.count { last[batch[index].key] = index }
    var entries: [ViewEntry<Value>] = []
    entries.reserveCapacity(last.count)
    for index in 0..<batch.count {
      let record = batch[index]
      let key = record.key
      guard last[key] == index else { continue }
      guard let bytes = record.value else {
        entries.append(ViewEntry(key: Array(key), object: nil, bytes: [], version: record.version))
        continue
      }
      do {
        let object = StoredObject(
          value: try decode(bytes), version: record.version ?? 0, digest: bytes.hashValue,
          byteCount: bytes.count)
        entries.append(ViewEntry(key: Array(key), object: object, bytes: bytes, version: record.version))
      } catch {
        throw .undecodable(
          topic: configuration.topic.name, partition: partition, offset: record.offset,
          key: ViewKey(bytes: key).description, version: record.version, reason: "\(error)")
      }
    }
    return entries
  }

  // MARK: Telling

  private func changes(
    _ entries: [ViewEntry<Value>], in table: any ViewTable<Value>, _ partition: Int32, _ token: CommandToken?,
    isExisting: Bool
  ) throws(ViewFault) -> [ChangeQueue<Value>.Entry] {
    var changes: [ChangeQueue<Value>.Entry] = []
    for entry in entries {
      let old = try table.object(entry.key)
      if let change = change(
        entry.key, partition, from: old, to: entry.object, entry.version, token, isExisting: isExisting)
      {
        changes.append(change)
      }
    }
    return changes
  }

  /// Nil when nothing changed.
  private func change(
    _ key: [UInt8], _ partition: Int32, from old: StoredObject<Value>?, to new: StoredObject<Value>?,
    _ version: UInt64?, _ token: CommandToken?, isExisting: Bool = false
  ) -> ChangeQueue<Value>.Entry? {
    if old?.version == new?.version, old?.digest == new?.digest { return nil }
    return ChangeQueue.Entry(
      change: ViewChange(
        key: ViewKey(bytes: key), partition: partition, old: old?.value, new: new?.value, version: version,
        position: token, isExisting: isExisting, count: 1),
      oldBytes: old?.byteCount ?? 0, newBytes: new?.byteCount ?? 0)
  }

  private func tell(
    _ changes: [ChangeQueue<Value>.Entry], of partition: Int32, _ table: any ViewTable<Value>, _ state: State
  ) {
    guard let first = changes.first else { return }
    for listener in state.listeners.values where listener.includesExisting || !first.change.isExisting {
      listener.offer(changes, of: partition) { table.isOrdered($0, before: $1) }
    }
  }

  private func tellDifference(
    from former: any ViewTable<Value>, to table: any ViewTable<Value>, of partition: Int32, _ state: State
  ) throws(ViewFault) {
    let token = CommandToken(partition: partition, covering: table.mark.position)
    var key: [UInt8]?
    while true {
      let page = try former.page(after: key, limit: ViewLimits.pageObjects)
      guard let last = page.last else { break }
      key = last.key
      var changes: [ChangeQueue<Value>.Entry] = []
      for (key, old) in page {
        let new = try table.object(key)
        if let change = change(key, partition, from: old, to: new, new?.version, token) {
          changes.append(change)
        }
      }
      tell(changes, of: partition, table, state)
    }
    key = nil
    while true {
      let page = try table.page(after: key, limit: ViewLimits.pageObjects)
      guard let last = page.last else { break }
      key = last.key
      var changes: [ChangeQueue<Value>.Entry] = []
      for (key, new) in page where try former.object(key) == nil {
        if let change = change(key, partition, from: nil, to: new, new.version, token) {
          changes.append(change)
        }
      }
      tell(changes, of: partition, table, state)
    }
  }

  // MARK: Listeners

  func listen(includingExisting: Bool) -> ChangeListener<Value> {
    state.withLock { state in
      state.nextListener += 1
      // Those that are opened later are added then.
      let partitions = includingExisting ? state.slots.keys.sorted() : nil
      let listener = ChangeListener<Value>(state.nextListener, configuration, existing: partitions)
      if state.hasEnded { listener.end(state.end) } else { state.listeners[listener.number] = listener }
      return listener
    }
  }

  func remove(_ listener: ChangeListener<Value>) {
    state.withLock { state in
      guard state.listeners.removeValue(forKey: listener.number) != nil else { return }
      state.mergedByFormer += listener.mergedCount
    }
  }

  /// Gives a listener the next objects of those that exist.
  func readExisting(for listener: ChangeListener<Value>) async throws {
    // A directory may block.
    try await withBlockingThread("view", throwing: { [self] in try readPage(for: listener) })
  }

  private func readPage(for listener: ChangeListener<Value>) throws(ViewFault) {
    try state.withLock { state throws(ViewFault) in
      guard let cursor = listener.cursor, let partition = cursor.partitions.first,
        let slot = state.slots[partition]
      else { return }
      let token = CommandToken(partition: partition, covering: slot.table.mark.position)
      var entries: [ChangeQueue<Value>.Entry] = []
      for (key, object) in try slot.table.page(after: cursor.key, limit: ViewLimits.pageObjects) {
        if let entry = change(
          key, partition, from: nil, to: object, object.version, token, isExisting: true)
        {
          entries.append(entry)
        }
      }
      listener.add(existing: entries)
    }
  }

  // MARK: Looking

  /// The objects behind a key, of all partitions, each partition at one moment.
  func page(after key: [UInt8]?, limit: Int, of only: Int32?) throws(ViewFault) -> ViewPage<Value> {
    try state.withLock { state throws(ViewFault) in
      var found: [(key: [UInt8], object: StoredObject<Value>, partition: Int32)] = []
      if let only, state.slots[only] == nil { throw .notFollowed(partition: only) }
      let slots = state.slots.filter { only == nil || $0.key == only }
      for (partition, slot) in slots {
        for (key, object) in try slot.table.page(after: key, limit: limit) {
          found.append((key, object, partition))
        }
      }
      if let table = slots.values.first?.table {
        found.sort { table.isOrdered($0.key, before: $1.key) }
      }
      let positions = slots.compactMapValues { $0.table.mark.position }
      var tokens: [Int32: CommandToken] = [:]
      for (partition, position) in positions {
        tokens[partition] = CommandToken(partition: partition, covering: position)
      }
      return ViewPage(
        objects: found.prefix(limit).map { key, object, partition in
          ViewObject(
            key: ViewKey(bytes: key), value: object.value, version: object.version,
            position: tokens[partition])
        }, positions: tokens)
    }
  }

  /// All objects of a partition, at one moment.
  func cut(of partition: Int32) throws(ViewFault) -> ViewCut<Value> {
    try state.withLock { state throws(ViewFault) in
      guard let table = state.slots[partition]?.table else { throw .notFollowed(partition: partition) }
      let token = CommandToken(partition: partition, covering: table.mark.position)
      var objects: [ViewObject<Value>] = []
      var key: [UInt8]?
      while true {
        let page = try table.page(after: key, limit: 4096)
        guard let last = page.last else { return ViewCut(objects: objects, position: token) }
        key = last.key
        objects += page.map { key, object in
          ViewObject(
            key: ViewKey(bytes: key), value: object.value, version: object.version, position: token)
        }
      }
    }
  }

  /// How the partitions stand, who listens, and what was merged and read anew.
  func standing() -> (
    statuses: [FollowStatus?], isCaughtUp: Bool, positions: [Int32: CommandToken], listeners: Int,
    merged: Int,
    rebuilds: Int
  ) {
    state.withLock { state in
      var positions: [Int32: CommandToken] = [:]
      for (partition, slot) in state.slots {
        positions[partition] = CommandToken(partition: partition, covering: slot.table.mark.position)
      }
      return (
        state.slots.values.map(\.status),
        !state.slots.isEmpty && state.slots.values.allSatisfy(\.isCaughtUp), positions,
        state.listeners.count, state.listeners.values.reduce(state.mergedByFormer) { $0 + $1.mergedCount },
        state.rebuilds
      )
    }
  }

  /// Publishes what readers see of a partition, and wakes who waits for it.
  private func show(_ partition: Int32, _ slot: ViewSlot<Value>) {
    let position = slot.table.mark.position
    shown.show(
      partition,
      ShownTables.Shown(
        table: slot.table, position: position, isReadable: slot.isReadable,
        remaining: slot.status.map { max($0.remaining, $0.lag) }))
    // A position that is not readable yet covers nothing that can be read.
    if slot.isReadable { waits.reached(partition, position?.command, currentAt: nil) }
  }

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
