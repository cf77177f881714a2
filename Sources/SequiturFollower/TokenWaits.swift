import Synchronization

/// Those who wait until a reader covers a command.
package final class TokenWaits: Sendable {
  private struct Wait {
    let token: CommandToken
    let since: ContinuousClock.Instant
    let continuation: CheckedContinuation<Void, any Error>
    /// Ends it when its time is over.
    var clock: Task<Void, Never>?
  }

  private struct State {
    var reached: [Int32: Int64] = [:]
    var waits: [Int: Wait] = [:]
    var next = 0
    /// Partitions whose committed end a wait depends on, and that was not asked for since.
    var toAsk: Set<Int32> = []
    var hasEnded = false
  }

  private let state = Mutex(State())
  private let asksEnds: Bool

  /// - Parameter asksEnds: whether a command may leave nothing, so that the committed end counts too.
  package init(asksEnds: Bool) { self.asksEnds = asksEnds }

  /// Returns when the command is covered.
  /// - Parameter begun: called when the wait has begun, and what it depends on can be asked for.
  package func wait(
    for token: CommandToken, timeout: Duration, begun: @escaping @Sendable () -> Void = {}
  ) async throws {
    let number = state.withLock { state in
      defer { state.next += 1 }
      return state.next
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        add(number, Wait(token: token, since: .now, continuation: continuation))
        startClock(of: number, timeout)
        begun()
        if Task.isCancelled { end(number) { _, _ in CancellationError() } }
      }
    } onCancel: {
      end(number) { _, _ in CancellationError() }
    }
  }

  /// A partition covers all commands below one, or was current at a moment.
  package func reached(_ partition: Int32, _ command: Int64?, currentAt: ContinuousClock.Instant?) {
    let done = state.withLock { state -> [Wait] in
      // A reader that begins anew may stand at an earlier one.
      state.reached[partition] = command
      let numbers = state.waits.filter { _, wait in
        guard wait.token.partition == partition else { return false }
        if let command, command > wait.token.offset { return true }
        return asksEnds && currentAt.map { $0 >= wait.since } ?? false
      }.keys
      return numbers.compactMap { state.waits.removeValue(forKey: $0) }
    }
    for wait in done {
      wait.clock?.cancel()
      wait.continuation.resume()
    }
  }

  /// Nothing more will be reached.
  package func end() {
    let (waits, reached) = state.withLock { state in
      state.hasEnded = true
      defer { state.waits = [:] }
      return (state.waits.values, state.reached)
    }
    for wait in waits {
      wait.clock?.cancel()
      wait.continuation.resume(
        throwing: TokenWaitFailure(
          token: wait.token, reached: Self.token(wait.token.partition, reached), reason: .ended))
    }
  }

  /// The partitions whose committed end is to be asked for now.
  package func takePartitionsToAsk() -> Set<Int32> {
    state.withLock { state in
      defer { state.toAsk = [] }
      return state.toAsk
    }
  }

  /// Asking failed.
  package func askAgain(_ partitions: Set<Int32>) { state.withLock { $0.toAsk.formUnion(partitions) } }

  private func add(_ number: Int, _ wait: Wait) {
    enum Answer { case reached, ended(CommandToken?), waiting }
    let answer: Answer = state.withLock { state in
      let reached = state.reached[wait.token.partition]
      if let reached, reached > wait.token.offset { return .reached }
      if state.hasEnded { return .ended(Self.token(wait.token.partition, state.reached)) }
      state.waits[number] = wait
      if asksEnds { state.toAsk.insert(wait.token.partition) }
      return .waiting
    }
    switch answer {
    case .reached: wait.continuation.resume()
    case .ended(let reached):
      wait.continuation.resume(
        throwing: TokenWaitFailure(token: wait.token, reached: reached, reason: .ended))
    case .waiting: break
    }
  }

  private func startClock(of number: Int, _ timeout: Duration) {
    let clock = Task { [self] in
      do { try await Task.sleep(for: timeout) } catch { return }
      end(number) { TokenWaitFailure(token: $1, reached: $0, reason: .timeout(timeout)) }
    }
    let isOver = state.withLock { state in
      state.waits[number]?.clock = clock
      return state.waits[number] == nil
    }
    if isOver { clock.cancel() }
  }

  private func end(_ number: Int, _ error: (_ reached: CommandToken?, _ token: CommandToken) -> any Error) {
    let (wait, reached) = state.withLock { state in (state.waits.removeValue(forKey: number), state.reached) }
    guard let wait else { return }
    wait.clock?.cancel()
    wait.continuation.resume(throwing: error(Self.token(wait.token.partition, reached), wait.token))
  }

  private static func token(_ partition: Int32, _ reached: [Int32: Int64]) -> CommandToken? {
    reached[partition].flatMap { $0 > 0 ? CommandToken(partition: partition, offset: $0 - 1) : nil }
  }
}
