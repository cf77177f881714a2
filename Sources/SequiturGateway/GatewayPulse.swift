import BlockingThreads
import KafkaClient
import Synchronization

/// Asks the cluster again and again, so that a gateway without requests knows as well whether it could serve one.
///
/// Each time on a thread of its own: a question may take as long as librdkafka's `socket.timeout.ms`.
final class GatewayPulse: Sendable {
  private struct State {
    var isAsking = false
    var answeredAt = ContinuousClock.now
    var fault: String?
  }

  private let topic: String
  private let admin: KafkaAdmin
  private let state = Mutex(State())

  init(topic: String, admin: KafkaAdmin) {
    self.topic = topic
    self.admin = admin
  }

  /// Since the cluster answered last, while it owes an answer; and what it said instead.
  var look: (silence: Duration, fault: String?) {
    state.withLock { state in
      let owes = state.isAsking || state.fault != nil
      return (owes ? ContinuousClock.now - state.answeredAt : .zero, state.fault)
    }
  }

  /// Asks until it is cancelled; a question under way ends by itself.
  func run() async {
    while !Task.isCancelled {
      await withBlockingThread("pulse") { [self] in ask() }
      try? await Task.sleep(for: GatewayLimits.pulse)
    }
  }

  private func ask() {
    state.withLock { $0.isAsking = true }
    let fault: String?
    do throws(KafkaError) {
      fault = try Self.fault(of: topic, in: admin.metadata(topic: topic, timeout: GatewayLimits.pulseTime))
    } catch {
      fault = "\(error)"
    }
    state.withLock { state in
      state.isAsking = false
      state.fault = fault
      if fault == nil { state.answeredAt = .now }
    }
  }

  private static func fault(of topic: String, in metadata: ClusterMetadata) -> String? {
    guard let error = metadata.topics.first(where: { $0.name == topic })?.error else { return nil }
    return "Expected the topic \(topic) to be there, but \(error)."
  }
}
