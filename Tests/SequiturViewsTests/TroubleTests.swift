import Foundation
import KafkaClient
import SequiturFollower
import SequiturTopics
import SequiturViews
import Synchronization
import TestBroker
import Testing
import WrittenTopics

extension ViewOnBrokerTests {
  /// What keeps a view from going on is told, with the cure.
  struct TroubleTests {
    @Test(arguments: Place.allCases)
    func `a state that cannot be decoded ends the view before its transaction, and is named`(
      place: Place
    ) async throws {
      let topics = try WrittenTopics()
      try topics.write([("a", 1), ("b", 1)], position: 1)
      try topics.write([
        .state("a", Price.text(2)), .state("b", "no price", version: 7), topics.checkpoint(2),
      ])
      let directory = try ViewDirectory()
      let storage: ViewStorage = place == .memory ? .memory : .directory(directory.path)
      let view = try ObjectView<Price>(topics.viewConfiguration(storage))
      let changes = ChangeList(view.changes(including: .existing))
      let fault = await #expect(throws: ViewFault.self) { try await view.run() }
      guard case .undecodable(topics.names.changelog, 0, let offset, "b", 7, _)? = fault else {
        Issue.record("\(String(describing: fault))")
        return
      }
      #expect(offset == 5)
      #expect("\(try #require(fault))".contains("Correct the decoding"))
      if place == .memory { #expect(try view["a", allowing: .any] == nil) }
      try await eventually("the listener to be told") { changes.failure is ViewFault }
      guard place == .directory else { return }
      // Corrected, it goes on there.
      let corrected = try ObjectView<Price>(topics.viewConfiguration(storage)) { bytes in
        (try? JSONDecoder().decode(Price.self, from: Data(bytes))) ?? Price(cents: -1)
      }
      try await withView(corrected) { view in
        try await view.caughtUp()
        #expect(try view["a"] == Price(cents: 2) && view["b"] == Price(cents: -1))
      }
    }

    @Test func `a decoding of the user's own takes the bytes as they are`() async throws {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "plain"), .state("b", ""), topics.checkpoint(1)])
      let view = try ObjectView<String>(topics.viewConfiguration()) { String(decoding: $0, as: UTF8.self) }
      try await withView(view) { view in
        try await view.caughtUp()
        #expect(try view["a"] == "plain" && view["b"] == "" && view["c"] == nil)
      }
    }

    @Test func `a topic of events, another view's directory and an open one are refused`() async throws {
      let topics = try WrittenTopics()
      let events = ViewConfiguration(of: topics.events, storage: .memory, kafka: topics.kafka, logger: quiet)
      #expect(throws: ViewFault.notAChangelog(topic: topics.names.valid)) {
        _ = try ObjectView<Price>(events)
      }

      let directory = try ViewDirectory()
      let configuration = topics.viewConfiguration(.directory(directory.path))
      let view = try ObjectView<Price>(configuration)
      try await withView(view) { view in
        try await view.caughtUp()
        let second = try ObjectView<Price>(configuration)
        let fault = await #expect(throws: ViewFault.self) { try await second.run() }
        #expect("\(try #require(fault))".contains("its own directory"))
      }
      for other in [try WrittenTopics(), try WrittenTopics(partitions: 2)] {
        let view = try ObjectView<Price>(other.viewConfiguration(.directory(directory.path)))
        let fault = await #expect(throws: ViewFault.self) { try await view.run() }
        guard case .otherView(directory.path, _, let found)? = fault else {
          Issue.record("\(String(describing: fault))")
          return
        }
        #expect(found.contains(topics.names.changelog))
      }
      let parent = try ObjectView<Price>(topics.viewConfiguration(.directory(directory.path + "/no/view")))
      let run = Task { try await parent.run() }
      try await eventually("the directory that cannot be made to be told") {
        if case .waiting(let reason) = parent.status.phase { return reason.contains("/no/view") }
        return false
      }
      parent.stop()
      try await run.value
    }

    @Test func `another application's changelog and a missing topic end the view`() async throws {
      let topics = try WrittenTopics()
      var checkpoint = topics.checkpoint(1)
      checkpoint.headers = [("application", "other")]
      try topics.write([.state("a", Price.text(1)), checkpoint])
      let view = try ObjectView<Price>(topics.viewConfiguration())
      let failure = await #expect(throws: FollowFailure.self) { try await view.run() }
      #expect(failure?.fault == .otherApplication(offset: 1, says: "the header application says other"))
      if case .ended(reason: .some) = view.status.phase {} else { Issue.record("\(view.status)") }
      await #expect(throws: ViewFault.self) { try await view.caughtUp() }
      var missing = topics.viewConfiguration()
      missing.topic = .changelog(application: TestBroker.uniqueName("nobody"))
      let nothing = try ObjectView<Price>(missing)
      await #expect(throws: TopicFault.self) { try await nothing.run() }
    }

    @Test(.enabled(if: BrokerProcess.isInstalled))
    func `a broker that is away is waited for, the lag grows, and nothing is missed`() async throws {
      let broker = try BrokerProcess.start()
      defer { broker.kill() }
      let topics = try WrittenTopics(bootstrap: broker.bootstrap)
      try topics.write([("a", 1)], position: 1)
      let view = try ObjectView<Price>(topics.viewConfiguration())
      try await withView(view) { view in
        try await view.caughtUp()
        let changes = ChangeList(view.changes())
        broker.suspend()
        try await eventually("the lag to grow") {
          guard case .current(let lag) = view.status.phase else { return false }
          return lag.time > .seconds(3)
        }
        #expect(try view["a"] == Price(cents: 1))
        broker.resume()
        try topics.write([("a", 2)], position: 2)
        try await view.wait(for: CommandToken(partition: 0, offset: 1), timeout: .seconds(60))
        try await eventually("the change") { changes.texts == ["a:1>2"] }
        try await eventually("the lag to be short again") {
          guard case .current(let lag) = view.status.phase else { return false }
          return lag.time < .seconds(3)
        }
      }
    }

    @Test func `a broker that is not there at the start is told, and the view can be stopped`() async throws {
      let topics = try WrittenTopics()
      var configuration = topics.viewConfiguration()
      configuration.kafka = ["bootstrap.servers": "127.0.0.1:1"]
      let view = try ObjectView<Price>(configuration)
      let run = Task { try await view.run() }
      try await eventually("the broker to be missed") {
        guard case .waiting(let reason) = view.status.phase else { return false }
        return reason.contains("127.0.0.1:1")
      }
      #expect(throws: ViewFault.self) { _ = try view["a"] }
      view.stop()
      try await run.value
    }

    @Test func `a full disk is told with its cure, and the view goes on when there is room`() async throws {
      guard let disk = try SmallDisk(bytes: 24 << 20) else { return }
      defer { disk.unmount() }
      let topics = try WrittenTopics()
      try topics.write([("a", 1)], position: 1)
      var configuration = topics.viewConfiguration(.directory(disk.path + "/view"))
      configuration.memoryBytesMax = 4 << 20
      let view = try ObjectView<Price>(configuration)
      try await withView(view) { view in
        try await view.caughtUp()
        let changes = ChangeList(view.changes())
        try disk.fill()
        let text = String(repeating: "9", count: 12)
        var number = 1
        try await eventually("the disk to be missed") {
          number += 1
          try topics.write(
            (0..<50).map {
              .state("k-\($0)-\(number)-\(String(repeating: "x", count: 900))", "{\"cents\":\(text)}")
            }
              + [topics.checkpoint(number)])
          guard case .waiting(let reason) = view.status.phase else { return false }
          return reason.contains("Make room")
        }
        try disk.empty()
        let last = CommandToken(partition: 0, offset: Int64(number - 1))
        try await view.wait(for: last, timeout: .seconds(60))
        #expect(try view.cut(of: 0).objects.count == 1 + 50 * (number - 1))
        try await eventually("the listener to have heard all") {
          Set(changes.all.map(\.key)).count == 50 * (number - 1)
        }
      }
    }
  }

  /// `wait(for:timeout:)`.
  struct TokenTests {
    @Test func `what was written is there once its token was waited for, each time`() async throws {
      let topics = try WrittenTopics()
      let view = try ObjectView<Price>(topics.viewConfiguration())
      try await withView(view) { view in
        for number in 1...50 {
          try topics.write([("a", number)], position: number)
          try await view.wait(
            for: CommandToken(partition: 0, offset: Int64(number - 1)), timeout: .seconds(60))
          #expect(try view["a"]?.cents ?? 0 >= number)
        }
      }
    }

    @Test func `a wait that is over says what was reached and what is missing`() async throws {
      let topics = try WrittenTopics()
      try topics.write([("a", 1)], position: 3)
      let view = try ObjectView<Price>(topics.viewConfiguration())
      try await withView(view) { view in
        try await view.caughtUp()
        let failure = await #expect(throws: TokenWaitFailure.self) {
          try await view.wait(for: CommandToken(partition: 0, offset: 5), timeout: .milliseconds(50))
        }
        #expect(failure?.reached == CommandToken("0-2") && failure?.missing == 3)
        #expect("\(try #require(failure))".contains("it stands at 0-2, 3 short"))
        let waiting = Task {
          try await view.wait(for: CommandToken(partition: 0, offset: 5), timeout: .seconds(600))
        }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
      }
      let late = await #expect(throws: TokenWaitFailure.self) {
        try await view.wait(for: CommandToken(partition: 0, offset: 5), timeout: .seconds(600))
      }
      #expect(late?.reason == .ended && late?.reached == CommandToken("0-2"))
      try await view.wait(for: CommandToken(partition: 0, offset: 2), timeout: .zero)
    }
  }
}
