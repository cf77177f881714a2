import Synchronization

/// One who listens to a view: what waits for it, and how far it is with what exists.
final class ChangeListener<Value: Sendable>: Sendable {
  /// How far the objects that exist have been told.
  struct Cursor {
    /// Those of these partitions, from the first on.
    var partitions: [Int32]
    /// Of the first partition, those up to this key; nil: none yet.
    var key: [UInt8]?
  }

  private struct State {
    var queue: ChangeQueue<Value>
    /// Nil when all that existed has been told, or is not to be.
    var cursor: Cursor?
    var waiting: [CheckedContinuation<Void, Never>] = []
    var end: (any Error)?
    var hasEnded = false
  }

  let number: Int
  /// Whether it is told what the view is first filled with.
  let includesExisting: Bool
  private let bytesMax: Int
  private let state: Mutex<State>

  init(_ number: Int, _ configuration: ViewConfiguration, existing partitions: [Int32]?) {
    self.number = number
    includesExisting = partitions != nil
    bytesMax = configuration.listenerBytesMax
    state = Mutex(
      State(
        queue: ChangeQueue(countMax: configuration.listenerChangesMax, bytesMax: bytesMax),
        cursor: partitions.flatMap { $0.isEmpty ? nil : Cursor(partitions: $0) }))
  }

  /// A partition was opened after the listener came: what it holds exists too.
  func addExisting(_ partition: Int32) {
    guard includesExisting else { return }
    wake { state in
      guard !state.hasEnded else { return }
      if state.cursor == nil { state.cursor = Cursor(partitions: []) }
      state.cursor?.partitions.append(partition)
    }
  }

  var mergedCount: Int { state.withLock { $0.queue.mergedCount } }

  /// Where reading of what exists goes on; nil when it is over.
  var cursor: Cursor? { state.withLock { $0.cursor } }

  /// A page of what exists was read. An empty one ends its partition.
  func add(existing entries: [ChangeQueue<Value>.Entry]) {
    wake { state in
      if let last = entries.last {
        state.cursor?.key = last.change.key.bytes
        append(entries, &state)
      } else {
        state.cursor?.partitions.removeFirst()
        state.cursor?.key = nil
        if state.cursor?.partitions.isEmpty ?? false { state.cursor = nil }
      }
    }
  }

  /// Something changed. What will be told as existing is left out.
  /// - Parameter isOrdered: the order in which the partition's objects are read.
  func offer(
    _ entries: [ChangeQueue<Value>.Entry], of partition: Int32, _ isOrdered: ([UInt8], [UInt8]) -> Bool
  ) {
    wake { state in
      guard let cursor = state.cursor, let index = cursor.partitions.firstIndex(of: partition) else {
        return append(entries, &state)
      }
      guard index == 0, let key = cursor.key else { return }
      append(entries.filter { !isOrdered(key, $0.change.key.bytes) }, &state)
    }
  }

  /// Nothing more comes, behind what waits.
  func end(_ error: (any Error)?) {
    wake { state in
      guard !state.hasEnded else { return }
      state.hasEnded = true
      state.end = error
      state.cursor = nil
    }
  }

  /// What is next for the listener.
  enum Next {
    case change(ViewChange<Value>)
    /// A page of what exists is to be read.
    case read
    case end
    /// Nothing is there.
    case wait
  }

  /// - Throws: why it ended, once.
  func next() throws -> Next {
    let (next, error) = state.withLock { state -> (Next, (any Error)?) in
      if let change = state.queue.popFirst() { return (.change(change), nil) }
      if state.cursor != nil { return (.read, nil) }
      guard state.hasEnded else { return (.wait, nil) }
      defer { state.end = nil }
      return (.end, state.end)
    }
    if let error { throw error }
    return next
  }

  /// Returns when there may be something.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          guard state.queue.isEmpty, state.cursor == nil, !state.hasEnded, !Task.isCancelled else {
            return true
          }
          state.waiting.append(continuation)
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      wake { _ in }
    }
  }

  private func append(_ entries: [ChangeQueue<Value>.Entry], _ state: inout State) {
    guard !state.hasEnded else { return }
    for entry in entries where !state.queue.append(entry) {
      state.hasEnded = true
      state.end = ViewFault.listenerTooSlow(changes: state.queue.count, bytesMax: bytesMax)
      state.queue.removeAll()
      state.cursor = nil
      return
    }
  }

  private func wake(_ body: (inout State) -> Void) {
    let waiting = state.withLock { state in
      body(&state)
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
