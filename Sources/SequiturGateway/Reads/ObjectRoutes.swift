import HTTPTypes
import Sequitur
import SequiturFollower
import SequiturHTTP
import SequiturViews

/// `GET /objects/{key}` and `GET /objects`: states, as the gateway's view has them.
struct ObjectRoutes: Sendable {
  /// Objects of a page, by default and at most.
  static let limits = (byDefault: Int64(100), atMost: Int64(1000))
  /// Bytes of the states of a page; one state at least is on it.
  private static let pageBytesMax = 16 << 20
  /// What `stale` may ask for, in seconds.
  private static let staleMax = 86_400.0

  /// Nil: the gateway keeps none.
  let objects: GatewayView?

  var routes: [HTTPRoute] {
    [
      HTTPRoute.get("/objects/:key", object).asking { call in .read(key: try CommandRequest.key(of: call)) },
      .get("/objects", page),
    ]
  }

  /// - Throws: ``Problem``: 501.
  private func kept() throws(Problem) -> GatewayView {
    guard let objects else {
      throw Problem(
        .notImplemented, "no-view",
        "Expected a gateway that keeps the objects, but this one does not. Start it with --view, or ask `sequitur view --serve`."
      )
    }
    return objects
  }

  // MARK: One object

  @Sendable private func object(_ call: HTTPCall) async throws -> HTTPAnswer {
    let kept = try kept()
    let key = ViewKey(bytes: try CommandRequest.key(of: call))
    let query = try QueryParameters(
      call.query, allowing: ["key", "token", "version", "stale", "timeout"])
    try await ViewAnswers.wait(query, for: kept.view)
    try await wait(query, key, kept)
    let lag = try lag(query, kept.view)
    // Before the object: it is at least as new.
    let position = try ViewAnswers.reading { () throws(ViewFault) in try kept.view.position(of: key) }
    let found = try ViewAnswers.reading { () throws(ViewFault) in try kept.view.object(key) }
    var answer = found.map { Self.answer($0, call) } ?? Self.absent(key)
    if let position { answer.fields[.sequiturAsOf] = position.description }
    if let lag { answer.fields[.sequiturLag] = lag }
    return answer
  }

  private static func answer(_ object: ViewObject<[UInt8]>, _ call: HTTPCall) -> HTTPAnswer {
    let tag = "\"\(object.version)\""
    let isKnown = EntityTags.contain(call.head.headerFields[values: .ifNoneMatch], tag)
    var answer =
      isKnown
      ? HTTPAnswer(.notModified, "application/json", [])
      : HTTPAnswer(
        .ok, ObjectText.isJSON(object.value) ? "application/json" : "application/octet-stream", object.value)
    answer.fields[.eTag] = tag
    // Kept by a cache, it must be asked for again.
    answer.fields[.cacheControl] = "no-cache"
    return answer
  }

  private static func absent(_ key: ViewKey) -> HTTPAnswer {
    Problem(.notFound, "not-found", "Expected an object of the key \(key), but there is none.").answer
  }

  /// Waits for the version that the query names, if any.
  private func wait(_ query: QueryParameters, _ key: ViewKey, _ kept: GatewayView) async throws {
    guard let number = try query.integer("version", in: 1...Int64.max) else { return }
    let seconds = try query.number("timeout", in: 0...ViewAnswers.waits.atMost) ?? ViewAnswers.waits.byDefault
    let version = UInt64(number)
    func now() throws -> UInt64 {
      try ViewAnswers.reading { () throws(ViewFault) in try kept.view.object(key) }?.version ?? 0
    }
    guard
      try await kept.wait(for: version, of: key, within: .seconds(seconds), { try now() >= version })
    else {
      var problem = Problem(
        .gatewayTimeout, "not-covered",
        "Expected version \(version) within \(seconds) s, but the object is at version \(try now()). Wait longer, and look at "
          + "whether a worker serves its partition.", retryAfter: 1)
      problem.members = [Problem.Member("version", json: "\(try now())")]
      throw problem
    }
  }

  /// How old what is told may be, in seconds, where the query bounds it.
  /// - Throws: ``Problem``: 503 when it may be older.
  private func lag(_ query: QueryParameters, _ view: ObjectView<[UInt8]>) throws(Problem) -> String? {
    guard let bytes = query["stale"] else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasSuffix("s"), let most = Double(text.dropLast()), (0...Self.staleMax).contains(most) else {
      throw Problem(
        .badRequest, "malformed", "Expected stale to be a time in seconds like 5s, but it is not.")
    }
    guard case .current(let lag) = view.status.phase, lag.time <= .seconds(most) else {
      throw Problem(
        .serviceUnavailable, "stale",
        "Expected objects that are at most \(text) old, but they may be older: the view is behind, or its cluster does not "
          + "answer. Ask again, or allow more.", retryAfter: 1)
    }
    return "\((lag.time / .milliseconds(1)).rounded(.up) / 1000)"
  }

  // MARK: Pages

  @Sendable private func page(_ call: HTTPCall) async throws -> HTTPAnswer {
    let view = try kept().view
    let query = try QueryParameters(
      call.query, allowing: ["partition", "after", "limit", "token", "timeout"])
    let limit = Int(try query.integer("limit", in: 1...Self.limits.atMost) ?? Self.limits.byDefault)
    let partition = try query.integer("partition", in: 0...Int64(Int32.max)).map { Int32($0) }
    try await ViewAnswers.wait(query, for: view)
    let found = try ViewAnswers.reading { () throws(ViewFault) in
      try view.objects(after: query["after"].map { ViewKey(bytes: $0) }, limit: limit, of: partition)
    }
    var (objects, bytes) = ([ViewObject<[UInt8]>](), 0)
    for object in found.objects {
      bytes += object.value.count
      guard objects.isEmpty || bytes <= Self.pageBytesMax else { break }
      objects.append(object)
    }
    let isLast = objects.count == found.objects.count && objects.count < limit
    var text = "{\"objects\":[\(ObjectText.list(objects))],\"positions\":{"
    text += found.positions.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
      .joined(separator: ",")
    text += "}"
    var answer = HTTPAnswer.json([])
    if !isLast, let last = objects.last {
      let next = Self.next(behind: last.key, limit, partition)
      text += ",\"next\":\(JSONText.quoted(next))"
      answer.fields[.link] = "<\(next)>; rel=\"next\""
    }
    answer.body = .bytes(Array((text + "}\n").utf8))
    return answer
  }

  private static func next(behind key: ViewKey, _ limit: Int, _ partition: Int32?) -> String {
    "/objects?after=\(PercentText.encode(key.bytes))&limit=\(limit)"
      + (partition.map { "&partition=\($0)" } ?? "")
  }
}
