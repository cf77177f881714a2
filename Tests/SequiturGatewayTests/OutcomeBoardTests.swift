import Sequitur
import Testing

@testable import SequiturGateway

/// Outcomes and those who wait for them.
@Suite struct OutcomeBoardTests {
  private func at(_ offset: Int64, _ partition: Int32 = 0) -> CommandPosition {
    CommandPosition(partition: partition, offset: offset)
  }

  private func event(_ offset: Int64, _ version: UInt64, _ partition: Int32 = 0) -> OutcomeRecord {
    OutcomeRecord(
      position: at(offset, partition), part: .event(CommandOutcome.Event(type: "e", version: version)))
  }

  private func rejection(_ offset: Int64) -> OutcomeRecord {
    OutcomeRecord(
      position: at(offset),
      part: .rejection(CommandOutcome.Rejection(code: "not-found", reason: "r", objectVersion: 0)))
  }

  @Test func `a rejection is told at once to all who wait for it`() {
    var board = OutcomeBoard(recentMax: 4)
    #expect(board.wait(for: at(7), 1) == .waiting)
    #expect(board.wait(for: at(7), 2) == .waiting)
    #expect(board.wait(for: at(8), 3) == .waiting)
    let news = board.take(rejection(7))
    #expect(news.map(\.waiters) == [[1, 2]])
    #expect(news.first?.outcome.position == at(7))
  }

  @Test func `the events of a command are told together, when another command's follows`() {
    var board = OutcomeBoard(recentMax: 4)
    #expect(board.wait(for: at(3), 1) == .waiting)
    #expect(board.take(event(3, 1)) == [])
    #expect(board.take(event(3, 2)) == [])
    let news = board.take(event(5, 9))
    #expect(news.map(\.waiters) == [[1]])
    guard case .valid(let events)? = news.first?.outcome.verdict else { return #expect(Bool(false)) }
    #expect(events.map(\.version) == [1, 2])
  }

  @Test func `the last command of a partition is told when all that is committed was read`() {
    var board = OutcomeBoard(recentMax: 4)
    #expect(board.take(event(3, 1)) == [])
    #expect(board.validEnded(1) == [])
    #expect(board.validEnded(0).map(\.outcome.position) == [at(3)])
    #expect(board.validEnded(0) == [])
  }

  @Test func `an outcome that came before anybody asked is known`() {
    var board = OutcomeBoard(recentMax: 4)
    _ = board.take(rejection(7))
    guard case .known(let outcome) = board.wait(for: at(7), 1) else { return #expect(Bool(false)) }
    #expect(outcome.position == at(7))
    #expect(board.recent(at(7)) == outcome)
  }

  @Test func `an outcome that is not kept any more has to be searched for, and later ones are waited for`() {
    var board = OutcomeBoard(recentMax: 2)
    for offset: Int64 in [1, 2, 3] { _ = board.take(rejection(offset)) }
    #expect(board.wait(for: at(1), 1) == .gone)
    #expect(board.wait(for: at(0), 2) == .gone)
    #expect(board.wait(for: at(4), 3) == .waiting)
    #expect(board.wait(for: at(1, 5), 4) == .waiting, "another partition")
    #expect(board.take(rejection(4)).map(\.waiters) == [[3]])
  }

  @Test func `who has left is not told`() {
    var board = OutcomeBoard(recentMax: 2)
    #expect(board.wait(for: at(7), 1) == .waiting)
    #expect(board.wait(for: at(7), 2) == .waiting)
    board.leave(1, at(7))
    board.leave(1, at(7))
    #expect(board.take(rejection(7)).map(\.waiters) == [[2]])
  }

  @Test func `of topics that were made anew nothing is known, and who waits waits on`() {
    var board = OutcomeBoard(recentMax: 2)
    for offset: Int64 in [1, 2, 3] { _ = board.take(rejection(offset)) }
    _ = board.take(event(4, 1))
    #expect(board.wait(for: at(9), 1) == .waiting)
    board.restart()
    #expect(board.validEnded(0) == [])
    #expect(board.decidedTo(0) == 0)
    #expect(board.recent(at(3)) == nil)
    #expect(board.wait(for: at(1), 2) == .waiting)
    #expect(board.take(rejection(9)).map(\.waiters) == [[1]])
  }

  @Test func `progress is counted by partition`() {
    var board = OutcomeBoard(recentMax: 2)
    _ = board.take(event(3, 1))
    #expect(board.decidedTo(0) == 0)
    _ = board.take(rejection(9))
    _ = board.validEnded(0)
    #expect(board.decidedTo(0) == 10)
    #expect(board.count(0) == 2)
    #expect(board.count(1) == 0)
  }

  /// Any interleaving of the two topics tells each waiter exactly once.
  @Test(arguments: 0..<200) func `each waiter is told once, whatever the order of the topics`(seed: Int) {
    var random = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
    var valid: [OutcomeRecord] = []
    var invalid: [OutcomeRecord] = []
    for offset: Int64 in 0..<40 {
      if Bool.random(using: &random) {
        for version in 1...UInt64.random(in: 1...3, using: &random) { valid.append(event(offset, version)) }
      } else {
        invalid.append(rejection(offset))
      }
    }
    var board = OutcomeBoard(recentMax: 64)
    var told: [OutcomeBoard.Waiter: Int64] = [:]
    var asked: Set<Int64> = []
    func note(_ news: [OutcomeBoard.News]) {
      for one in news {
        for waiter in one.waiters {
          #expect(told.updateValue(one.outcome.position.offset, forKey: waiter) == nil)
        }
      }
    }
    while !valid.isEmpty || !invalid.isEmpty {
      let offset = Int64.random(in: 0..<40, using: &random)
      if asked.insert(offset).inserted, case .known = board.wait(for: at(offset), UInt64(offset)) {
        told[UInt64(offset)] = offset
      }
      if !valid.isEmpty, invalid.isEmpty || Bool.random(using: &random) {
        note(board.take(valid.removeFirst()))
      } else {
        note(board.take(invalid.removeFirst()))
      }
    }
    note(board.validEnded(0))
    #expect(Set(told.keys) == Set(asked.map { UInt64($0) }))
    #expect(told.allSatisfy { UInt64($1) == $0 })
  }

  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
