import Foundation
import SequiturFollower
import SequiturHTTP
import SequiturViews
import Synchronization

/// What `sequitur view --serve` answers.
///
///     /objects/KEY            an object; ?token=3-1042 waits until that command is covered
///     /objects                a page of them: ?after=KEY&limit=N, and ?token
///     /changes                each change, as server-sent events
///     /status                 how the view stands
final class ViewService: Sendable {
  /// A state, as it is encoded.
  typealias View = ObjectView<[UInt8]>

  /// Seconds that `?token` waits, by default and at most.
  private static let waits = (byDefault: 5.0, atMost: 60.0)
  /// Objects of a page, by default and at most.
  private static let limits = (byDefault: 100, atMost: 1_000)

  let view: View
  let feed: EventFeed
  /// Tells the events of one run from those of another.
  private let told = Mutex(0)
  private let run = String(UInt32.random(in: 0 ... .max), radix: 36)

  init(_ view: View) {
    self.view = view
    var limits = EventFeed.Limits()
    limits.bytesMax = 8 << 20
    feed = EventFeed(limits)
  }

  var routes: [HTTPRoute] {
    [
      .get("/objects/:key") { [self] call in try await object(call) }
        .asking { call in .read(key: call.parameters["key"]) },
      .get("/objects") { [self] call in try await page(call) },
      .get("/changes") { [feed] _ in .events(feed) },
      .get("/status", access: .known) { [self] _ in .json(Array((status.text + "\n").utf8)) },
    ]
  }

  /// Publishes each change until the view ends.
  func tell(_ changes: ViewChanges<[UInt8]>) async throws {
    feed.publish(id: id(0), name: "begin", data: "")
    for try await change in changes {
      let number = told.withLock { $0 + 1 }
      feed.publish(id: id(number), name: "change", data: Self.line(change).text)
      told.withLock { $0 = number }
    }
  }

  private func id(_ number: Int) -> String { "\(run)-\(number)" }

  // MARK: Answers

  private func object(_ call: HTTPCall) async throws -> HTTPAnswer {
    let query = try QueryText(call.query, allowing: ["token", "timeout"])
    try await wait(query)
    let key = ViewKey(bytes: call.parameters["key"] ?? [])
    guard let object = try Self.reading({ () throws(ViewFault) in try view.object(key) }) else {
      throw Problem(.notFound, "not-found", "Expected an object of the key \(key), but there is none.")
    }
    return .json(Array((Self.line(object).text + "\n").utf8))
  }

  private func page(_ call: HTTPCall) async throws -> HTTPAnswer {
    let query = try QueryText(call.query, allowing: ["after", "limit", "token", "timeout"])
    let limit = try query.number("limit", in: 1...Double(Self.limits.atMost)).map { Int($0) }
    try await wait(query)
    // Before the page: what is told behind it is in the page, or comes as an event.
    let event = id(told.withLock { $0 })
    let page = try Self.reading { () throws(ViewFault) in
      try view.objects(
        after: query["after"].map { ViewKey(bytes: $0) }, limit: limit ?? Self.limits.byDefault)
    }
    var positions = JSONLine()
    for (partition, token) in page.positions.sorted(by: { $0.key < $1.key }) {
      positions.add("\(partition)", token.description)
    }
    var line = JSONLine()
    line.add("objects", page.objects.map(Self.line))
    line.add("positions", positions)
    line.add("event", event)
    return .json(Array((line.text + "\n").utf8))
  }

  /// Waits for the command that the query names, if any.
  private func wait(_ query: QueryText) async throws {
    let seconds = try query.number("timeout", in: 0...Self.waits.atMost) ?? Self.waits.byDefault
    guard let bytes = query["token"] else { return }
    guard let token = CommandToken(String(decoding: bytes, as: UTF8.self)) else {
      throw Problem(
        .badRequest, "malformed", "Expected token to be <partition>-<offset> of a command, but it is not.")
    }
    do {
      try await view.wait(for: token, timeout: .seconds(seconds))
    } catch let failure as TokenWaitFailure {
      var problem =
        failure.reason == .notFollowed
        ? Problem(.notFound, "not-followed", "\(failure)")
        : Problem(.gatewayTimeout, "not-covered", "\(failure)", retryAfter: 1)
      problem.members = [
        Problem.Member("reached", json: failure.reached.map { "\"\($0)\"" } ?? "null")
      ]
      throw problem
    }
  }

  /// How the view stands.
  private var status: JSONLine {
    let status = view.status
    var line = JSONLine()
    switch status.phase {
    case .starting: line.add("phase", "starting")
    case .catchingUp(let records, let rate, let remaining, let seconds):
      line.add("phase", "catching-up")
      line.add("records", number: records)
      line.add("recordsPerSecond", number: Int(rate))
      line.add("remaining", number: remaining)
      line.add("secondsLeft", number: seconds.map { Int($0.rounded(.up)) })
    case .current(let lag):
      line.add("phase", "current")
      line.add("lagRecords", number: lag.records)
      line.add("lagMilliseconds", number: Int(lag.time / .milliseconds(1)))
    case .waiting(let reason):
      line.add("phase", "waiting")
      line.add("reason", reason)
    case .ended(let reason):
      line.add("phase", "ended")
      line.add("reason", text: reason)
    }
    var positions = JSONLine()
    for (partition, token) in status.positions.sorted(by: { $0.key < $1.key }) {
      positions.add("\(partition)", token.description)
    }
    line.add("positions", positions)
    return line
  }

  private static func reading<R>(_ body: () throws(ViewFault) -> R) throws -> R {
    do throws(ViewFault) {
      return try body()
    } catch {
      switch error {
      case .catchingUp: throw Problem(.serviceUnavailable, "catching-up", "\(error)", retryAfter: 1)
      case .notFollowed: throw Problem(.notFound, "not-followed", "\(error)")
      default: throw Problem(.serviceUnavailable, "unreadable", "\(error)", retryAfter: 5)
      }
    }
  }

  private static func line(_ object: ViewObject<[UInt8]>) -> JSONLine {
    var line = JSONLine()
    line.add("key", key: object.key.bytes[...])
    line.add("state", payload: object.value[...])
    line.add("version", number: object.version)
    line.add("position", text: object.position?.description)
    return line
  }

  private static func line(_ change: ViewChange<[UInt8]>) -> JSONLine {
    var line = JSONLine()
    line.add("key", key: change.key.bytes[...])
    line.add("old", payload: change.old?[...], base64: "oldBase64")
    line.add("state", payload: change.new?[...])
    line.add("version", number: change.version)
    line.add("position", text: change.position?.description)
    return line
  }
}

/// A query's parameters.
private struct QueryText {
  private var values: [String: [UInt8]] = [:]

  /// - Throws: a problem for a parameter that is not known, repeats, or is badly encoded.
  init(_ query: String, allowing names: Set<String>) throws(Problem) {
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentText.decode(pair[0].utf8).map({ String(decoding: $0, as: UTF8.self) }),
        names.contains(name), values[name] == nil,
        let value = PercentText.decode((pair.count > 1 ? pair[1] : "").utf8)
      else {
        throw Problem(
          .badRequest, "malformed",
          "Expected the parameters \(names.sorted().joined(separator: ", ")), each once and percent-encoded, but the "
            + "query is another one.")
      }
      values[name] = value
    }
  }

  subscript(name: String) -> [UInt8]? { values[name] }

  func number(_ name: String, in range: ClosedRange<Double>) throws(Problem) -> Double? {
    guard let bytes = values[name] else { return nil }
    guard let number = Double(String(decoding: bytes, as: UTF8.self)), range.contains(number) else {
      throw Problem(
        .badRequest, "malformed",
        "Expected \(name) to be \(range.lowerBound) to \(range.upperBound), but it is not.")
    }
    return number
  }
}
