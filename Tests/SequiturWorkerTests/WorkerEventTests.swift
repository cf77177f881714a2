import TestBroker
import Testing
import WorkerEventLog

@testable import SequiturWorker

extension SequiturWorkerTests {
  @Suite struct WorkerEventTests {
    @Test func `every listener gets all events from when it began to listen, in order`() async {
      let hub = WorkerEventHub()
      hub.send(.restoring(0))
      let first = hub.listen()
      hub.send(.restoring(1))
      let second = hub.listen()
      hub.send(.restoring(2))
      hub.finish()
      #expect(await restores(first) == [1, 2])
      #expect(await restores(second) == [2])
    }

    @Test func `a slow listener is told how many events are missing, and where`() async {
      let hub = WorkerEventHub(bufferedMax: 4)
      let events = hub.listen()
      for number in 0..<10 { hub.send(.restoring(Int32(number))) }
      var iterator = events.makeAsyncIterator()
      for number in 0..<2 { #expect(await iterator.next()?.restoring == Int32(number)) }
      hub.send(.restoring(10))
      hub.finish()
      var rest: [String] = []
      while let event = await iterator.next() { rest.append("\(event)") }
      #expect(rest == ["restoring(2)", "restoring(3)", "missed(6)", "restoring(10)"])
    }

    @Test func `a listener that is gone costs nothing`() async {
      let hub = WorkerEventHub()
      await Task {
        for await _ in hub.listen() { break }
      }.cancelled()
      #expect(hub.listenerCount == 0)
      hub.send(.restoring(1))
    }

    @Test(.enabled(if: TestBroker.isAvailable))
    func `a worker tells its way from the start to the first commit`() async throws {
      let application = try await Application(partitions: 2)
      try await application.submit([.on(0, .create("a")), .on(1, .create("b")), .on(1, .create("c"))])
      let worker = try await WorkerInProcess.runUntilCaughtUp(application.configuration())
      let told = worker.events.all
      #expect(told.first?.isStoreKept == false)
      let assigned = try #require(told.firstIndex { $0.isAssigned })
      for partition: Int32 in [0, 1] {
        let restoring = try #require(told.firstIndex { $0.restoring == partition })
        let serving = try #require(told.firstIndex { $0.serving == partition })
        #expect(assigned < restoring && restoring < serving)
      }
      let commits = told.compactMap(\.commit)
      #expect(commits.reduce(0) { $0 + $1.commands } == 3)
      let positions = commits.reduce(into: [:]) { $0.merge($1.positions) { max($0, $1) } }
      #expect(try await application.positions() == positions)
    }

    private func restores(_ events: WorkerEvents) async -> [Int32] {
      var numbers: [Int32] = []
      for await event in events { if let number = event.restoring { numbers.append(number) } }
      return numbers
    }
  }
}

extension WorkerEvent {
  fileprivate var restoring: Int32? { if case .restoring(let partition) = self { partition } else { nil } }
  fileprivate var serving: Int32? { if case .serving(let partition, _) = self { partition } else { nil } }
  fileprivate var commit: (commands: Int, positions: [Int32: Int64])? {
    if case .committed(let commands, let positions) = self { (commands, positions) } else { nil }
  }
}

extension Task where Success == Void, Failure == Never {
  fileprivate func cancelled() async {
    cancel()
    await value
  }
}
