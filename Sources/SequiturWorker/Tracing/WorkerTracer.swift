import KafkaClient
import Synchronization
import Tracing

/// A worker's spans: transactions, with links to their commands, restores and rebalances.
///
/// There is one only where the program has a tracer; without one a lane pays a comparison a batch. A command's own trace goes
/// on in its events by their headers (`traceparent`), tracer or not: a transaction has commands of many traces, and is a child
/// of none. Any thread.
struct WorkerTracer: Sendable {
  private let tracer: any Tracer
  private let topic: String
  private let group: String

  /// - Parameter tracer: nil: the process's, `InstrumentationSystem.tracer`.
  /// - Returns: nil when there is none.
  init?(_ tracer: (any Tracer)?, topic: String, group: String) {
    let found = tracer ?? InstrumentationSystem.tracer
    guard !(found is NoOpTracer) else { return nil }
    self.tracer = found
    self.topic = topic
    self.group = group
  }

  /// A transaction's first command is being processed.
  func transaction(lane: Int) -> TransactionTrace {
    let span = tracer.startAnySpan("process \(topic)", context: .topLevel, ofKind: .consumer)
    span.attributes["messaging.system"] = "kafka"
    span.attributes["messaging.operation.type"] = "process"
    span.attributes["messaging.destination.name"] = topic
    span.attributes["messaging.consumer.group.name"] = group
    span.attributes["sequitur.lane"] = Int64(lane)
    return TransactionTrace(span: span, tracer: tracer)
  }

  /// Begins a span that concerns partitions; whoever began it ends it.
  func begin(_ name: String, partitions: [Int32]) -> any Span {
    let span = tracer.startAnySpan(name, context: .topLevel, ofKind: .internal)
    span.attributes["messaging.destination.name"] = topic
    span.attributes["sequitur.partitions"] = partitions.map(String.init).joined(separator: ",")
    return span
  }
}

/// The span of one transaction.
struct TransactionTrace: Sendable {
  /// Links of one span: more are not kept by most tracers.
  static let linksMax = 128

  private let span: any Span
  private let tracer: any Tracer
  private var links = 0

  init(span: any Span, tracer: any Tracer) {
    self.span = span
    self.tracer = tracer
  }

  /// Whether another link is kept.
  var hasRoom: Bool { links < Self.linksMax }

  /// Links a command by its headers, when they hold what the tracer looks for (W3C: `traceparent` and `tracestate`).
  mutating func link(_ message: borrowing Message) {
    let carrier = HeaderCarrier(message)
    guard !carrier.headers.isEmpty else { return }
    var context = SpanLink(context: .topLevel, attributes: [:]).context
    tracer.extract(carrier, into: &context, using: HeaderExtractor())
    guard carrier.isUsed else { return }
    links += 1
    span.addLink(SpanLink(context: context, attributes: [:]))
  }

  /// The transaction is over.
  ///
  /// - Parameter isCommitted: false: its commands are processed again, in another one.
  func end(commands: Int, accepted: Int, isCommitted: Bool) {
    span.attributes["messaging.batch.message_count"] = Int64(commands)
    span.attributes["sequitur.accepted"] = Int64(accepted)
    span.attributes["sequitur.committed"] = isCommitted
    if !isCommitted { span.setStatus(SpanStatus(code: .error, message: "the transaction was given up")) }
    span.end()
  }
}

/// A command's headers that are text.
private final class HeaderCarrier: Sendable {
  /// A command with more headers is no request's.
  private static let headersMax = 64

  let headers: [String: String]
  private let found = Atomic(false)

  /// Whether a value was asked for that is there.
  var isUsed: Bool { found.load(ordering: .relaxed) }

  init(_ message: borrowing Message) {
    var headers: [String: String] = [:]
    _ = message.forEachHeader { name, value in
      guard headers.count < Self.headersMax, let value,
        let text = String(validating: value, as: UTF8.self)
      else { return }
      headers[String(decoding: name, as: UTF8.self).lowercased()] = text
    }
    self.headers = headers
  }

  func value(_ key: String) -> String? {
    guard let value = headers[key.lowercased()] else { return nil }
    found.store(true, ordering: .relaxed)
    return value
  }
}

private struct HeaderExtractor: Extractor {
  func extract(key: String, from carrier: HeaderCarrier) -> String? { carrier.value(key) }
}
