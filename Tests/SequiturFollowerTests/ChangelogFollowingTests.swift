import KafkaClient
import Logging
import SequiturFollower
import Synchronization
import TestBroker
import Testing
import WrittenTopics

extension FollowerTests {
  /// States, as they are read from a changelog.
  struct ChangelogFollowingTests {
    private func followed(_ topics: WrittenTopics, _ sink: KeptSink = KeptSink()) async throws -> KeptSink {
      try await Follower(configuration: topics.configuration(), sink: sink).run()
      return sink
    }

    @Test func `committed states are applied with their checkpoint's position, aborted ones are not`()
      async throws
    {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), .state("b", "1"), topics.checkpoint(2)])
      try topics.write([.state("a", "no"), topics.checkpoint(3)], commits: false)
      try topics.write([.state("a", "2", version: 2), .tombstone("b"), topics.checkpoint(4)])
      try topics.write([.state("c", "no"), topics.checkpoint(9)], commits: false)
      let sink = try await followed(topics)
      #expect(sink.table == ["a": "2"])
      #expect(sink.position(of: 0)?.command == 4)
      #expect(sink.position(of: 0)?.incarnation == 7)
      #expect(!sink.records.contains { $0.hasSuffix("=no") })
    }

    @Test func `an empty changelog is caught up with at once, and so is one of aborted transactions alone`()
      async throws
    {
      let topics = try WrittenTopics(partitions: 3)
      #expect(try await followed(topics).calls == [])
      try topics.write([.state("a", "no"), topics.checkpoint(3)], partition: 1, commits: false)
      #expect(try await followed(topics).calls == [])
    }

    @Test func `a transaction that changed nothing moves the position`() async throws {
      let topics = try WrittenTopics()
      try topics.write([topics.checkpoint(5)])
      let sink = try await followed(topics)
      #expect(sink.calls == [.init(partition: 0, records: [], old: nil, new: sink.position(of: 0))])
      #expect(sink.position(of: 0)?.command == 5)
    }

    @Test func `what was committed at the start is caught up with, whatever is open`() async throws {
      let topics = try WrittenTopics(partitions: 2)
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      let open = try topics.open([.state("a", "2"), topics.checkpoint(2)])
      let sink = try await followed(topics)
      #expect(sink.table == ["a": "1"])
      try open.commit(timeout: .seconds(30))
      #expect(try await followed(topics).table == ["a": "2"])
    }

    @Test func `what was written at the start is waited for, when that is the goal`() async throws {
      let topics = try WrittenTopics()
      let open = try topics.open([.state("a", "2"), topics.checkpoint(2)])
      var configuration = topics.configuration()
      configuration.goal = .written
      let sink = KeptSink()
      let follower = Follower(configuration: configuration, sink: sink)
      let run = Task { try await follower.run() }
      try await eventually("the follower to wait") { follower.statuses[0].map { $0.remaining > 0 } ?? false }
      #expect(sink.calls.isEmpty)
      try open.commit(timeout: .seconds(30))
      try await run.value
      #expect(sink.table == ["a": "2"])
    }

    @Test func `an open transaction that keeps records back is named, and waited for`() async throws {
      let topics = try WrittenTopics()
      let open = try topics.open([.state("a", "1"), topics.checkpoint(1)])
      var configuration = topics.configuration()
      configuration.goal = .written
      // Shorter than the transaction is open: the broker is not silent.
      configuration.silenceMax = .seconds(2)
      let lines = LogLines()
      configuration.logger = Logger(label: "held") { _ in lines }
      let sink = KeptSink()
      let follower = Follower(configuration: configuration, sink: sink)
      let run = Task { try await follower.run() }
      try await eventually("the transaction to be named") {
        lines.all.contains { $0.contains("an open transaction keeps committed records back") }
      }
      try open.commit(timeout: .seconds(30))
      try await run.value
      #expect(sink.table == ["a": "1"])
    }

    @Test func `a follower that goes on applies what comes, until it is stopped`() async throws {
      let topics = try WrittenTopics(partitions: 2)
      var configuration = topics.configuration()
      configuration.stopsWhenCaughtUp = false
      let sink = KeptSink()
      let follower = Follower(configuration: configuration, sink: sink)
      let run = Task { try await follower.run() }
      for number in 1...3 {
        try topics.write([.state("a", "\(number)"), topics.checkpoint(number)], partition: 1)
        try await eventually("the state \(number)") { sink.table["a"] == "\(number)" }
      }
      follower.stop()
      try await run.value
      #expect(follower.statuses[1]?.position?.command == 3)
      #expect(follower.statuses[0]?.isCaughtUp == true)
    }

    @Test func `a follower goes on where its sink stands`() async throws {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      let first = try await followed(topics)
      try topics.write([.state("b", "1"), topics.checkpoint(2)])
      let second = try await followed(topics, KeptSink(at: [0: try #require(first.position(of: 0))]))
      #expect(second.records == ["b=1"])
      #expect(second.position(of: 0)?.command == 2)
    }

    @Test func `a transaction larger than what may be held is applied in parts, the last with the position`()
      async throws
    {
      let topics = try WrittenTopics()
      let value = String(repeating: "x", count: 1000)
      try topics.write((0..<10).map { .state("k\($0)", value) } + [topics.checkpoint(10)])
      var configuration = topics.configuration()
      configuration.heldBytesMax = 3_500
      let sink = KeptSink()
      try await Follower(configuration: configuration, sink: sink).run()
      #expect(sink.calls.map(\.records.count) == [3, 3, 3, 1])
      #expect(sink.calls.map { $0.new?.command } == [nil, nil, nil, 10])
      #expect(sink.table.count == 10)
    }
  }

  /// Sinks that do not take everything at once.
  struct SinkTests {
    @Test func `a sink that asks for time gets the same batch again`() async throws {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      let sink = KeptSink { number, _ in number < 3 ? .retry(after: .milliseconds(1)) : .applied }
      try await Follower(configuration: topics.configuration(), sink: sink).run()
      #expect(sink.records == ["a=1"])
    }

    @Test func `a sink that asks for ever does not hold up a stop`() async throws {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      let sink = KeptSink { _, _ in .retry(after: .seconds(3_600)) }
      let follower = Follower(configuration: topics.configuration(), sink: sink)
      let run = Task { try await follower.run() }
      try await eventually("the follower to begin") { follower.statuses[0] != nil }
      follower.stop()
      try await run.value
      #expect(sink.calls == [])
    }

    @Test func `a sink that somebody else has moved is followed from where it stands`() async throws {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      let other = KeptSink()
      try await Follower(configuration: topics.configuration(), sink: other).run()
      let moved = try #require(other.position(of: 0))
      try topics.write([.state("b", "1"), topics.checkpoint(2)])
      let sink = KeptSink { number, sink in
        guard number == 0 else { return .applied }
        sink.move(0, to: moved)
        return .fenced
      }
      try await Follower(configuration: topics.configuration(), sink: sink).run()
      #expect(sink.records == ["b=1"])
      #expect(sink.calls.first?.old == moved)
    }

    @Test func `what a sink throws ends the follower`() async throws {
      struct Full: Error {}
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      let sink = KeptSink { _, _ in throw Full() }
      await #expect(throws: Full.self) {
        try await Follower(configuration: topics.configuration(), sink: sink).run()
      }
    }
  }
}

/// Keeps the lines of a log.
private struct LogLines: LogHandler {
  private final class Lines: Sendable {
    let lines = Mutex<[String]>([])
  }

  private let lines = Lines()
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.warning

  var all: [String] { lines.lines.withLock { $0 } }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { lines.lines.withLock { $0.append("\(event.message)") } }
}
