import Sequitur

/// When a lane's next transaction is closed and sent.
///
/// Self-clocking: what arrives while one transaction commits becomes the next one, so transactions are small
/// when there is little to do and large under load, without an interval to tune.
public struct BatchPolicy: Sendable {
  /// Why a transaction was closed; a metric counts each.
  public enum Reason: String, Sendable, CaseIterable {
    /// No more commands are waiting.
    case idle
    case commands
    case bytes
    /// It was prepared for so long.
    case age
    /// Partitions are being taken away, or the worker stops.
    case stopping
  }

  private let limits: Limits

  public init(_ limits: Limits) {
    self.limits = limits
  }

  /// Whether the open transaction is full: no command may be added.
  public func fullness(commands: Int, bytes: Int) -> Reason? {
    if commands >= limits.transactionCommandsMax { return .commands }
    if bytes >= limits.transactionBytesMax { return .bytes }
    return nil
  }

  /// Why to send the open transaction now; `nil`: go on preparing.
  ///
  /// - Parameters:
  ///   - age: since its first command was processed.
  ///   - isCommitting: whether the previous transaction is still with the broker.
  ///   - hasMore: whether more commands could be taken without waiting.
  public func reasonToSend(
    commands: Int, bytes: Int, age: Duration, isCommitting: Bool, hasMore: Bool, isStopping: Bool
  ) -> Reason? {
    guard commands > 0, !isCommitting else { return nil }
    if let full = fullness(commands: commands, bytes: bytes) { return full }
    if isStopping { return .stopping }
    if !hasMore { return .idle }
    return age >= limits.transactionAgeMax ? .age : nil
  }
}
