import SequiturFollower
import TestBroker
import Testing
import WrittenTopics

extension FollowerTests {
  /// `wait(for:timeout:)`.
  struct TokenTests {
    @Test func `a token is a partition and an offset`() {
      #expect(CommandToken("3-1042") == CommandToken(partition: 3, offset: 1042))
      #expect("\(CommandToken(partition: 0, offset: 7))" == "0-7")
      for text in ["", "-", "1", "1-", "-1", "1-2-3", "1--2", "+1-2", " 1-2", "1-2 ", "a-1", "99999999999-1"]
      {
        #expect(CommandToken(text) == nil, "\(text)")
      }
    }

    /// A follower of events, until `body` has ended.
    private func withEvents(
      of topics: WrittenTopics, _ body: (Follower) async throws -> Void
    ) async throws {
      var configuration = topics.configuration(topics.events)
      configuration.stopsWhenCaughtUp = false
      let follower = Follower(configuration: configuration, sink: KeptSink())
      let run = Task { try await follower.run() }
      do {
        try await body(follower)
      } catch {
        follower.stop()
        try await run.value
        throw error
      }
      follower.stop()
      try await run.value
    }

    @Test func `a follower of events has a command when it has its events, or later ones`() async throws {
      let topics = try WrittenTopics()
      try await withEvents(of: topics) { follower in
        for number in 0..<20 {
          try topics.write([topics.event("a", version: number + 1, command: number)], to: topics.names.valid)
          try await follower.wait(
            for: CommandToken(partition: 0, offset: Int64(number)), timeout: .seconds(60))
        }
      }
    }

    @Test func `a rejection is covered by a committed end that was asked for afterwards`() async throws {
      let topics = try WrittenTopics()
      try topics.write([topics.event("a", version: 1, command: 0)], to: topics.names.valid)
      try await withEvents(of: topics) { follower in
        // Rejected: nothing of it stands on the topic.
        try await follower.wait(for: CommandToken(partition: 0, offset: 9), timeout: .seconds(60))
        let failure = await #expect(throws: TokenWaitFailure.self) {
          try await follower.wait(for: CommandToken(partition: 7, offset: 0), timeout: .milliseconds(300))
        }
        #expect(failure?.reached == nil)
      }
    }
  }
}
