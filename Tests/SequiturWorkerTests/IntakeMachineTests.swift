import Testing

@testable import SequiturWorker

/// When a fetch that has arrived is let through to the queues.
final class IntakeMachineTests {
  private static let standstill = Duration.milliseconds(250)
  private static let holdMax = Duration.seconds(30)
  /// What a record takes that has no bytes of its own, once many were taken.
  private static let recordBytes = IntakeLimits.recordOverheadBytes

  private var machine = IntakeMachine(
    bytesMax: 10 * IntakeLimits.recordOverheadBytes, standstill: .milliseconds(250), holdMax: .seconds(30))
  private let start = ContinuousClock.now
  private var fetches: [IntakeMachine.Fetch] = []

  init() {
    for partition in 0..<2 { machine.open(Int32(partition)) }
    for _ in 0..<100 { _ = took() }
  }

  /// A fetch arrives and is looked at: its number when it is held.
  private func fetch(bytes: Int = 0, after time: Duration = .zero) -> Int? {
    fetches.append(machine.arrived(bytes: bytes, now: start + time))
    return passes(fetches.count - 1, after: time) ? nil : fetches.count - 1
  }

  private func passes(_ fetch: Int, after time: Duration = .zero) -> Bool {
    machine.look(&fetches[fetch], now: start + time)
  }

  private func took(_ messages: Int = 1, bytes: Int = 0) -> Bool {
    machine.took(messages, bytes: bytes, of: 0)
  }

  @Test func `a fetch is held while the open queues have as much as they may`() throws {
    machine.waits(9, of: 0)
    #expect(fetch() == nil)
    machine.waits(1, of: 1)
    let held = try #require(fetch())
    #expect(machine.isHolding)
    machine.waits(8, of: 0)
    #expect(passes(held))
    #expect(!machine.isHolding)
  }

  @Test func `large records count as large as those that were taken lately`() {
    machine.waits(2, of: 0)
    #expect(fetch() == nil)
    for _ in 0..<100 { _ = took(10, bytes: 50_000) }
    #expect(fetch() != nil)
    for _ in 0..<100 { _ = took() }
    #expect(fetch() == nil)
  }

  @Test func `a few records that hold a large response count as that`() {
    #expect(fetch(bytes: 10 * Self.recordBytes) == nil)
    machine.waits(1, of: 0)
    #expect(fetch() != nil)
    _ = took()
    machine.waits(0, of: 0)
    #expect(fetch() == nil)
  }

  @Test func `what a closed partition had is room`() throws {
    machine.waits(10, of: 0)
    let held = try #require(fetch())
    machine.close(0)
    #expect(passes(held))
    // Late news of its queue counts for nothing.
    machine.waits(10, of: 0)
    #expect(fetch() == nil)
  }

  @Test func `who takes something wakes a fetch that is held, once`() {
    #expect(!took())
    machine.waits(10, of: 0)
    #expect(fetch() != nil)
    #expect(took())
    #expect(!took())
  }

  @Test func `while nothing is taken, one fetch is let through for each time that a lane has nothing`() throws
  {
    machine.waits(10, of: 0)
    machine.foundNothing()
    let first = try #require(fetch())
    let second = try #require(fetch())
    let soon = Self.standstill - .milliseconds(1)
    #expect(!passes(first, after: soon))
    let later = Self.standstill
    #expect(passes(first, after: later))
    #expect(!passes(second, after: later))
    machine.foundNothing()
    #expect(passes(second, after: later))
    #expect(!machine.isHolding)
  }

  @Test func `while others are taken from, a lane that has nothing waits for room`() throws {
    machine.waits(10, of: 0)
    machine.foundNothing()
    let held = try #require(fetch())
    _ = took()
    #expect(!passes(held, after: Self.standstill))
    #expect(!passes(held, after: Self.standstill * 2 - .milliseconds(1)))
    #expect(passes(held, after: Self.standstill * 2))
  }

  @Test func `while all stand still, nothing is let through but one fetch in the longest time`() throws {
    machine.waits(10, of: 0)
    let held = try #require(fetch())
    for tenth in 1..<10 { #expect(!passes(held, after: Self.holdMax * Double(tenth) / 10)) }
    #expect(machine.looksInVain == 9)
    #expect(passes(held, after: Self.holdMax))
    #expect(fetch(after: Self.holdMax) != nil)
  }

  @Test func `fetches of several brokers are held each for itself`() throws {
    machine.waits(10, of: 0)
    let first = try #require(fetch())
    let second = try #require(fetch())
    machine.waits(9, of: 0)
    #expect(passes(first))
    #expect(machine.isHolding)
    #expect(passes(second))
    #expect(!machine.isHolding)
  }
}
