/// How much is fetched ahead, over all partitions of the worker together, as a pure machine.
///
///     a fetch has arrived ─▶ looked … looked ─▶ let through: its records come into the queues
///                             │ no room: wait until something is taken, or a little
///
/// A lane that stands still must not starve the others: while nothing at all is taken, and a lane wants something, one
/// fetch after another is let through, slowly. When all stand still, none is: it would only take memory.
struct IntakeMachine {
  /// A fetch that has arrived and is in no queue yet.
  struct Fetch {
    fileprivate let bytes: Int
    fileprivate let arrivedAt: ContinuousClock.Instant
    /// How often something had been taken when that was looked at last, and when it changed.
    fileprivate var takes: Int
    fileprivate var takenAt: ContinuousClock.Instant
    fileprivate var isHeld = false
  }

  private let bytesMax: Int
  private let standstill: Duration
  private let holdMax: Duration
  private var responses = HeldResponses()
  /// By open partition, the messages in its queue.
  private var waiting: [Int32: Int] = [:]
  /// Mean bytes of memory of a fetched record, by what was taken lately.
  private var recordBytes = IntakeLimits.recordBytesAssumed
  private var takes = 0
  /// Whether a lane has looked for commands and found none, since the last fetch that was let through for it.
  private var isWanted = false
  /// Whether a fetch has found no room since something was taken.
  private var isAwaited = false
  private var heldFetches = 0
  /// How often a fetch was looked at and held.
  private(set) var looksInVain = 0

  /// - Parameters:
  ///   - bytesMax: of fetched records in memory, at which nothing more is let through.
  ///   - standstill: how long nothing was taken when the lanes stand still.
  ///   - holdMax: the longest that a fetch is held.
  init(bytesMax: Int, standstill: Duration, holdMax: Duration = IntakeLimits.holdMax) {
    self.bytesMax = bytesMax
    self.standstill = standstill
    self.holdMax = holdMax
  }

  /// Whether a fetch is held.
  var isHolding: Bool { heldFetches > 0 }

  // MARK: Partitions and their queues

  mutating func open(_ partition: Int32) {
    waiting[partition] = 0
    responses.open(partition)
  }

  /// The partition's records are gone.
  mutating func close(_ partition: Int32) {
    waiting[partition] = nil
    responses.close(partition)
  }

  /// So many messages are in an open partition's queue now.
  mutating func waits(_ messages: Int, of partition: Int32) {
    guard waiting[partition] != nil else { return }
    waiting[partition] = messages
    responses.waits(messages, of: partition)
  }

  // MARK: Lanes

  /// A lane has taken so many messages, with so many bytes of keys and values.
  ///
  /// - Returns: whether a fetch that is held is to be looked at again at once.
  mutating func took(_ messages: Int, bytes: Int, of partition: Int32) -> Bool {
    responses.took(messages, of: partition)
    recordBytes = (3 * recordBytes + IntakeLimits.recordOverheadBytes + bytes / max(messages, 1)) / 4
    takes += 1
    defer { isAwaited = false }
    return isAwaited
  }

  /// A lane has looked into all its partitions, and they have nothing.
  mutating func foundNothing() { isWanted = true }

  // MARK: Fetches

  /// A fetch has arrived; those before it are in the queues, and were told with ``waits(_:of:)``.
  mutating func arrived(bytes: Int, now: ContinuousClock.Instant) -> Fetch {
    responses.settle()
    return Fetch(bytes: bytes, arrivedAt: now, takes: takes, takenAt: now)
  }

  /// Whether a fetch is let through; else it is to be looked at again.
  mutating func look(_ fetch: inout Fetch, now: ContinuousClock.Instant) -> Bool {
    if fetch.takes != takes { (fetch.takes, fetch.takenAt) = (takes, now) }
    guard isFull, now - fetch.arrivedAt < holdMax, !passesForWant(fetch, now) else {
      if fetch.isHeld { heldFetches -= 1 }
      responses.arrive(bytes: fetch.bytes)
      return true
    }
    if fetch.isHeld { looksInVain += 1 } else { heldFetches += 1 }
    fetch.isHeld = true
    isAwaited = true
    return false
  }

  /// Whether it is let through for a lane that has nothing, beside others that stand still.
  private mutating func passesForWant(_ fetch: Fetch, _ now: ContinuousClock.Instant) -> Bool {
    guard fetch.isHeld, isWanted, now - fetch.takenAt >= standstill else { return false }
    isWanted = false
    return true
  }

  /// Whether what waits takes as much memory as it may: the records, or the responses that they hold if that is more.
  private var isFull: Bool {
    mutating get {
      let records = waiting.values.reduce(0, +)
      let held = responses.byteCount() + records * IntakeLimits.messageBytes
      return max(records * recordBytes, held) >= bytesMax
    }
  }
}
