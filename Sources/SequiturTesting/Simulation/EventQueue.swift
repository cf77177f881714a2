/// What will happen in a simulated world, ordered by time and, within one millisecond, by arrival.
struct EventQueue {
  private struct Event {
    let time: Int
    let sequence: Int
    let body: () -> Void

    func precedes(_ other: Event) -> Bool { (time, sequence) < (other.time, other.sequence) }
  }

  /// A binary heap; its first element is the next event.
  private var heap: [Event] = []
  private var sequence = 0

  mutating func add(at time: Int, _ body: @escaping () -> Void) {
    sequence += 1
    heap.append(Event(time: time, sequence: sequence, body: body))
    var child = heap.count - 1
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func next() -> (time: Int, body: () -> Void)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      siftDown()
    }
    return (first.time, first.body)
  }

  mutating func removeAll() { heap.removeAll() }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].precedes(heap[least]) {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
