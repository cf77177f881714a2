import Foundation
import SequiturFollower
import SequiturGateway
import SequiturHTTP
import SequiturViews
import Synchronization

/// What `sequitur view --serve` answers.
///
///     /objects/KEY            an object; ?token=3-1042 waits until that command is covered
///     /objects                a page of them: ?after=KEY&limit=N, and ?token
///     /changes                each change, as server-sent events
///     /status                 how the view stands
final class ViewRoutes: Sendable {
  /// A state, as it is encoded.
  typealias View = ObjectView<[UInt8]>

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
    let query = try QueryParameters(call.query, allowing: ["token", "timeout"])
    try await ViewAnswers.wait(query, for: view)
    let key = ViewKey(bytes: call.parameters["key"] ?? [])
    guard let object = try ViewAnswers.reading({ () throws(ViewFault) in try view.object(key) }) else {
      throw Problem(.notFound, "not-found", "Expected an object of the key \(key), but there is none.")
    }
    return .json(Array((Self.line(object).text + "\n").utf8))
  }

  private func page(_ call: HTTPCall) async throws -> HTTPAnswer {
    let query = try QueryParameters(call.query, allowing: ["after", "limit", "token", "timeout"])
    let limit = try query.integer("limit", in: 1...Int64(Self.limits.atMost)).map { Int($0) }
    try await ViewAnswers.wait(query, for: view)
    // Before the page: what is told behind it is in the page, or comes as an event.
    let event = id(told.withLock { $0 })
    let page = try ViewAnswers.reading { () throws(ViewFault) in
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
