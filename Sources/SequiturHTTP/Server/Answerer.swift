import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import ReadableText

/// Answers one request after another: finds the route, bounds what it takes, and writes what it says.
struct Answerer: Sendable {
  let router: HTTPRouter
  let limits: HTTPLimits
  let requests: RequestGate
  let streams: RequestGate
  /// Nil: any host's name may be asked for.
  let names: HostNames?
  let callers: CallerCheck
  let logger: Logger

  func answer(
    _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
  ) async throws {
    guard requests.enter() else {
      return try await write(Problem.busy.answer, to: request, writer, channel, hasReadBody: false)
    }
    var isInside = true
    defer { if isInside { requests.leave() } }
    let (answer, hasReadBody, caller) = await make(request, channel)
    guard case .events(let feed, let filter) = answer.body else {
      return try await write(answer, to: request, writer, channel, hasReadBody: hasReadBody)
    }
    guard request.method != .head else {
      return try await write(answer, to: request, writer, channel, hasReadBody: hasReadBody)
    }
    guard streams.enter() else {
      return try await write(Problem.busy.answer, to: request, writer, channel, hasReadBody: false)
    }
    defer { streams.leave() }
    requests.leave()
    isInside = false
    try await stream(feed, filter, until: callers.timeLeft(to: caller), answer, request, writer, channel)
  }

  /// The answer, whether the request's body has been read to its end, and who asked.
  ///
  /// Who asks is looked at before anything else is told, also that there is no such path.
  private func make(_ request: Request, _ channel: any Channel) async -> (HTTPAnswer, Bool, HTTPCaller) {
    let hasBody = Self.hasBody(request.head)
    var caller = HTTPCaller.anyone
    do {
      guard names?.allows(request.head.authority) ?? true else { throw Problem.wrongHost }
      let found = Result { () throws(Problem) in try router.find(request.head) }
      if (try? found.get())?.route.isOpen != true {
        try Self.checkHost(request.head)
        caller = try await callers.caller(of: request.head, channel)
      }
      let target = try found.get()
      let length = request.head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
      guard length <= target.route.bodyBytesMax || !hasBody else {
        throw Problem.tooLarge(target.route.bodyBytesMax)
      }
      let call = HTTPCall(
        head: request.head, parameters: target.parameters, query: target.query, caller: caller,
        body: request.body, limits: limits, bodyBytesMax: target.route.bodyBytesMax)
      try call.demand(target.route.access(call))
      return (
        try await run(target.route, call, channel), !hasBody || target.route.bodyBytesMax > 0, caller
      )
    } catch let problem as Problem {
      var answer = problem.answer
      if problem.status == .methodNotAllowed { answer.fields[.allow] = allowed(request.head) }
      return (answer, !hasBody, caller)
    } catch is CancellationError {
      return (Problem.busy.answer, !hasBody, caller)
    } catch {
      logger.error(
        "a request could not be answered",
        metadata: [
          "path": "\(ShownText.line(request.head.path ?? "", atMost: 200))",
          "error": "\(ShownText.line("\(error)", atMost: 500))",
        ])
      return (Problem.internal.answer, !hasBody, caller)
    }
  }

  private func run(
    _ route: HTTPRoute, _ call: HTTPCall, _ channel: any Channel
  ) async throws -> HTTPAnswer {
    guard route.endsWithClient else { return try await route.handler(call) }
    let task = Task { try await route.handler(call) }
    channel.triggerUserOutboundEvent(ConnectionClock.Watch(onEnd: { task.cancel() }), promise: nil)
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  private func write(
    _ answer: HTTPAnswer, to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel,
    hasReadBody: Bool
  ) async throws {
    var head = HTTPResponse(status: answer.status, headerFields: answer.fields)
    head.headerFields[.date] = HTTPDate.now
    head.headerFields[.xContentTypeOptions] = "nosniff"
    var body: [UInt8] = []
    if case .bytes(let bytes) = answer.body {
      body = bytes
      head.headerFields[.contentLength] = "\(bytes.count)"
    }
    // The rest of the body is not worth reading: the connection ends with this answer.
    let isLast = !hasReadBody || Self.wantsClose(request.head)
    if isLast { head.headerFields[.connection] = "close" }
    if case .stream(let length, let produce) = answer.body, request.method != .head {
      if let length { head.headerFields[.contentLength] = "\(length)" }
      var body = HTTPBodyWriter(try await writer.writeHead(head))
      try await produce(&body)
      try await body.end()
    } else if request.method == .head || body.isEmpty {
      try await writer.writeResponse(head)
    } else {
      try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
    if isLast { channel.triggerUserOutboundEvent(ConnectionClock.Ending(), promise: nil) }
  }

  /// Streams events. The connection ends with them.
  ///
  /// - Parameter time: how long; nil: without end. Who comes back with a new proof goes on behind the last event.
  private func stream(
    _ feed: EventFeed, _ filter: EventFilter, until time: Duration?, _ answer: HTTPAnswer, _ request: Request,
    _ writer: consuming ResponseWriter, _ channel: any Channel
  ) async throws {
    var head = HTTPResponse(status: answer.status, headerFields: answer.fields)
    head.headerFields[.date] = HTTPDate.now
    head.headerFields[.connection] = "close"
    let body = try await writer.writeHead(head)
    let lastEventID = request.head.headerFields[.init("Last-Event-ID")!]
    // Ends with the client: a stream must not outlive it (Hummingbird issue 618).
    try await request.body.consumeWithCancellationOnInboundClose { _ in
      await feed.serve(channel, after: lastEventID, filter, atMost: time)
    }
    try await body.finish(nil)
    channel.triggerUserOutboundEvent(ConnectionClock.Ending(), promise: nil)
  }

  private func allowed(_ head: HTTPRequest) -> String {
    var methods: [String] = []
    for method in [HTTPRequest.Method.get, .post, .put, .delete, .patch] {
      var other = head
      other.method = method
      if (try? router.find(other)) != nil { methods.append(method.rawValue) }
    }
    return methods.joined(separator: ", ")
  }

  /// RFC 9112, 3.2: one Host, though it may be empty. Probes of HTTP/1.0 have none, and ask what is open.
  private static func checkHost(_ head: HTTPRequest) throws(Problem) {
    guard head.authority != nil, head.headerFields[.init("Host")!] == nil else {
      throw .malformed("Expected one Host, but the request has none or several.")
    }
  }

  private static func hasBody(_ head: HTTPRequest) -> Bool {
    head.headerFields[.transferEncoding] != nil
      || head.headerFields[.contentLength].map { $0 != "0" } ?? false
  }

  private static func wantsClose(_ head: HTTPRequest) -> Bool {
    head.headerFields[.connection]?.lowercased().contains("close") ?? false
  }
}
