import Sequitur
import Testing

@testable import SequiturGateway

/// Whether a command is taken, before anything of it is appended.
@Suite struct CommandAdmissionTests {
  private let start = ContinuousClock.now

  private func refusal(
    _ admission: inout CommandAdmission, wait: Duration = .seconds(5), decidedTo: Int64 = 0, count: Int = 0,
    restarts: Int = 0, at seconds: Double
  ) -> CommandAdmission.Refusal? {
    do throws(CommandAdmission.Refusal) {
      try admission.enter(
        0, wait: wait, CommandAdmission.Progress(decidedTo: decidedTo, count: count, restarts: restarts),
        now: start + .seconds(seconds))
      return nil
    } catch {
      return error
    }
  }

  private func append(_ admission: inout CommandAdmission, _ offset: Int64, at seconds: Double) {
    admission.appended(CommandPosition(partition: 0, offset: offset), now: start + .seconds(seconds))
  }

  @Test func `no more requests are held than there is room for`() {
    var admission = CommandAdmission(heldMax: 2)
    #expect(refusal(&admission, at: 0) == nil)
    #expect(refusal(&admission, at: 0) == nil)
    #expect(refusal(&admission, at: 0) == .tooMany(held: 2, retryAfter: 1))
    admission.leave()
    #expect(refusal(&admission, at: 0) == nil)
  }

  @Test func `a partition without outcomes is refused once a caller has waited in vain`() {
    var admission = CommandAdmission(heldMax: 100)
    #expect(refusal(&admission, at: 0) == nil)
    append(&admission, 1_000_000, at: 0)
    #expect(refusal(&admission, at: 4) == nil)
    #expect(refusal(&admission, at: 7) == .stalled(seconds: 7, behind: 1, retryAfter: 7))
    #expect(refusal(&admission, at: 9.5) == .stalled(seconds: 9, behind: 1, retryAfter: 9))
    // One is let through now and then: nothing else would show that the partition goes on.
    #expect(refusal(&admission, at: 12) == nil)
    #expect(refusal(&admission, at: 13) == .stalled(seconds: 13, behind: 1, retryAfter: 13))
    #expect(refusal(&admission, at: 21) == .stalled(seconds: 21, behind: 1, retryAfter: 21))
    #expect(refusal(&admission, at: 90) == nil)
    #expect(refusal(&admission, at: 91) == .stalled(seconds: 91, behind: 1, retryAfter: 30))
    // The worker is back.
    #expect(refusal(&admission, decidedTo: 1_000_001, count: 1, at: 92) == nil)
  }

  @Test func `a backlog that takes longer than the caller waits is refused with the time it takes`() {
    var admission = CommandAdmission(heldMax: 100)
    append(&admission, 0, at: 0)
    append(&admission, 9_999, at: 0)
    #expect(refusal(&admission, at: 0) == nil)
    // 100 a second while all the time commands wait.
    for step in 1...8 {
      _ = refusal(&admission, decidedTo: Int64(step) * 50, count: step * 50, at: Double(step) * 0.5)
    }
    guard
      case .late(let behind, let rate, let retryAfter)? = refusal(
        &admission, decidedTo: 450, count: 450, at: 4.5)
    else { return #expect(Bool(false)) }
    #expect(behind == 9_550)
    #expect((90...110).contains(rate))
    #expect(retryAfter == 30)
    #expect(refusal(&admission, wait: .seconds(120), decidedTo: 450, count: 450, at: 4.5) == nil)
  }

  @Test func `how slow a partition is with nothing to do says nothing of how fast it is`() {
    var admission = CommandAdmission(heldMax: 100_000)
    // One command a second for a minute, each decided before the next.
    for step in 0..<60 {
      #expect(refusal(&admission, decidedTo: Int64(step), count: step, at: Double(step)) == nil)
      append(&admission, Int64(step), at: Double(step))
    }
    // Then a burst.
    #expect(refusal(&admission, decidedTo: 60, count: 60, at: 60) == nil)
    for offset in 60..<2000 { append(&admission, Int64(offset), at: 60) }
    #expect(refusal(&admission, decidedTo: 60, count: 60, at: 60.01) == nil)
  }

  @Test func `what was known of topics that were made anew counts no more`() {
    var admission = CommandAdmission(heldMax: 100)
    append(&admission, 1_000_000, at: 0)
    #expect(refusal(&admission, decidedTo: 999_000, count: 5, at: 7) != nil)
    #expect(refusal(&admission, decidedTo: 0, count: 0, restarts: 1, at: 8) == nil)
    append(&admission, 0, at: 8)
    #expect(refusal(&admission, wait: .seconds(1), decidedTo: 1, count: 1, restarts: 1, at: 20) == nil)
  }

  @Test func `commands of other programs before the first of this one are no backlog`() {
    var admission = CommandAdmission(heldMax: 100)
    #expect(refusal(&admission, decidedTo: 0, count: 0, at: 0) == nil)
    append(&admission, 5_000, at: 0)
    #expect(refusal(&admission, wait: .milliseconds(1), decidedTo: 0, count: 0, at: 0.5) == nil)
    #expect(refusal(&admission, decidedTo: 5_001, count: 1, at: 100) == nil)
  }
}
