import Sequitur

/// What a command is known by after its outcome, as the text `<partition>-<offset>` of its place on the commands topic.
///
/// Whoever wrote hands it to whoever reads, who waits until what is read covers that command.
public struct CommandToken: Sendable, Hashable, LosslessStringConvertible {
  /// The partition of the commands topic, from 0.
  public let partition: Int32
  /// The command's offset, from 0.
  public let offset: Int64

  /// A place on the commands topic.
  public init(partition: Int32, offset: Int64) {
    self.partition = partition
    self.offset = offset
  }

  /// The token of the last command that a position covers; nil when it covers none.
  public init?(partition: Int32, covering position: FollowPosition?) {
    guard let position, position.command > 0 else { return nil }
    self.init(partition: partition, offset: position.command - 1)
  }

  /// Reads the text; nil when it is not one number from 0, `-`, and another.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ part in part.utf8.allSatisfy { 0x30...0x39 ~= $0 } }),
      let partition = Int32(parts[0]), let offset = Int64(parts[1])
    else { return nil }
    self.init(partition: partition, offset: offset)
  }

  public var description: String { "\(partition)-\(offset)" }
}

/// What was waited for is not there.
public struct TokenWaitFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// Why it is not.
  public enum Reason: Sendable, Hashable {
    case timeout(Duration)
    /// The reader has ended.
    case ended
    /// The reader does not follow that partition.
    case notFollowed
  }

  /// What was waited for.
  public let token: CommandToken
  /// The last command that is covered; nil for none.
  public let reached: CommandToken?
  /// Why it is not there.
  public let reason: Reason

  package init(token: CommandToken, reached: CommandToken?, reason: Reason) {
    self.token = token
    self.reached = reached
    self.reason = reason
  }

  /// How many commands are missing; nil when none of the partition is covered.
  public var missing: Int64? { reached.map { token.offset - $0.offset } }

  /// What was reached, and what to do.
  public var description: String {
    let standing =
      reached.map { "it stands at \($0), \(token.offset - $0.offset) short" } ?? "it has nothing of it yet"
    switch reason {
    case .timeout(let time):
      return
        "Expected to cover the command \(token) within \(time), but \(standing). Wait longer, and look at whether a "
        + "worker serves that partition."
    case .ended:
      return
        "Expected to cover the command \(token), but the reader has ended; \(standing). Look at why it ended."
    case .notFollowed:
      return
        "Expected to cover the command \(token), but partition \(token.partition) is not followed here. Ask a reader "
        + "that follows it."
    }
  }
}
