import Sequitur
import SequiturFollower

/// What became of a command.
public struct CommandOutcome: Sendable, Hashable {
  /// An event that the command made.
  public struct Event: Sendable, Hashable {
    /// `ce_type`.
    public let type: String
    /// The object version that the event led to, from 1.
    public let version: UInt64

    /// An event of these.
    public init(type: String, version: UInt64) {
      self.type = type
      self.version = version
    }
  }

  /// Why a command was rejected.
  public struct Rejection: Sendable, Hashable {
    /// `rejection-code`.
    public let code: String
    /// `rejection-reason`.
    public let reason: String
    /// The object's version then; 0: it did not exist.
    public let objectVersion: UInt64
    /// Of a duplicate: the version that the first command with this id made.
    public let originalVersion: UInt64?

    /// A rejection of these.
    public init(code: String, reason: String, objectVersion: UInt64, originalVersion: UInt64? = nil) {
      self.code = code
      self.reason = reason
      self.objectVersion = objectVersion
      self.originalVersion = originalVersion
    }
  }

  /// Valid with its events, at least one; or not.
  public enum Verdict: Sendable, Hashable {
    case valid([Event])
    case invalid(Rejection)
  }

  /// Where the command stands on the commands topic.
  public let position: CommandPosition
  /// The object's key, as the outcome's record has it.
  public let key: [UInt8]
  /// What was decided.
  public let verdict: Verdict

  /// An outcome of these.
  public init(position: CommandPosition, key: [UInt8] = [], verdict: Verdict) {
    self.position = position
    self.key = key
    self.verdict = verdict
  }
}

extension CommandPosition {
  /// What a command is known by after its outcome: `<partition>-<offset>`.
  var token: String { CommandToken(partition: partition, offset: offset).description }

  /// Reads a token; nil when it is none.
  init?(token text: String) {
    guard let token = CommandToken(text) else { return nil }
    self.init(partition: token.partition, offset: token.offset)
  }
}
