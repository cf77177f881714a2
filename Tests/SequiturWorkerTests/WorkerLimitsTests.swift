import Testing

@testable import SequiturWorker

struct WorkerLimitsTests {
  @Test func `what must hold between limits does`() {
    #expect(LimitRelations.broken == [])
  }
}
