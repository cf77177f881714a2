import NIOCore
import Synchronization

/// Server-sent events for any number of clients, out of one ring of bytes that are encoded once.
///
/// Each client has a place in the ring and no memory of its own, so that a thousand clients that read nothing cost what one
/// costs. A client that fell behind the ring is closed: it comes back with `Last-Event-ID`, and goes on from there when the ring
/// still has it, or is told `event: reset` when not. Any thread.
public final class EventFeed: Sendable {
  /// How much a feed keeps.
  public struct Limits: Sendable, Hashable {
    /// Bytes of all events that are kept, with what each costs beside its text, and so how far a client may fall behind.
    public var bytesMax = 1 << 20
    /// After so long without an event a comment is sent, so that proxies keep the connection.
    public var heartbeat = Duration.seconds(15)
    /// A new client, one without `Last-Event-ID`, begins with the newest event instead of the next one.
    public var beginsWithNewest = false

    /// The defaults.
    public init() {}
  }

  private struct State {
    var ring: EventRing
    /// One for each event loop that has clients, or had some.
    var pumps: [ObjectIdentifier: EventPump] = [:]
    /// Pumps that have clients, and have not been told of the newest events.
    var idle: [ObjectIdentifier: EventPump] = [:]
    var clientCount = 0
    var isClosed = false
  }

  let limits: Limits
  private let state: Mutex<State>

  /// A feed without events.
  public init(_ limits: Limits = Limits()) {
    self.limits = limits
    state = Mutex(State(ring: EventRing(bytesMax: limits.bytesMax)))
  }

  /// Adds an event.
  ///
  /// - Parameters:
  ///   - id: where a client that lost the connection goes on; without line ends, and unique among those kept.
  ///   - name: the event's type; nil: `message`.
  ///   - data: its text, each line a `data:` line.
  ///   - labels: what filters look at.
  public func publish(id: String, name: String? = nil, data: String, labels: EventLabels? = nil) {
    publish { $0.append(id: id, name: name, data: data.utf8, isOneLine: false, labels: labels) }
  }

  /// Adds an event whose data is UTF-8 without CR and LF.
  public func publish(id: String, line: [UInt8], labels: EventLabels? = nil) {
    publish { $0.append(id: id, name: nil, data: line, isOneLine: true, labels: labels) }
  }

  /// Forgets all events: those who listen are closed, and who comes back with the id of one is told `reset`.
  public func forget() { publish { $0.removeAll() } }

  private func publish(_ change: (inout EventRing) -> Void) {
    let idle = state.withLock { state in
      guard !state.isClosed else { return [ObjectIdentifier: EventPump]() }
      change(&state.ring)
      defer { state.idle = [:] }
      return state.idle
    }
    for pump in idle.values { pump.wake() }
  }

  /// Ends all clients, and every later one at once.
  public func close() {
    let pumps = state.withLock { state in
      state.isClosed = true
      return Array(state.pumps.values)
    }
    for pump in pumps { pump.close() }
  }

  /// Clients at this moment.
  public var clientCount: Int { state.withLock { $0.clientCount } }

  // MARK: Clients

  /// Where a client begins.
  struct Place: Sendable {
    /// The number of the next event for it.
    var next: Int
    /// Events between the client's last one and `next` are not there any more.
    var isReset = false
  }

  /// Writes events to a channel until the client is gone or too far behind, the task is cancelled, or the feed ends.
  ///
  /// - Parameters:
  ///   - channel: takes parts of an answer whose head has been written.
  ///   - time: nil: without end.
  func serve(
    _ channel: any Channel, after lastEventID: String?, _ filter: EventFilter, atMost time: Duration?
  ) async {
    let pump = state.withLock { state -> EventPump? in
      guard !state.isClosed else { return nil }
      let key = ObjectIdentifier(channel.eventLoop)
      if let pump = state.pumps[key] { return pump }
      let pump = EventPump(self, channel.eventLoop)
      state.pumps[key] = pump
      return pump
    }
    await pump?.serve(channel, after: lastEventID, filter, atMost: time)
  }

  /// A client begins; nil when the feed is closed.
  func enter(after lastEventID: String?) -> Place? {
    state.withLock { state in
      guard !state.isClosed else { return nil }
      state.clientCount += 1
      return Self.place(after: lastEventID, state.ring, limits)
    }
  }

  func leave() { state.withLock { $0.clientCount -= 1 } }

  private static func place(after lastEventID: String?, _ ring: EventRing, _ limits: Limits) -> Place {
    guard let lastEventID else {
      let back = limits.beginsWithNewest && ring.firstNumber < ring.endNumber ? 1 : 0
      return Place(next: ring.endNumber - back)
    }
    if let next = ring.number(after: lastEventID) { return Place(next: next) }
    return Place(next: ring.firstNumber, isReset: true)
  }

  /// Where a client would begin, for looking at odd ids without a server.
  func place(after lastEventID: String?) -> Place {
    state.withLock { Self.place(after: lastEventID, $0.ring, limits) }
  }

  /// The events' numbers that are there; the pump is told of the next one.
  func range(telling pump: EventPump) -> Range<Int> {
    state.withLock { state in
      state.idle[ObjectIdentifier(pump)] = pump
      return state.ring.firstNumber..<state.ring.endNumber
    }
  }

  /// The events from a number on that pass; nil when the ring has lost some.
  func take(from number: Int, _ filter: EventFilter, atMost bytesMax: Int) -> EventRing.Taken? {
    state.withLock { $0.ring.take(from: number, filter, atMost: bytesMax) }
  }

  /// Whether there are events from a number on.
  func isBehind(_ number: Int) -> Bool { state.withLock { number < $0.ring.endNumber } }

  /// The id of an event.
  func id(of number: Int) -> String? { state.withLock { $0.ring.id(of: number) } }
}
