import BlockingThreads
import KafkaClient
import Logging
import Testing

@testable import SequiturGateway

/// Who gets a fetcher, without a broker.
@Suite struct FetcherPoolTests {
  private let pool = FetcherPool(
    kafka: ["bootstrap.servers": "127.0.0.1:1"],
    logger: Logger(label: "fetchers") { _ in SwiftLogNoOpLogHandler() })

  @Test func `a request that waits for a fetcher leaves when it is abandoned, and others have their turn`()
    async throws
  {
    let running = (0..<GatewayLimits.fetchers).map { _ in OneTimeEvent() }
    let go = OneTimeEvent()
    try await withThrowingTaskGroup(of: Int.self) { [pool] group in
      for number in 0..<GatewayLimits.fetchers {
        group.addTask {
          try await pool.run { _, request in
            running[number].signal()
            while !go.isSignalled { try request.check() }
            return number
          }
        }
      }
      for event in running { await event.wait() }
      let abandoned = Task { try await pool.run { _, _ in 100 } }
      let other = Task { try await pool.run { _, _ in 101 } }
      abandoned.cancel()
      await #expect(throws: CancellationError.self) { try await abandoned.value }
      go.signal()
      #expect(try await other.value == 101)
      var numbers: [Int] = []
      for try await number in group { numbers.append(number) }
      #expect(numbers.sorted() == Array(0..<GatewayLimits.fetchers))
    }
  }

  @Test func `work whose request is abandoned ends at its next look, and its fetcher is another's`()
    async throws
  {
    for _ in 0..<GatewayLimits.fetchers * 2 {
      let began = OneTimeEvent()
      let task = Task { [pool] in
        try await pool.run { _, request in
          began.signal()
          while true { try request.check() }
        }
      }
      await began.wait()
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(try await pool.run { _, _ in 7 } == 7)
  }
}
