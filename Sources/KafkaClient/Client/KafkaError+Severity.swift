extension KafkaError {
  /// What an error asks of the caller.
  public enum Severity: Sendable, Hashable {
    /// Repeat the call after a short pause.
    case retriable
    /// Abort the transaction and begin another, with fresh group metadata.
    case abortable
    /// The client lost its identity: another one has it, or the broker gave the transaction up (it answers the
    /// same in both cases). Destroy this one; make another where the work is still one's own.
    case fenced
    /// The client is of no more use. Destroy it and make another.
    case fatal
    /// None of these flags was set. librdkafka recommends to treat it as fatal in a transaction; in other calls
    /// the call failed and nothing else did.
    case failed
  }

  /// What the error asks of the caller, derived from the code and the flags.
  ///
  /// A code that speaks of fencing means ``Severity/fenced`` only when it ends the client. Brokers also answer
  /// `FENCED_INSTANCE_ID` to offsets sent in a transaction: that is ``Severity/abortable``.
  public var severity: Severity {
    if requiresAbort && !isFatal { return .abortable }
    if Self.fencingCodes.contains(code) && (isFatal || !isRetriable) { return .fenced }
    if isFatal { return .fatal }
    return isRetriable ? .retriable : .failed
  }

  private static let fencingCodes: Set<Code> = [
    .fenced, .producerFenced, .invalidProducerEpoch, .fencedInstanceID,
  ]
}
