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
  /// What a view promises, by its numbers in `ObjectView`'s documentation.
  struct GuaranteeTests {
    /// The storage of a case, and what keeps it.
    private func storage(_ place: Place) throws -> (ViewStorage, ViewDirectory) {
      let directory = try ViewDirectory()
      return (place == .memory ? .memory : .directory(directory.path), directory)
    }

    @Test(arguments: Place.allCases)
    func `what a view holds of a partition is one consistent cut at the position it names`(
      place: Place
    ) async throws {
      let topics = try WrittenTopics()
      let (storage, directory) = try storage(place)
      defer { withExtendedLifetime(directory) {} }
      let view = try ObjectView<Price>(topics.viewConfiguration(storage))
      try await withView(view) { view in
        try await view.caughtUp()
        let isEnough = Mutex(false)
        let writer = Task.detached {
          var number = 0
          while !isEnough.withLock({ $0 }) {
            number += 1
            // A transaction that is given up, and one that counts.
            if number.isMultiple(of: 7) {
              try topics.write([.state("a", Price.text(-1)), topics.checkpoint(number)], commits: false)
            }
            try topics.write([("a", number), ("b", number), ("c-\(number)", number)], position: number)
          }
        }
        var seen = Set<Int64>()
        while seen.count < 12 {
          let cut = try view.cut(of: 0)
          let position = cut.position?.offset ?? -1
          let expected = position + 1
          #expect(cut.objects.count == (expected == 0 ? 0 : Int(expected) + 2))
          for object in cut.objects where ["a", "b"].contains(object.key.description) {
            #expect(object.value.cents == Int(expected))
          }
          seen.insert(position)
          // A wait for news that may not come: others run meanwhile.
          try? await view.wait(for: CommandToken(partition: 0, offset: position + 1), timeout: .seconds(1))
        }
        isEnough.withLock { $0 = true }
        try await writer.value
      }
    }

    @Test func `a change is told when its state and its position can be read`() async throws {
      let topics = try WrittenTopics()
      let view = try ObjectView<Price>(topics.viewConfiguration())
      let early = Mutex<[String]>([])
      try await withView(view) { view in
        try await view.caughtUp()
        let changes = ChangeList(view.changes()) { change in
          do {
            let object = try view.object(change.key)
            let position = try #require(change.position)
            if object?.version ?? 0 < change.version ?? 0 { early.withLock { $0.append("state") } }
            if object?.position?.offset ?? -1 < position.offset { early.withLock { $0.append("position") } }
            // No time: it must be there.
            try await view.wait(for: position, timeout: .zero)
          } catch {
            early.withLock { $0.append("\(error)") }
          }
        }
        for number in 1...20 { try topics.write([("a", number)], position: number) }
        try await eventually("the last change") { changes.all.last?.new?.cents == 20 }
      }
      #expect(early.withLock { $0 } == [])
    }

    @Test(arguments: Place.allCases)
    func `reading before it is caught up is an error unless any age is allowed`(place: Place) async throws {
      let topics = try WrittenTopics()
      try topics.write([("a", 1)], position: 1)
      let (storage, directory) = try storage(place)
      defer { withExtendedLifetime(directory) {} }
      let unstarted = try ObjectView<Price>(topics.viewConfiguration(storage))
      #expect(throws: ViewFault.catchingUp(partition: nil, remaining: nil)) { _ = try unstarted["a"] }
      #expect(throws: ViewFault.self) { _ = try unstarted.objects(limit: 1) }
      #expect(throws: ViewFault.self) { _ = try unstarted.cut(of: 0) }
      // Decoding waits, so that the view stays in the middle.
      let gate = DispatchSemaphore(value: 0)
      let view = try ObjectView<Price>(topics.viewConfiguration(storage)) { bytes in
        gate.wait()
        return try JSONDecoder().decode(Price.self, from: Data(bytes))
      }
      try await withView(view) { view in
        try await eventually("the view to begin") {
          if case .catchingUp = view.status.phase { true } else { false }
        }
        try await eventually("the partition to be known") {
          do throws(ViewFault) { _ = try view["a"] } catch {
            if case .catchingUp(partition: 0, _) = error { return true }
          }
          return false
        }
        #expect(try view["a", allowing: .any] == nil)
        // Once for taking it, and of a directory once for each reading.
        for _ in 0..<10 { gate.signal() }
        try await view.caughtUp()
        #expect(try view["a"] == Price(cents: 1))
        guard case .current(let lag) = view.status.phase else {
          Issue.record("\(view.status)")
          return
        }
        #expect(lag.records == 0)
      }
      // Ended: only of any age.
      #expect(throws: ViewFault.self) { _ = try view["a"] }
      if place == .memory { #expect(try view["a", allowing: .any] == Price(cents: 1)) }
      if case .ended(reason: nil) = view.status.phase {} else { Issue.record("\(view.status)") }
    }

    @Test(arguments: Place.allCases)
    func `each change has the old and the new value`(place: Place) async throws {
      let topics = try WrittenTopics()
      try topics.write([("a", 1), ("b", 2)], position: 1)
      let (storage, directory) = try storage(place)
      defer { withExtendedLifetime(directory) {} }
      let view = try ObjectView<Price>(topics.viewConfiguration(storage))
      let all = ChangeList(view.changes(including: .existing))
      let later = ChangeList(view.changes())
      try await withView(view) { view in
        try await view.caughtUp()
        try topics.write([("a", 3)], position: 2)
        try topics.write([("b", nil), ("c", 5)], position: 3)
        // Nothing but the same state again.
        try topics.write([("a", 3)], position: 4, version: 2)
        try topics.write([("b", 7), ("c", nil)], position: 5)
        try await eventually("the changes") { later.all.count >= 5 && all.all.count >= 7 }
        #expect(later.texts.sorted() == ["a:1>3", "b:->7", "b:2>-", "c:->5", "c:5>-"])
        #expect(later.texts.filter { $0.hasPrefix("b") } == ["b:2>-", "b:->7"])
        #expect(all.texts.prefix(2).sorted() == ["a:->1", "b:->2"])
        #expect(
          all.all.prefix(2).allSatisfy(\.isExisting) && !all.all.dropFirst(2).contains(where: \.isExisting))
        #expect(later.all.first?.version == 2)
        #expect(later.all.first?.position == CommandToken("0-1"))
      }
    }

    @Test func `existing objects are told once each while others change`() async throws {
      let topics = try WrittenTopics(partitions: 2)
      for partition: Int32 in 0..<2 {
        try topics.write(
          (0..<1000).map { ("k-\(partition)-\($0)", 0) }, position: 1, partition: partition)
      }
      let view = try ObjectView<Price>(topics.viewConfiguration())
      try await withView(view) { view in
        try await view.caughtUp()
        let writer = Task.detached {
          for number in 2...30 {
            try topics.write(
              (0..<20).map { ("k-1-\(($0 * 37 + number) % 1000)", number) } + [("new-\(number)", number)],
              position: number, partition: 1)
          }
        }
        let changes = ChangeList(view.changes(including: .existing))
        try await writer.value
        try await view.wait(for: CommandToken(partition: 1, offset: 29), timeout: .seconds(60))
        let cut = try view.cut(of: 1)
        try await eventually("all changes") {
          var fold: [ViewKey: Price] = [:]
          for change in changes.all where change.partition == 1 { fold[change.key] = change.new }
          return fold == Dictionary(uniqueKeysWithValues: cut.objects.map { ($0.key, $0.value) })
        }
        // Each change begins where the one before it ended.
        var last: [ViewKey: Price] = [:]
        for change in changes.all {
          #expect(change.old == last[change.key])
          last[change.key] = change.new
        }
        #expect(Set(changes.all.filter { $0.partition == 0 }.map(\.key)).count == 1000)
        #expect(changes.all.filter { $0.partition == 0 }.count == 1000)
      }
    }

    @Test(arguments: Place.allCases)
    func `deletions of a changelog that was made anew are told as changes`(place: Place) async throws {
      let topics = try WrittenTopics()
      try topics.write([("a", 1), ("b", 2), ("c", 3)], position: 3)
      let (storage, directory) = try storage(place)
      defer { withExtendedLifetime(directory) {} }
      let view = try ObjectView<Price>(topics.viewConfiguration(storage))
      try await withView(view) { view in
        try await view.caughtUp()
        let changes = ChangeList(view.changes())
        try await topics.recreateChangelog()
        // Empty, it says nothing about the objects.
        try await eventually("the view to begin again") { view.status.rebuilds > 0 }
        #expect(try view["a", allowing: .any] == Price(cents: 1))
        #expect(throws: ViewFault.self) { _ = try view["a"] }
        var checkpoint = topics.checkpoint(9)
        checkpoint.headers.removeAll { $0.0 == "incarnation" }
        checkpoint.headers.append(("incarnation", "8"))
        try topics.write([.state("b", Price.text(2), version: 3), .state("d", Price.text(4)), checkpoint])
        try await eventually("the difference") { changes.all.count >= 3 }
        #expect(changes.texts.sorted() == ["a:1>-", "c:3>-", "d:->4"])
        #expect(changes.all.allSatisfy { $0.position == CommandToken("0-8") })
        #expect(try view["a"] == nil)
        #expect(try view["d"] == Price(cents: 4))
      }
      if place == .directory {
        let again = try ObjectView<Price>(topics.viewConfiguration(storage))
        try await withView(again) { view in
          try await view.caughtUp()
          #expect(try view["d"] == Price(cents: 4) && view["a"] == nil)
          #expect(view.status.rebuilds == 0)
        }
      }
    }

    @Test func `a directory that was away longer than deletions are kept is filled anew, beside the old one`()
      async throws
    {
      let topics = try WrittenTopics()
      try topics.write([("a", 1), ("b", 2)], position: 2)
      let directory = try ViewDirectory()
      var configuration = topics.viewConfiguration(.directory(directory.path))
      configuration.tombstonesKept = .seconds(3_600)
      func visit(_ expecting: [String: Int], rebuilds: Int, changes expected: [String]) async throws {
        let view = try ObjectView<Price>(configuration)
        let changes = ChangeList(view.changes())
        try await withView(view) { view in
          try await view.caughtUp()
          #expect(
            Dictionary(
              uniqueKeysWithValues: try view.cut(of: 0).objects.map { ($0.key.description, $0.value.cents) })
              == expecting)
          #expect(view.status.rebuilds >= rebuilds && (rebuilds > 0 || view.status.rebuilds == 0))
          try await eventually("\(expected)") { changes.texts.sorted() == expected }
        }
      }
      try await visit(["a": 1, "b": 2], rebuilds: 0, changes: [])
      try topics.write([("a", nil), ("b", 3)], position: 3)
      try await visit(["b": 3], rebuilds: 0, changes: ["a:1>-", "b:2>3"])
      // Nothing came: nothing can have been missed, however long it was away.
      configuration.tombstonesKept = .milliseconds(1)
      try await visit(["b": 3], rebuilds: 0, changes: [])
      try topics.write([("c", 5)], position: 4)
      // Away longer than a millisecond; but nothing can be filled within that time either, and that is told.
      let view = try ObjectView<Price>(configuration)
      await #expect(throws: ViewFault.self) { try await view.run() }
      guard case .ended(let reason?) = view.status.phase else {
        Issue.record("\(view.status)")
        return
      }
      #expect(reason.contains("delete.retention.ms"), "\(reason)")
      configuration.tombstonesKept = .seconds(3_600)
      try await visit(["b": 3, "c": 5], rebuilds: 0, changes: [])
    }

    @Test(.enabled(if: TestBroker.isOutside))
    func `deletions that were compacted away while a directory was away are found`() async throws {
      let topics = try WrittenTopics(changelog: [
        "cleanup.policy": "compact", "delete.retention.ms": "1000", "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.001", "max.compaction.lag.ms": "100",
      ])
      let kept = 1...5
      try topics.write(kept.map { ("k-\($0)", $0) } + [("gone", 1)], position: 1)
      let directory = try ViewDirectory()
      let configuration = topics.viewConfiguration(.directory(directory.path))
      let first = try ObjectView<Price>(configuration)
      try await withView(first) { try await $0.caughtUp() }
      try topics.write([("gone", nil)], position: 2)
      // Until a reader from the beginning finds neither the state nor the mark that it is gone.
      var number = 2
      try await eventually("the deletion to be compacted away", within: .seconds(180)) {
        number += 1
        try topics.write([("k-1", number)], position: number)
        let sink = KeptKeys()
        var configuration = topics.configuration()
        configuration.stopsWhenCaughtUp = true
        try await Follower(configuration: configuration, sink: sink).run()
        return !sink.keys.contains("gone")
      }
      let view = try ObjectView<Price>(configuration)
      let changes = ChangeList(view.changes())
      try await withView(view) { view in
        try await view.caughtUp()
        #expect(try view["gone"] == nil)
        try await eventually("the deletion to be told") { changes.texts.contains("gone:1>-") }
        #expect(try kept.dropFirst().allSatisfy { try view["k-\($0)"] == Price(cents: $0) })
      }
    }

    @Test func `a slow listener's changes are bounded, then merged by key, and counted`() async throws {
      let topics = try WrittenTopics()
      var configuration = topics.viewConfiguration()
      configuration.listenerChangesMax = 4
      let view = try ObjectView<Price>(configuration)
      try await withView(view) { view in
        try await view.caughtUp()
        let slow = view.changes()
        var merged = 0
        for number in 1...60 {
          try topics.write([("k-\(number % 3)", number)], position: number)
          if number.isMultiple(of: 20) {
            try await view.wait(
              for: CommandToken(partition: 0, offset: Int64(number - 1)), timeout: .seconds(60))
          }
        }
        merged = view.status.mergedChanges
        let changes = ChangeList(slow)
        try await eventually("all that changed") { changes.all.reduce(0) { $0 + $1.count } == 60 }
        #expect(merged >= 50, "\(merged)")
        #expect(changes.all.count <= 6)
        #expect(changes.all.suffix(3).compactMap(\.new?.cents).sorted() == [58, 59, 60])
        var last: [ViewKey: Price] = [:]
        for change in changes.all {
          #expect(change.old == last[change.key])
          last[change.key] = change.new
        }
      }
    }

    @Test func `a listener that takes nothing is ended with an error, and others go on`() async throws {
      let topics = try WrittenTopics()
      var configuration = topics.viewConfiguration()
      configuration.listenerBytesMax = 4_000
      let view = try ObjectView<Price>(configuration)
      try await withView(view) { view in
        try await view.caughtUp()
        let never = view.changes()
        let other = ChangeList(view.changes())
        for number in 1...60 {
          try topics.write([("k-\(number)", number)], position: number)
          try await eventually("the other one to hear") { other.all.count == number }
        }
        var iterator = never.makeAsyncIterator()
        let fault = await #expect(throws: ViewFault.self) {
          while try await iterator.next() != nil {}
        }
        guard case .listenerTooSlow(_, 4_000)? = fault else {
          Issue.record("\(String(describing: fault))")
          return
        }
        #expect(other.failure == nil)
        #expect(try await iterator.next() == nil)
      }
    }

    @Test func `a view of some partitions answers for those alone`() async throws {
      let topics = try WrittenTopics(partitions: 3)
      let keys = (0..<100).map { "k-\($0)" }
      let byPartition = Dictionary(grouping: keys) { Murmur2.partition(of: Array($0.utf8), among: 3) }
      for (partition, keys) in byPartition {
        try topics.write(keys.map { ($0, Int(partition)) }, position: 1, partition: partition)
      }
      var configuration = topics.viewConfiguration()
      configuration.partitions = [2, 0]
      let view = try ObjectView<Price>(configuration)
      try await withView(view) { view in
        try await view.caughtUp()
        for partition: Int32 in [0, 2] {
          for key in byPartition[partition] ?? [] { #expect(try view[key] == Price(cents: Int(partition))) }
        }
        #expect(throws: ViewFault.notFollowed(partition: 1)) { _ = try view[byPartition[1]![0]] }
        #expect(throws: ViewFault.notFollowed(partition: 1)) { _ = try view.cut(of: 1) }
        let failure = await #expect(throws: TokenWaitFailure.self) {
          try await view.wait(for: CommandToken(partition: 1, offset: 0), timeout: .seconds(60))
        }
        #expect(failure?.reason == .notFollowed)
        #expect(try view.objects(limit: 1000).objects.count == byPartition[0]!.count + byPartition[2]!.count)
      }
      var missing = topics.viewConfiguration()
      missing.partitions = [3]
      let none = try ObjectView<Price>(missing)
      await #expect(throws: KafkaError.self) { try await none.run() }
    }

    @Test func `states beyond the memory's budget end the view, and fit into a directory`() async throws {
      let topics = try WrittenTopics()
      try topics.write((0..<200).map { (number: Int) in ("k-\(number)", number) }, position: 1)
      var configuration = topics.viewConfiguration()
      configuration.memoryBytesMax = 20_000
      let view = try ObjectView<Price>(configuration)
      await #expect(throws: ViewFault.overBudget(bytesMax: 20_000)) { try await view.run() }
      let directory = try ViewDirectory()
      configuration.storage = .directory(directory.path)
      configuration.memoryBytesMax = 4 << 20
      try await withView(try ObjectView<Price>(configuration)) { view in
        try await view.caughtUp()
        #expect(try view.cut(of: 0).objects.count == 200)
      }
      // What is deleted gives its memory back.
      configuration.storage = .memory
      configuration.memoryBytesMax = 40_000
      try await withView(try ObjectView<Price>(configuration)) { view in
        try await view.caughtUp()
        for round in 2...6 {
          try topics.write(
            (0..<200).map { (number: Int) in ("k-\(number)", round.isMultiple(of: 2) ? nil : number) },
            position: round)
        }
        try await view.wait(for: CommandToken(partition: 0, offset: 5), timeout: .seconds(60))
        #expect(try view.cut(of: 0).objects.isEmpty)
      }
    }

    @Test(arguments: Place.allCases)
    func `pages give each object once`(place: Place) async throws {
      let topics = try WrittenTopics(partitions: 2)
      let keys = (0..<57).map { "k-\($0)" } + ["", "\0", "\0\0", "ü"].map { "x\($0)" }
      for partition: Int32 in 0..<2 {
        let own = keys.filter { Murmur2.partition(of: Array($0.utf8), among: 2) == partition }
        try topics.write(own.map { ($0, 1) }, position: 1, partition: partition)
      }
      let (storage, directory) = try storage(place)
      defer { withExtendedLifetime(directory) {} }
      try await withView(try ObjectView<Price>(topics.viewConfiguration(storage))) { view in
        try await view.caughtUp()
        for limit in [1, 7, 61, 100] {
          var found: [String] = []
          var after: ViewKey?
          while true {
            let page = try view.objects(after: after, limit: limit).objects
            found += page.map { String(decoding: $0.key.bytes, as: UTF8.self) }
            after = page.last?.key ?? after
            if page.count < limit { break }
          }
          #expect(found.sorted() == keys.sorted())
        }
      }
    }
  }
}

/// Keeps the keys of the records that it is given.
private final class KeptKeys: FollowSink {
  private let state = Mutex<(keys: Set<String>, position: [Int32: FollowPosition])>(([], [:]))

  var keys: Set<String> { state.withLock { $0.keys } }

  func position(of partition: Int32) -> FollowPosition? { state.withLock { $0.position[partition] } }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) -> FollowVerdict {
    state.withLock { state in
      for index in 0..<batch.count { state.keys.insert(String(decoding: batch[index].key, as: UTF8.self)) }
      if let new { state.position[partition] = new }
    }
    return .applied
  }
}
