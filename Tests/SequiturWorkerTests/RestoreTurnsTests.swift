import BlockingThreads
import Foundation
import Synchronization
import TestBroker
import Testing

@testable import SequiturWorker

extension SequiturWorkerTests {
  @Suite struct RestoreTurnsTests {
    private let turns = RestoreTurns(count: 1)

    @Test func `a long read keeps no short one from its turn`() async throws {
      let long = Held(turns, .long)
      await long.begun.wait()
      #expect(try turns.with(.short, Cancellation()) { 7 } == 7)
      long.end()
      await long.ended.wait()
      #expect(try turns.with(.long, Cancellation()) { 8 } == 8)
    }

    @Test func `a turn goes to the one who has waited longest`() async throws {
      let first = Held(turns, .short)
      await first.begun.wait()
      let order = Mutex<[Int]>([])
      var waiting: [Held] = []
      for number in 0..<3 {
        let held = Held(turns, .short) { order.withLock { $0.append(number) } }
        try await eventuallyWaits(number + 1)
        waiting.append(held)
      }
      first.end()
      for held in waiting {
        await held.begun.wait()
        held.end()
      }
      for held in waiting { await held.ended.wait() }
      #expect(order.withLock { $0 } == [0, 1, 2])
    }

    @Test func `who is cancelled gives its place up, and the next one has it`() async throws {
      let first = Held(turns, .short)
      await first.begun.wait()
      let cancelled = Held(turns, .short)
      try await eventuallyWaits(1)
      cancelled.cancellation.cancel()
      await cancelled.ended.wait()
      #expect(!cancelled.begun.isSignalled)
      let next = Held(turns, .short)
      first.end()
      await next.begun.wait()
      next.end()
      await next.ended.wait()
    }

    @Test func `an error gives the turn back`() {
      #expect(throws: CancellationError.self) {
        try turns.with(.short, Cancellation()) { throw CancellationError() }
      }
      #expect((try? turns.with(.short, Cancellation()) { 9 }) == 9)
    }

    private func eventuallyWaits(_ count: Int) async throws {
      try await eventually("\(count) to wait for a turn") { turns.waiting(for: .short) == count }
    }
  }
}

/// Takes a turn on a thread of its own and keeps it until it is told to end.
private final class Held: Sendable {
  let begun = OneTimeEvent()
  let ended = OneTimeEvent()
  let cancellation = Cancellation()
  private let release = DispatchSemaphore(value: 0)

  init(_ turns: RestoreTurns, _ kind: RestoreTurns.Kind, _ body: @escaping @Sendable () -> Void = {}) {
    _ = BlockingThread(name: "held") { [begun, ended, cancellation, release] in
      try? turns.with(kind, cancellation) {
        body()
        begun.signal()
        release.wait()
      }
      ended.signal()
    }
  }

  func end() { release.signal() }
}
