/// The kind of a rejection, as it stands in the header `rejection-code`.
public struct RejectionCode: Sendable, Hashable, CustomStringConvertible {
  public let rawValue: String

  /// A code of the application's own: `x-` and the name.
  ///
  /// - Precondition: `name` has 1 to 64 bytes and does not begin with `x-` itself.
  public static func custom(_ name: String) -> RejectionCode {
    precondition(
      1...64 ~= name.utf8.count && !name.hasPrefix("x-"),
      "a rejection code needs a name of 1 to 64 bytes without the prefix x-")
    return RejectionCode(rawValue: "x-" + name)
  }

  @usableFromInline
  init(rawValue: String) {
    self.rawValue = rawValue
  }

  public var description: String { rawValue }
}

extension RejectionCode {
  /// The payload, or a header that Sequitur reads, cannot be decoded.
  public static let malformed = RejectionCode(rawValue: "malformed")
  /// The key is missing, empty or longer than ``Limits/keyBytesMax``.
  public static let invalidKey = RejectionCode(rawValue: "invalid-key")
  /// The command's type is not known.
  public static let unknownCommand = RejectionCode(rawValue: "unknown-command")
  /// The object does not exist.
  public static let notFound = RejectionCode(rawValue: "not-found")
  /// The object's status does not allow the command.
  public static let invalidTransition = RejectionCode(rawValue: "invalid-transition")
  /// A required field is missing or has the wrong type.
  public static let invalidField = RejectionCode(rawValue: "invalid-field")
  /// A condition on the command and the object does not hold.
  public static let guardFailed = RejectionCode(rawValue: "guard-failed")
  /// A value is beyond its bounds, too large to be reckoned with, or divided by zero.
  public static let outOfRange = RejectionCode(rawValue: "out-of-range")
  /// The object is not at the version that the command expects.
  public static let versionConflict = RejectionCode(rawValue: "version-conflict")
  /// A command with this id has changed the object before.
  public static let duplicate = RejectionCode(rawValue: "duplicate")
  /// An output of the command would be larger than its topic takes.
  public static let tooLarge = RejectionCode(rawValue: "too-large")
  /// A topic refuses an output of the command for another reason than its size, such as its timestamp.
  public static let outputRefused = RejectionCode(rawValue: "output-refused")
  /// The decider failed.
  public static let deciderError = RejectionCode(rawValue: "decider-error")
}
