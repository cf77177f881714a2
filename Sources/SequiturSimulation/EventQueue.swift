/// What will happen in a simulated world, ordered by time and, within one millisecond, by arrival.
///
/// One list for each millisecond: adding and taking cost the same however much waits.
struct EventQueue {
  struct Event {
    /// Whose event it is; `nil`: the brokers', or the world's own.
    let process: SimulatedProcess?
    let body: () -> Void
  }

  private struct Node {
    var event: Event?
    var next: Int32
  }

  private static let none: Int32 = -1
  /// No event is further ahead than this, in milliseconds; a power of two.
  private static let horizon = 8192

  private var nodes: [Node] = []
  /// The nodes not in use, as a list.
  private var free = none
  /// The first and the last event of each millisecond, as a ring.
  private var lists = Array(repeating: (first: none, last: none), count: horizon)
  private var time = 0
  private var count = 0

  mutating func add(at time: Int, _ event: Event) {
    precondition(time >= self.time && time < self.time + Self.horizon, "an event is beyond the horizon")
    count += 1
    let node = place(event)
    let list = time % Self.horizon
    if lists[list].last == Self.none {
      lists[list].first = node
    } else {
      nodes[Int(lists[list].last)].next = node
    }
    lists[list].last = node
  }

  mutating func next() -> (time: Int, event: Event)? {
    guard count > 0 else { return nil }
    count -= 1
    while lists[time % Self.horizon].first == Self.none { time += 1 }
    let list = time % Self.horizon
    let node = lists[list].first
    lists[list].first = nodes[Int(node)].next
    if lists[list].first == Self.none { lists[list].last = Self.none }
    let event = nodes[Int(node)].event.take()!
    nodes[Int(node)].next = free
    free = node
    return (time, event)
  }

  mutating func removeAll() { self = EventQueue() }

  private mutating func place(_ event: Event) -> Int32 {
    guard free != Self.none else {
      nodes.append(Node(event: event, next: Self.none))
      return Int32(nodes.count - 1)
    }
    let node = free
    free = nodes[Int(node)].next
    nodes[Int(node)] = Node(event: event, next: Self.none)
    return node
  }
}

extension Duration {
  /// The simulation's unit of time, in whole ones.
  var milliseconds: Int { Int(self / .milliseconds(1)) }
}
