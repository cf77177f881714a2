import CRdKafka

/// A buffer of a fixed number of consumed messages, used again for each batch.
///
/// Owner of the `rd_kafka_message_t`s in it. It keeps the client they came from alive, since messages must be
/// destroyed before their client. Unique, and only ever in one thread's hands.
///
/// `@unchecked Sendable`: nothing is bound to the thread that consumed it (INTRODUCTION.md, "Threads and
/// callbacks": all of the API may be called from any thread), and a ~Copyable value has one user.
public struct MessageBatch: ~Copyable, @unchecked Sendable {
  @usableFromInline let storage: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>
  /// The largest number of messages one batch can have.
  public let capacity: Int
  /// The number of messages in the batch.
  public private(set) var count = 0
  /// How many of them ``drain(_:)`` has destroyed so far.
  @usableFromInline var drained = 0
  private var handle: KafkaHandle?

  /// An empty batch. The capacity must be positive; 10…1000 serve equally well (measured).
  public init(capacity: Int) {
    precondition(capacity > 0, "a batch holds at least one message")
    self.capacity = capacity
    storage = .allocate(capacity: capacity)
    storage.initialize(repeating: nil, count: capacity)
  }

  deinit {
    for index in drained..<count { rd_kafka_message_destroy(storage[index]) }
    storage.deallocate()
  }

  /// Whether there are no messages.
  public var isEmpty: Bool { count == 0 }

  /// Whether there is no room for more, so that more may be waiting.
  public var isFull: Bool { count == capacity }

  /// A view of one message, valid as long as the batch is not changed. The index must be below ``count``.
  @inlinable
  public subscript(index: Int) -> Message {
    @_lifetime(borrow self)
    get {
      precondition(index >= 0 && index < count, "message index out of bounds")
      return Message(raw: storage[index].unsafelyUnwrapped, of: self)
    }
  }

  /// Lends one message to a closure. The index must be below ``count``.
  @inlinable
  public func withMessage<R: ~Copyable, E: Error>(
    at index: Int, _ body: (borrowing Message) throws(E) -> R
  ) throws(E) -> R {
    try body(self[index])
  }

  /// Lends each message in order and destroys it before the next one, so that the memory in which librdkafka parsed its
  /// headers serves for the next one's. The batch is empty then, also after an error.
  @inlinable
  public mutating func drain<E: Error>(_ body: (borrowing Message) throws(E) -> Void) throws(E) {
    defer { removeAll() }
    while drained < count {
      try body(self[drained])
      rd_kafka_message_destroy(storage[drained])
      drained += 1
    }
  }

  /// Bytes of the messages' keys and values; an error's text counts as its value.
  public var byteCount: Int {
    (0..<count).reduce(0) { bytes, index in
      let message = storage[index].unsafelyUnwrapped.pointee
      return bytes + message.key_len + message.len
    }
  }

  /// Destroys the messages (`rd_kafka_message_destroy`); the buffer stays.
  public mutating func removeAll() {
    for index in drained..<count { rd_kafka_message_destroy(storage[index]) }
    count = 0
    drained = 0
  }

  /// Replaces the messages by those a C function writes. A negative result of it counts as none.
  mutating func refill(
    from handle: KafkaHandle,
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>, Int) -> Int
  ) -> Int {
    removeAll()
    if self.handle !== handle { self.handle = handle }
    count = max(0, body(storage, capacity))
    return count
  }
}
