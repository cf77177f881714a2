import PartitionEngine
import Testing

@Suite struct BackoffTests {
  @Test func `pauses double up to the longest, however many failures there were`() {
    let backoff = Backoff(first: .milliseconds(100), longest: .seconds(2))
    #expect(
      (0...7).map { backoff.pause(after: $0) }
        == [100, 100, 200, 400, 800, 1600, 2000, 2000].map { Duration.milliseconds($0) })
    #expect(backoff.pause(after: .max) == .seconds(2))
  }
}
