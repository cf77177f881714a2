import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Closes connections that take too long: heads and bodies that trickle in, answers that are not read.
///
///     (open) ─▶ waiting for a head ─▶ reading a body ─▶ answering ─▶ waiting for a head
///                  │ headTime             │ bodyPause       │ unreadTime
///                  ▼                      ▼                 ▼
///               408, close             408, close         close
///
/// Also answers what is no HTTP. One a connection, on its event loop.
final class ConnectionClock: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// Triggered by who has written an answer that ends the connection.
  struct Ending: Sendable {}

  /// Triggered by who wants to know, once, that the client has closed its half of the connection.
  struct Watch: Sendable {
    let onEnd: @Sendable () -> Void
  }

  private let limits: HTTPLimits
  private let connections: OpenConnections
  private var headTimer: Scheduled<Void>?
  private var bodyTimer: Scheduled<Void>?
  private var writeTimer: Scheduled<Void>?
  /// Heads that came, without those whose answer has ended.
  private var unanswered = 0
  private var isReadingBody = false
  private var hasBegunAnswer = false
  /// Bytes came that are no head yet.
  private var hasPartOfHead = false
  private var isEnding = false
  private var isGone = false
  private var watch: Watch?
  /// What is no request came behind requests that are being answered: told once so many are left unanswered.
  private var heldRefusal: (problem: Problem, unanswered: Int)?

  init(_ limits: HTTPLimits, _ connections: OpenConnections) {
    self.limits = limits
    self.connections = connections
  }

  func handlerAdded(context: ChannelHandlerContext) {
    connections.opened(context.channel)
    armHead(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    for timer in [headTimer, bodyTimer, writeTimer] { timer?.cancel() }
    clientIsGone()
    connections.closed(context.channel)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bodyTimer?.cancel()
    bodyTimer = nil
    switch unwrapInboundIn(data) {
    case .head:
      headTimer?.cancel()
      headTimer = nil
      unanswered += 1
      isReadingBody = true
      hasPartOfHead = false
    case .body: break
    case .end: isReadingBody = false
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Fired by each read of the socket, also when it completed no head.
    if unanswered == 0, !hasPartOfHead, !isEnding {
      hasPartOfHead = true
      armHead(context)
    }
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    // Nothing is held against a client while nobody asks for more of its body.
    if isReadingBody, bodyTimer == nil, !isEnding {
      bodyTimer = schedule(context, limits.bodyPause) { $0.refuse(context, Problem.slowBody) }
    }
    context.read()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head): if head.status.code >= 200 { hasBegunAnswer = true }
    case .body: break
    case .end:
      hasBegunAnswer = false
      watch = nil
      unanswered -= 1
      if unanswered == 0, !isEnding { armHead(context) }
    }
    context.write(data, promise: promise)
    if let heldRefusal, !hasBegunAnswer, unanswered <= heldRefusal.unanswered {
      self.heldRefusal = nil
      refuse(context, heldRefusal.problem)
    }
    if writeTimer == nil, !context.channel.isWritable {
      writeTimer = schedule(context, limits.unreadTime) { _ in context.channel.abandon() }
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      writeTimer?.cancel()
      writeTimer = nil
    }
    context.fireChannelWritabilityChanged()
  }

  func triggerUserOutboundEvent(
    context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
  ) {
    switch event {
    case is Ending:
      promise?.succeed()
      end(context)
    case let watch as Watch:
      promise?.succeed()
      self.watch = watch
      if isGone { clientIsGone() }
    default: context.triggerUserOutboundEvent(event, promise: promise)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed { clientIsGone() }
    context.fireUserInboundEventTriggered(event)
  }

  private func clientIsGone() {
    isGone = true
    watch?.onEnd()
    watch = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow: refuseInTurn(context, .headTooLarge)
    case is HTTPParserError:
      refuseInTurn(context, .malformed("Expected a request of HTTP/1.1, but what came is none."))
    default: context.close(promise: nil)
    }
  }

  // MARK: Ending

  private func armHead(_ context: ChannelHandlerContext) {
    headTimer?.cancel()
    headTimer = schedule(context, limits.headTime) { clock in
      if clock.hasPartOfHead { clock.refuse(context, Problem.slowHead) } else { context.close(promise: nil) }
    }
  }

  /// Answers what is no request behind the requests that came before it (RFC 9112, 9.3.2).
  private func refuseInTurn(_ context: ChannelHandlerContext, _ problem: Problem) {
    let own = isReadingBody ? 1 : 0
    if unanswered > own {
      heldRefusal = (problem, own)
    } else {
      refuse(context, problem)
    }
  }

  /// Answers a request that no route has seen, or sees in vain, unless an answer has begun; then closes.
  private func refuse(_ context: ChannelHandlerContext, _ problem: Problem) {
    guard !isEnding else { return }
    if !hasBegunAnswer {
      let body = problem.bytes
      var head = HTTPResponse(status: problem.status)
      head.headerFields = problem.answer.fields
      head.headerFields[.contentLength] = "\(body.count)"
      head.headerFields[.connection] = "close"
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    end(context)
  }

  /// Leaves the client time to read: closing with unread bytes of it would throw the answer away (RFC 9112, 9.6).
  private func end(_ context: ChannelHandlerContext) {
    guard !isEnding else { return }
    isEnding = true
    for timer in [headTimer, bodyTimer] { timer?.cancel() }
    headTimer = schedule(context, limits.lingerTime) { _ in context.close(promise: nil) }
  }

  private func schedule(
    _ context: ChannelHandlerContext, _ time: Duration, _ body: @escaping (ConnectionClock) -> Void
  ) -> Scheduled<Void> {
    context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { [self] in body(self) }
  }
}
