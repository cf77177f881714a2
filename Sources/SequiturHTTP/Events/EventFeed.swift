import Synchronization

/// Server-sent events for any number of clients, out of one ring.
///
/// Each client has a place in the ring and no memory of its own, so that a thousand clients that read nothing cost what one
/// costs. A client that fell behind the ring is closed: it comes back with `Last-Event-ID`, and goes on from there when the ring
/// still has it, or is told `event: reset` when not. Any thread.
public final class EventFeed: Sendable {
  /// How much a feed keeps.
  public struct Limits: Sendable, Hashable {
    /// Bytes of all events that are kept, and so how far a client may fall behind.
    public var bytesMax = 1 << 20
    /// After so long without an event a comment is sent, so that proxies keep the connection.
    public var heartbeat = Duration.seconds(15)
    /// A new client, one without `Last-Event-ID`, begins with the newest event instead of the next one.
    public var beginsWithNewest = false

    /// The defaults.
    public init() {}
  }

  private struct Event {
    let id: String
    let bytes: [UInt8]
  }

  private struct State {
    /// The ring, oldest first.
    var events: [Event] = []
    /// The number of the ring's first event since the beginning.
    var firstNumber = 0
    var bytes = 0
    var clients: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextClient = 0
    var isClosed = false

    var endNumber: Int { firstNumber + events.count }
  }

  let limits: Limits
  private let state = Mutex(State())

  /// A feed without events.
  public init(_ limits: Limits = Limits()) { self.limits = limits }

  /// Adds an event.
  ///
  /// - Parameters:
  ///   - id: where a client that lost the connection goes on; without line ends, and unique among those kept.
  ///   - name: the event's type; nil: `message`.
  ///   - data: its text, each line a `data:` line.
  public func publish(id: String, name: String? = nil, data: String) {
    let bytes = Self.encode(id: id, name: name, data: data)
    let clients = state.withLock { state in
      guard !state.isClosed else { return [AsyncStream<Void>.Continuation]() }
      state.events.append(Event(id: id, bytes: bytes))
      state.bytes += bytes.count
      // The newest stays, however large it is.
      while state.bytes > limits.bytesMax, state.events.count > 1 {
        state.bytes -= state.events.removeFirst().bytes.count
        state.firstNumber += 1
      }
      return Array(state.clients.values)
    }
    for client in clients { client.yield() }
  }

  /// Forgets all events: those who listen are closed, and who comes back with the id of one is told `reset`.
  public func forget() {
    let clients = state.withLock { state in
      state.firstNumber = state.endNumber + 1
      state.events = []
      state.bytes = 0
      return Array(state.clients.values)
    }
    for client in clients { client.yield() }
  }

  /// Ends all clients, and every later one at once.
  public func close() {
    let clients = state.withLock { state in
      state.isClosed = true
      defer { state.clients = [:] }
      return Array(state.clients.values)
    }
    for client in clients { client.finish() }
  }

  /// Clients at this moment.
  public var clientCount: Int { state.withLock { $0.clients.count } }

  // MARK: One client

  /// A client's place: the number of the next event for it.
  struct Place: Sendable {
    var next: Int
    /// Events between the client's last one and `next` are not there any more.
    var isReset = false
  }

  /// Where a client begins.
  func place(after lastEventID: String?) -> Place {
    state.withLock { state in
      guard let lastEventID else {
        let back = limits.beginsWithNewest && !state.events.isEmpty ? 1 : 0
        return Place(next: state.endNumber - back)
      }
      if let index = state.events.lastIndex(where: { $0.id == lastEventID }) {
        return Place(next: state.firstNumber + index + 1)
      }
      return Place(next: state.firstNumber, isReset: true)
    }
  }

  /// The events from a place on, at most `bytesMax` bytes unless one alone has more; nil when the ring has lost some of them.
  func take(from place: inout Place, atMost bytesMax: Int) -> [UInt8]? {
    state.withLock { state in
      guard place.next >= state.firstNumber else { return nil }
      var bytes: [UInt8] = []
      while place.next < state.endNumber {
        let event = state.events[place.next - state.firstNumber].bytes
        guard bytes.isEmpty || bytes.count + event.count <= bytesMax else { break }
        bytes += event
        place.next += 1
      }
      return bytes
    }
  }

  /// Wakes a client for each new event; its end is the client's.
  func listen() -> (news: AsyncStream<Void>, wake: AsyncStream<Void>.Continuation) {
    let (news, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state -> Int? in
      guard !state.isClosed else { return nil }
      state.nextClient += 1
      state.clients[state.nextClient] = wake
      return state.nextClient
    }
    guard let number else {
      wake.finish()
      return (news, wake)
    }
    wake.onTermination = { [weak self] _ in
      // Dropped outside the lock.
      let gone = self?.state.withLock { $0.clients.removeValue(forKey: number) }
      withExtendedLifetime(gone) {}
    }
    return (news, wake)
  }

  static func encode(id: String, name: String?, data: String) -> [UInt8] {
    var text = "id: \(id)\n"
    if let name { text += "event: \(name)\n" }
    // The lines of the format end with CR, LF or both (WHATWG HTML, 9.2.6); Unicode's other line ends are text.
    let lines = data.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r" }
    for line in lines { text += "data: \(String(line))\n" }
    return Array((text + "\n").utf8)
  }
}
