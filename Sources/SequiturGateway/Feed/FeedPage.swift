/// One page of a partition's events: which it is, and how it stands to the topic.
struct FeedPage: Sendable, Hashable {
  static let offsetsPerPage: Int64 = 1000

  let topic: String
  let partition: Int32
  let number: Int64
  /// The partition's first offset, and the end of what is committed.
  let low: Int64
  let high: Int64

  /// What a request for a page finds.
  enum Finding: Sendable, Hashable {
    case page(FeedPage)
    /// Events of it were deleted; the first page that is whole.
    case gone(first: Int64)
    /// It begins behind the end; the last page.
    case beyond(last: Int64)
  }

  /// - Parameter number: nil: the last page.
  static func find(
    _ number: Int64?, of topic: String, _ partition: Int32, low: Int64, high: Int64
  ) -> Finding {
    let last = high / offsetsPerPage
    let page = FeedPage(topic: topic, partition: partition, number: number ?? last, low: low, high: high)
    guard page.number <= last else { return .beyond(last: last) }
    guard page.isWhole(page.number) || number == nil else {
      return .gone(first: (low + offsetsPerPage - 1) / offsetsPerPage)
    }
    return .page(page)
  }

  var offsets: Range<Int64> { start..<min(start + Self.offsetsPerPage, max(high, start)) }
  /// Nothing in it can change.
  var isComplete: Bool { high >= start + Self.offsetsPerPage }
  var path: String { path(number) }

  /// The pages before and behind it, for as far as there are any.
  var links: [(relation: String, path: String)] {
    var links: [(String, String)] = []
    if number > 0, isWhole(number - 1) { links.append(("prev", path(number - 1))) }
    if isComplete { links.append(("next", path(number + 1))) }
    return links
  }

  private var start: Int64 { number * Self.offsetsPerPage }

  private func path(_ number: Int64) -> String { "/feed/\(partition)/\(number)" }

  /// No event of it was deleted.
  private func isWhole(_ number: Int64) -> Bool { low == 0 || number * Self.offsetsPerPage >= low }
}
