import Testing

@testable import SequiturWorker

/// A response's memory counts until the last of its records was taken.
struct HeldResponsesTests {
  private var held = HeldResponses()

  init() { for partition in 0..<3 { held.open(Int32(partition)) } }

  /// A response arrives, with so many records of each partition; then all that waits is told.
  private mutating func arrive(_ bytes: Int, waiting: [Int]) {
    held.arrive(bytes: bytes)
    tell(waiting)
    held.settle()
  }

  private mutating func tell(_ waiting: [Int]) {
    for (partition, count) in waiting.enumerated() { held.waits(count, of: Int32(partition)) }
  }

  @Test mutating func `a response is held by the last record of any partition`() {
    arrive(100, waiting: [10, 5, 0])
    #expect(held.byteCount() == 100)
    held.took(10, of: 0)
    held.took(4, of: 1)
    tell([0, 1, 0])
    #expect(held.byteCount() == 100)
    held.took(1, of: 1)
    tell([0, 0, 0])
    #expect(held.byteCount() == 0)
  }

  @Test mutating func `records are the response's that arrived before them, in order`() {
    arrive(100, waiting: [2, 0, 0])
    arrive(200, waiting: [4, 1, 0])
    arrive(400, waiting: [4, 1, 7])
    #expect(held.byteCount() == 700)
    held.took(2, of: 0)
    tell([2, 1, 7])
    #expect(held.byteCount() == 600)
    held.took(2, of: 0)
    tell([0, 1, 7])
    #expect(held.byteCount() == 600)
    held.took(7, of: 2)
    tell([0, 1, 0])
    #expect(held.byteCount() == 200)
  }

  @Test mutating func `a response that brought nothing is not held`() {
    arrive(100, waiting: [0, 0, 0])
    #expect(held.byteCount() == 0)
  }

  @Test mutating func `what is not in the queues yet counts`() {
    held.arrive(bytes: 100)
    #expect(held.byteCount() == 100)
  }

  @Test mutating func `records of partitions that went, or that were thrown away, hold nothing`() {
    arrive(100, waiting: [3, 0, 0])
    arrive(200, waiting: [3, 3, 0])
    held.close(0)
    #expect(held.byteCount() == 200)
    // After a seek they vanish, without having been taken.
    held.waits(0, of: 1)
    #expect(held.byteCount() == 0)
  }

  @Test mutating func `responses of several brokers that arrive together are held together`() {
    held.arrive(bytes: 100)
    arrive(200, waiting: [1, 1, 0])
    held.took(1, of: 0)
    tell([0, 1, 0])
    #expect(held.byteCount() == 300)
    held.took(1, of: 1)
    tell([0, 0, 0])
    #expect(held.byteCount() == 0)
  }
}
