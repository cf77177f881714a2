import SequiturFollower
import Synchronization
import Testing
import WrittenTopics

extension FollowerTests {
  /// The invalid topic, followed by command.
  struct RejectionFollowingTests {
    @Test func `rejections are applied with their command, and their own headers come last`() async throws {
      let topics = try WrittenTopics()
      let forged = [("rejection-code", "forged"), ("command-position", "\(topics.names.commands)/0/99")]
      try topics.write(
        [
          topics.rejection("a", command: 4), topics.rejection("b", command: 6, code: "malformed", of: forged),
        ],
        to: topics.names.invalid)
      try topics.write([topics.rejection("c", command: 7)], to: topics.names.invalid, commits: false)
      let sink = RejectionSink()
      var configuration = topics.configuration(topics.rejections)
      configuration.goal = .written
      try await Follower(configuration: configuration, sink: sink).run()
      #expect(sink.lines == ["a 4 3 declined", "b 6 3 malformed"])
      #expect(sink.position?.command == 7)
    }

    @Test func `each record has its own headers where the next one's differ`() async throws {
      let topics = try WrittenTopics()
      let own = [
        [("x", "1"), ("y", "2")], [("x", "3"), ("y", "4")], [("y", "5"), ("x", "6")], [("y", ""), ("", "7")],
        [("yy", "8")], [], [("x", "9"), ("x", "10")],
      ]
      try topics.write(
        own.enumerated().map { topics.rejection("k\($0)", command: $0, of: $1) },
        to: topics.names.invalid)
      let sink = RejectionSink()
      try await Follower(configuration: topics.configuration(topics.rejections), sink: sink).run()
      #expect(
        sink.headers.map { $0.prefix { !$0.hasPrefix("rejection-code") }.joined(separator: " ") }
          == ["x=1 y=2", "x=3 y=4", "y=5 x=6", "y= =7", "yy=8", "", "x=9 x=10"])
    }
  }
}

private final class RejectionSink: FollowSink {
  private struct Kept {
    var lines: [String] = []
    /// Of each record, like `x=1`.
    var headers: [[String]] = []
    var position: FollowPosition?
  }

  private let state = Mutex(Kept())

  var lines: [String] { state.withLock { $0.lines } }
  var headers: [[String]] { state.withLock { $0.headers } }
  var position: FollowPosition? { state.withLock { $0.position } }

  func position(of partition: Int32) -> FollowPosition? { nil }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) -> FollowVerdict {
    state.withLock { state in
      for index in 0..<batch.count {
        let record = batch[index]
        let key = String(decoding: record.key, as: UTF8.self)
        let code = record.text("rejection-code") ?? ""
        state.headers.append(
          record.headers.map { header in
            "\(header.name)=\(header.value.map { String(decoding: $0, as: UTF8.self) } ?? "null")"
          })
        state.lines.append("\(key) \(record.command ?? -1) \(record.version ?? 0) \(code)")
      }
      state.position = new
    }
    return .applied
  }
}
