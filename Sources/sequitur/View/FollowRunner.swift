import ReadableText
import SequiturFollower
import TerminalView

/// Runs a follower until it ends, or until SIGTERM or SIGINT.
enum FollowRunner {
  /// - Parameter endsBySignal: whether a signal is how it ends in order. Else it ends the process, as by itself.
  /// - Throws: a ``CommandFailure`` for a topic that cannot be followed exactly; what the follower throws.
  static func run(_ follower: Follower, endsBySignal: Bool) async throws {
    let interrupt = Interrupt { follower.stop() }
    interrupt.watch()
    do {
      try await follower.run()
    } catch let failure as FollowFailure {
      throw CommandFailure(ShownText.line("\(failure)", atMost: nil), status: .foundFault)
    }
    if let signal = interrupt.signal, !endsBySignal { interrupt.raise(signal) }
  }
}
