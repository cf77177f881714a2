import HTTPTypes
import KafkaClient
import SequiturHTTP
import SequiturTopics
import Synchronization

/// Pages of events that can be kept for ever: `/feed/{partition}/{number}`.
///
/// A page has the events at offsets `[1000 n, 1000 n + 1000)` of the partition. Once everything committed reaches beyond it,
/// nothing can change in it: it is immutable, and any cache may answer for it; where rights are needed, its reader's own cache
/// alone. The last page is not whole; it says so by having no link to a next one. A page is read and sent in pieces: a fetcher
/// is held for one piece only, and not while a client reads.
struct FeedPages: Sendable {
  let topics: TopicNames
  let partitions: Int32
  let pool: FetcherPool
  private let room = PageRoom(GatewayLimits.pagesAtOnce)

  init(topics: TopicNames, partitions: Int32, pool: FetcherPool) {
    self.topics = topics
    self.partitions = partitions
    self.pool = pool
  }

  var routes: [HTTPRoute] {
    [
      HTTPRoute.get("/feed/:partition") { try await answer($0, number: nil) }.endingWithClient(),
      HTTPRoute.get("/feed/:partition/:page") { call in
        guard let number = Self.number(call.parameters["page"]),
          number <= Int64.max / FeedPage.offsetsPerPage - 1
        else { throw Problem.edge("malformed", "Expected a page's number, from 0.") }
        return try await answer(call, number: number)
      }.endingWithClient(),
    ]
  }

  /// The first piece of a page, and what is known with it.
  private struct Beginning: Sendable {
    let finding: FeedPage.Finding
    var tag = ""
    var piece = Piece()
    var isKnown = false
  }

  /// Some events of a page, encoded.
  private struct Piece: Sendable {
    var bytes: [UInt8] = []
    /// Where the next piece begins; nil behind the page's end.
    var next: Int64?
    var last: FeedEvent?
  }

  private func answer(_ call: HTTPCall, number: Int64?) async throws -> HTTPAnswer {
    guard let partition = Self.number(call.parameters["partition"]).flatMap({ Int32(exactly: $0) }),
      partition < partitions
    else {
      throw Problem(.notFound, "unknown-partition", "Expected a partition from 0 to \(partitions - 1).")
    }
    guard let place = room.enter() else { throw PageRoom.full }
    let form = FeedForm(accepting: call.head.headerFields[.accept])
    let known = call.head.headerFields[.ifNoneMatch]
    let beginning: Beginning
    do {
      beginning = try await pool.run { fetcher, request in
        try begin(partition, number, form, known, fetcher, request)
      }
    } catch let error as KafkaError {
      throw Problem.brokerAway("give the page", error)
    }
    switch beginning.finding {
    case .gone(let first): throw Self.gone(number ?? 0, partition, first)
    case .beyond(let last): throw Self.beyond(partition, last)
    case .page(let page):
      return answer(page, form, beginning, place, isForAll: call.caller.subject == nil)
    }
  }

  private func answer(
    _ page: FeedPage, _ form: FeedForm, _ beginning: Beginning, _ place: PageRoom.Place, isForAll: Bool
  ) -> HTTPAnswer {
    var answer: HTTPAnswer
    if beginning.isKnown {
      answer = HTTPAnswer(.notModified, form.rawValue, [])
    } else {
      let first = beginning.piece
      let isAll = first.next == nil
      answer = HTTPAnswer(.ok, form.rawValue, length: isAll ? first.bytes.count : nil) { [self] writer in
        // The place is the answer's until it is sent.
        defer { withExtendedLifetime(place) {} }
        try await writer.write(first.bytes)
        var (next, last) = (first.next, first.last)
        while let start = next {
          let before = last
          let piece = try await pool.run { fetcher, request in
            try read(page, from: start, form, after: before, fetcher, request)
          }
          try await writer.write(piece.bytes)
          (next, last) = (piece.next, piece.last)
        }
      }
    }
    answer.fields[.eTag] = beginning.tag
    // A cache that others share asks nobody who they are.
    let audience = isForAll ? "public" : "private"
    answer.fields[.cacheControl] =
      page.isComplete
      ? "\(audience), max-age=31536000, immutable" : isForAll ? "no-cache" : "private, no-cache"
    answer.fields[.vary] = isForAll ? "Accept" : "Accept, Authorization"
    let links = page.links.map { "<\($0.path)>; rel=\"\($0.relation)\"" }
    if !links.isEmpty { answer.fields[.link] = links.joined(separator: ", ") }
    return answer
  }

  // MARK: Reading; blocks

  private func begin(
    _ partition: Int32, _ number: Int64?, _ form: FeedForm, _ known: String?, _ fetcher: RecordFetcher,
    _ request: FetchRequest
  ) throws -> Beginning {
    let bounds = try fetcher.bounds(of: topics.valid, partition)
    let finding = FeedPage.find(number, of: topics.valid, partition, low: bounds.low, high: bounds.high)
    guard case .page(let page) = finding else { return Beginning(finding: finding) }
    var beginning = Beginning(finding: finding)
    if let known {
      // Whether the client has it can be told by the first event.
      var first: FeedEvent?
      try read(page.offsets, of: partition, fetcher, request) { event, _ in
        first = event
        return false
      }
      beginning.tag = Self.tag(page, form, first)
      beginning.isKnown = known.contains(beginning.tag) || known.trimmed == "*"
      if beginning.isKnown { return beginning }
    }
    var first: FeedEvent?
    beginning.piece = try read(page, from: page.offsets.lowerBound, form, after: nil, fetcher, request) {
      first = first ?? $0
    }
    beginning.tag = Self.tag(page, form, first)
    return beginning
  }

  private func read(
    _ page: FeedPage, from start: Int64, _ form: FeedForm, after last: FeedEvent?, _ fetcher: RecordFetcher,
    _ request: FetchRequest, _ look: (FeedEvent) -> Void = { _ in }
  ) throws -> Piece {
    let isBeginning = start == page.offsets.lowerBound
    var piece = Piece(bytes: isBeginning ? form.begin(page) : [], next: nil, last: last)
    try read(start..<page.offsets.upperBound, of: page.partition, fetcher, request) { event, values in
      look(event)
      form.append(event, isFirst: piece.last == nil, values, to: &piece.bytes)
      piece.last = event
      guard piece.bytes.count >= GatewayLimits.pageBytes, event.offset + 1 < page.offsets.upperBound else {
        return true
      }
      piece.next = event.offset + 1
      return false
    }
    if piece.next == nil { piece.bytes += form.end(last: piece.last) }
    return piece
  }

  private func read(
    _ offsets: Range<Int64>, of partition: Int32, _ fetcher: RecordFetcher, _ request: FetchRequest,
    _ body: (FeedEvent, borrowing JSONValues) -> Bool
  ) throws {
    let values = JSONValues()
    try fetcher.read(
      topics.valid, partition, from: offsets.lowerBound, below: offsets.upperBound, for: request
    ) { message in
      guard let event = FeedEvent(message) else { return true }
      return body(event, values)
    }
  }

  // MARK: Words

  /// The bodies of one tag are the same byte for byte: what is committed at these offsets never changes, and a topic that was made
  /// anew has another first event.
  private static func tag(_ page: FeedPage, _ form: FeedForm, _ first: FeedEvent?) -> String {
    let text = "\(first?.id ?? "") \(first?.time ?? "") \(first?.version ?? "")"
    let end = page.isComplete ? "" : "\(page.offsets.upperBound)"
    return "\"\(page.number)\(form.mark)\(end)-\(String(hash(text.utf8), radix: 16))\""
  }

  private static func gone(_ number: Int64, _ partition: Int32, _ first: Int64) -> Problem {
    var problem = Problem(
      .gone, "deleted",
      "Expected events from offset \(number * FeedPage.offsetsPerPage) on, but the topic begins later: the older ones were "
        + "deleted. Begin with the states (`sequitur bootstrap`), or with the first page that is whole.")
    problem.members = [Problem.Member("first", json: "\"/feed/\(partition)/\(first)\"")]
    return problem
  }

  private static func beyond(_ partition: Int32, _ last: Int64) -> Problem {
    var problem = Problem(
      .notFound, "not-yet", "Expected a page, but the last one is /feed/\(partition)/\(last).")
    problem.members = [Problem.Member("last", json: "\"/feed/\(partition)/\(last)\"")]
    return problem
  }

  static func number(_ bytes: [UInt8]?) -> Int64? {
    guard let bytes, !bytes.isEmpty, bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int64(String(decoding: bytes, as: UTF8.self))
  }

  /// FNV-1a of 64 bits.
  private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

/// Bounds the pages that are being sent. Any thread.
final class PageRoom: Sendable {
  /// One page's place; it is free again when nobody has it any more, also when the answer was never sent.
  final class Place: Sendable {
    private let room: PageRoom

    fileprivate init(_ room: PageRoom) { self.room = room }

    deinit { room.inside.subtract(1, ordering: .relaxed) }
  }

  private let inside = Atomic(0)
  private let most: Int

  init(_ most: Int) { self.most = most }

  /// A place; nil when there is none.
  func enter() -> Place? {
    let count = inside.add(1, ordering: .relaxed).newValue
    let place = Place(self)
    return count <= most ? place : nil
  }

  static let full = Problem(
    .serviceUnavailable, "busy",
    "Expected room for one more page, but \(GatewayLimits.pagesAtOnce) are being sent. Ask again.",
    retryAfter: 1)
}
