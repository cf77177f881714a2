import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct BatchPolicyTests {
  private let policy: BatchPolicy = {
    var limits = Limits()
    limits.transactionCommandsMax = 10
    limits.transactionBytesMax = 100
    return BatchPolicy(limits)
  }()

  @Test(
    arguments: [
      (0, 0, nil), (9, 99, nil), (10, 0, .commands), (10, 100, .commands), (1, 100, .bytes),
      (11, 0, .commands),
    ] as [(Int, Int, BatchPolicy.Reason?)])
  func `what is full`(commands: Int, bytes: Int, reason: BatchPolicy.Reason?) {
    #expect(policy.fullness(commands: commands, bytes: bytes) == reason)
  }

  @Test(
    arguments: [
      // (commands, bytes, committing, more, stopping) → reason
      (0, 0, false, false, false, nil), (0, 0, false, false, true, nil), (1, 1, false, false, false, .idle),
      (1, 1, false, true, false, nil), (1, 1, true, false, false, nil),
      (10, 1, false, true, false, .commands),
      (10, 1, true, true, true, nil), (1, 100, false, true, false, .bytes),
      (1, 1, false, true, true, .stopping),
      (10, 1, false, true, true, .commands),
    ] as [(Int, Int, Bool, Bool, Bool, BatchPolicy.Reason?)])
  func `when to send`(
    commands: Int, bytes: Int, isCommitting: Bool, hasMore: Bool, isStopping: Bool,
    reason: BatchPolicy.Reason?
  ) {
    #expect(
      policy.reasonToSend(
        commands: commands, bytes: bytes, age: .zero, isCommitting: isCommitting, hasMore: hasMore,
        isStopping: isStopping)
        == reason)
  }

  @Test func `a transaction is sent when it is old enough, though more is waiting`() {
    func reason(_ age: Duration, isCommitting: Bool = false) -> BatchPolicy.Reason? {
      policy.reasonToSend(
        commands: 1, bytes: 1, age: age, isCommitting: isCommitting, hasMore: true, isStopping: false)
    }
    #expect(reason(.milliseconds(99)) == nil)
    #expect(reason(.milliseconds(100)) == .age)
    #expect(reason(.milliseconds(100), isCommitting: true) == nil)
  }
}
