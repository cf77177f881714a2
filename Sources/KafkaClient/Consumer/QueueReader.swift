/// Takes what a queue holds, batch by batch.
///
/// librdkafka fills a batch until its time-out is over, so a wait for "some messages" would always take the
/// whole time-out. This takes what is there at once, and waits only for a single message when nothing is.
package struct QueueReader: ~Copyable {
  package private(set) var messages: MessageBatch
  private var other = MessageBatch(capacity: 1)
  private let capacity: Int

  package init(capacity: Int) {
    self.capacity = capacity
    messages = MessageBatch(capacity: capacity)
  }

  /// Whether the last batch was full, so that more may be waiting.
  package var isFull: Bool { messages.count == capacity }

  /// Replaces the messages by those that are there, without waiting.
  package mutating func take(from queue: KafkaQueue) {
    if messages.capacity != capacity { swap(&messages, &other) }
    queue.consumeBatch(into: &messages, timeout: .zero)
  }

  /// Waits until there is a message, the time is over, or the queue is woken.
  ///
  /// - Precondition: the last ``take(from:)`` found nothing.
  package mutating func wait(for queue: KafkaQueue, timeout: Duration) {
    queue.consumeBatch(into: &other, timeout: timeout)
    if !other.isEmpty { swap(&messages, &other) }
  }
}
