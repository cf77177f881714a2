import NIOCore
import NIOHTTPTypes

/// Writes a feed's events to the clients of one event loop, so that others of the loop have their turn.
///
///     news ─▶ those who have read all go into the queue ─▶ turn: serve from the queue for half a millisecond
///                                                            ▲             │
///                                                            └── rest ◀────┘   three times as long as the turn took
///
/// A client has one write under way, of slices of the ring, and the next one when the socket has taken it. Who is further
/// behind than the ring reaches is closed at once: so what is not sent yet is always bytes of the ring, however many clients there
/// are and however little they read.
///
/// Thread rule: what is private is touched on the event loop only, which is why it may be sent to it (`@unchecked Sendable`).
final class EventPump: @unchecked Sendable {
  /// What a feed may take of its event loop.
  enum Share {
    /// A turn ends behind the client with which it has taken so long.
    static let turn = TimeAmount.microseconds(500)
    /// The rest that follows, in turns: a feed takes at most a quarter of the loop.
    static let rest: Int64 = 3
    /// Bytes of a socket that the system keeps and has not sent, at most: it would take megabytes (`TCP_NOTSENT_LOWAT`).
    static let unsentBytes: CInt = 32 << 10
  }

  private final class Client {
    let channel: any Channel
    let filter: EventFilter
    let ended: EventLoopPromise<Void>
    /// Ends it when its time is over.
    var ending: Scheduled<Void>?
    /// The first event that was not given to the socket.
    var next: Int
    /// The first event that the socket has not taken.
    var written: Int
    /// Written before anything else.
    var greeting: [UInt8]
    var isWriting = false
    var isQueued = false
    var isDueForBeat = false
    var lastWrite = NIODeadline.now()

    init(
      _ channel: any Channel, _ filter: EventFilter, _ place: EventFeed.Place, _ ended: EventLoopPromise<Void>
    ) {
      self.channel = channel
      self.filter = filter
      self.ended = ended
      (next, written) = (place.next, place.next)
      // The comment makes proxies and browsers see that the stream is open.
      greeting = Array((place.isReset ? ":\n\nevent: reset\ndata:\n\n" : ":\n\n").utf8)
    }
  }

  private let feed: EventFeed
  private let eventLoop: any EventLoop
  private var clients: [ObjectIdentifier: Client] = [:]
  private var queue: [Client] = []
  /// Some may be behind the newest event without being in the queue.
  private var hasNews = false
  private var isResting = false
  private var isClosed = false
  private var beats: RepeatedTask?

  init(_ feed: EventFeed, _ eventLoop: any EventLoop) {
    self.feed = feed
    self.eventLoop = eventLoop
  }

  /// There are events that it has not been told of. Any thread.
  func wake() {
    eventLoop.execute { [self] in
      hasNews = true
      turnUnlessResting()
    }
  }

  /// Ends all clients. Any thread.
  func close() {
    eventLoop.execute { [self] in
      isClosed = true
      for client in clients.values { end(client) }
    }
  }

  /// Serves a client of this event loop until it is gone. Any thread.
  func serve(
    _ channel: any Channel, after lastEventID: String?, _ filter: EventFilter, atMost time: Duration?
  ) async {
    let ended = eventLoop.makePromise(of: Void.self)
    eventLoop.execute { [self] in enter(channel, after: lastEventID, filter, atMost: time, ended) }
    await withTaskCancellationHandler {
      try? await ended.futureResult.get()
    } onCancel: {
      eventLoop.execute { [self] in
        if let client = clients[ObjectIdentifier(channel)] { end(client) }
      }
    }
  }

  /// Linux's number, which NIO has no name for.
  private static let unsentOption = ChannelOptions.Types.SocketOption(
    level: .tcp, name: NIOBSDSocket.Option(rawValue: 25))

  // MARK: On the event loop

  private func enter(
    _ channel: any Channel, after lastEventID: String?, _ filter: EventFilter, atMost time: Duration?,
    _ ended: EventLoopPromise<Void>
  ) {
    guard !isClosed, channel.isActive, let place = feed.enter(after: lastEventID) else {
      return ended.succeed()
    }
    // Where it cannot be set, the system's own bound holds.
    channel.setOption(Self.unsentOption, value: .init(Share.unsentBytes)).whenFailure { _ in }
    let client = Client(channel, filter, place, ended)
    clients[ObjectIdentifier(channel)] = client
    // Not before it is there: its time may be over at once.
    client.ending = time.map { time in
      eventLoop.scheduleTask(in: TimeAmount(time)) { [self, key = ObjectIdentifier(channel)] in
        if let client = clients[key] { end(client) }
      }
    }
    if clients.count == 1 {
      beginBeats()
      hasNews = true
    }
    enqueue(client)
    turnUnlessResting()
  }

  private func end(_ client: Client) {
    guard clients.removeValue(forKey: ObjectIdentifier(client.channel)) != nil else { return }
    client.ending?.cancel()
    feed.leave()
    if clients.isEmpty {
      beats?.cancel()
      beats = nil
    }
    client.ended.succeed()
  }

  private func enqueue(_ client: Client) {
    guard !client.isQueued, !client.isWriting else { return }
    client.isQueued = true
    queue.append(client)
  }

  private func turnUnlessResting() {
    if !isResting { turn() }
  }

  private func turn() {
    let begin = NIODeadline.now()
    // A write may end at once, and asks for a turn.
    isResting = true
    if hasNews, !clients.isEmpty { hearNews() }
    var served = 0
    while served < queue.count {
      let client = queue[served]
      served += 1
      client.isQueued = false
      if clients[ObjectIdentifier(client.channel)] === client { serve(client) }
      if NIODeadline.now() - begin >= Share.turn { break }
    }
    queue.removeFirst(served)
    rest(NIODeadline.now() - begin)
  }

  private func rest(_ taken: TimeAmount) {
    eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(taken.nanoseconds * Share.rest)) { [self] in
      isResting = false
      if !queue.isEmpty || (hasNews && !clients.isEmpty) { turn() }
    }
  }

  private func hearNews() {
    hasNews = false
    let range = feed.range(telling: self)
    for client in clients.values {
      if client.written < range.lowerBound {
        close(client)
      } else if client.next < range.upperBound {
        enqueue(client)
      }
    }
  }

  /// Ends a client that is too far behind. What it was given is thrown away: it resumes by its last event.
  private func close(_ client: Client) {
    client.channel.abandon()
    end(client)
  }

  private func serve(_ client: Client) {
    guard let taken = feed.take(from: client.next, client.filter, atMost: HTTPLimits.unsentBytesMax) else {
      return close(client)
    }
    client.next = taken.next
    var buffers = taken.buffers
    if !client.greeting.isEmpty {
      buffers.insert(ByteBuffer(bytes: client.greeting), at: 0)
      client.greeting = []
    }
    if buffers.isEmpty, client.isDueForBeat { buffers = [beat(client)] }
    client.isDueForBeat = false
    guard let last = buffers.popLast() else {
      client.written = client.next
      // A filter has its turns; it may have stopped before the end.
      if feed.isBehind(client.next) { enqueue(client) }
      return
    }
    write(buffers, last, to: client)
  }

  private func write(_ buffers: [ByteBuffer], _ last: ByteBuffer, to client: Client) {
    client.isWriting = true
    client.lastWrite = .now()
    for buffer in buffers {
      client.channel.write(HTTPResponsePart.body(buffer), promise: nil)
    }
    let next = client.next
    client.channel.writeAndFlush(HTTPResponsePart.body(last)).assumeIsolated().whenComplete { [self] result in
      client.isWriting = false
      guard case .success = result else { return end(client) }
      client.written = next
      guard feed.isBehind(client.next) else { return }
      enqueue(client)
      turnUnlessResting()
    }
  }

  // MARK: Heartbeats

  /// Each quarter of the time, those are written to who would have heard nothing for the whole of it at the next look.
  private func beginBeats() {
    let look = TimeAmount(feed.limits.heartbeat / 4)
    beats = eventLoop.scheduleRepeatedTask(initialDelay: look, delay: look) { [self] _ in
      let due = NIODeadline.now() - .nanoseconds(look.nanoseconds * 3)
      for client in clients.values where client.lastWrite <= due {
        client.isDueForBeat = true
        enqueue(client)
      }
      turnUnlessResting()
    }
  }

  /// A comment; for who wants some events only, how far the others have come, which an `EventSource` takes as its last id.
  private func beat(_ client: Client) -> ByteBuffer {
    guard !client.filter.isOpen, let id = feed.id(of: client.next - 1) else {
      return ByteBuffer(string: ":\n\n")
    }
    return ByteBuffer(string: "id: \(id)\n\n")
  }
}
