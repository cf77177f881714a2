import Testing

@testable import SequiturGateway

/// Which pages there are, and how they stand to the topic.
@Suite struct FeedPageTests {
  private func find(_ number: Int64?, _ low: Int64, _ high: Int64) -> String {
    switch FeedPage.find(number, of: "valid", 3, low: low, high: high) {
    case .gone(let first): return "gone \(first)"
    case .beyond(let last): return "beyond \(last)"
    case .page(let page):
      let links = page.links.map { "\($0.relation) \($0.path)" }.joined(separator: " ")
      return "\(page.path) \(page.offsets) \(page.isComplete ? "whole" : "head") \(links)"
    }
  }

  @Test func `a page is whole once the end has passed it, and the last one has no next`() {
    #expect(find(0, 0, 0) == "/feed/3/0 0..<0 head ")
    #expect(find(nil, 0, 0) == "/feed/3/0 0..<0 head ")
    #expect(find(0, 0, 1) == "/feed/3/0 0..<1 head ")
    #expect(find(0, 0, 999) == "/feed/3/0 0..<999 head ")
    #expect(find(0, 0, 1000) == "/feed/3/0 0..<1000 whole next /feed/3/1")
    // Every link leads somewhere, also when the end stands between two pages.
    #expect(find(1, 0, 1000) == "/feed/3/1 1000..<1000 head prev /feed/3/0")
    #expect(find(nil, 0, 1000) == "/feed/3/1 1000..<1000 head prev /feed/3/0")
    #expect(find(1, 0, 2500) == "/feed/3/1 1000..<2000 whole prev /feed/3/0 next /feed/3/2")
    #expect(find(nil, 0, 2500) == "/feed/3/2 2000..<2500 head prev /feed/3/1")
  }

  @Test func `pages behind the end and before the beginning are told with those that are there`() {
    #expect(find(1, 0, 999) == "beyond 0")
    #expect(find(4, 0, 3000) == "beyond 3")
    #expect(find(.max / 1000 - 1, 0, 3000) == "beyond 3")
    #expect(find(0, 1, 3000) == "gone 1")
    #expect(find(0, 1000, 3000) == "gone 1")
    #expect(find(1, 1000, 3000) == "/feed/3/1 1000..<2000 whole next /feed/3/2")
    #expect(find(1, 1001, 3000) == "gone 2")
    #expect(find(2, 1001, 3000) == "/feed/3/2 2000..<3000 whole next /feed/3/3")
    // Everything is deleted: there is an end all the same.
    #expect(find(nil, 3500, 3500) == "/feed/3/3 3000..<3500 head ")
    #expect(find(3, 3500, 3500) == "gone 4")
  }
}

/// Where a reader stands.
@Suite struct FeedPositionTests {
  @Test func `a position is read as it was written`() {
    for offsets in [[0], [17, 4], [Int64.max, 0, 5]] as [[Int64]] {
      let position = FeedPosition(offsets)
      #expect(FeedPosition(position.description, partitions: Int32(offsets.count)) == position)
    }
    #expect(FeedPosition([17, 4]).description == "0:17,1:4")
    for bad in [
      "", "0", "0:", ":1", "1:0", "0:1,", ",0:1", "0:1,0:2", "0:1,2:3", "0:-1", "0:+1", "0:1:2", "0: 1",
      "0:9223372036854775808", "00:1", "0:1,1:x", "sequitur/0/1",
    ] {
      #expect(FeedPosition(bad, partitions: 2) == nil, "\(bad)")
      #expect(FeedPosition(bad, partitions: 1) == nil, "\(bad)")
    }
  }

  @Test func `it goes behind what is taken, and no partition beside them is taken`() {
    var position = FeedPosition([5, 5])
    let (taken, beside) = (position.take(1, 9), position.take(2, 9))
    #expect(taken && !beside)
    #expect(position == FeedPosition([5, 10]))
  }
}

/// Those who poll.
@Suite struct FeedNewsTests {
  @Test func `who waits is told, at once when something came since they looked`() async {
    let news = FeedNews()
    let count = news.count
    news.tell()
    await news.wait(beyond: count, atMost: .seconds(100))
    let next = news.count
    async let told: Void = news.wait(beyond: next, atMost: .seconds(100))
    news.tell()
    await told
    await news.wait(beyond: news.count, atMost: .milliseconds(1))
    let task = Task { await news.wait(beyond: news.count, atMost: .seconds(100)) }
    task.cancel()
    await task.value
  }
}
