/// One command of an object's lifecycle.
public struct CommandRule: Sendable, Hashable {
  /// The command's type.
  public let name: String
  /// The statuses that allow it, ``Rules/none`` for an object that does not exist.
  public let from: [String]
  /// The status it leads to; ``Rules/none`` forgets the object.
  public let to: String
  /// The type of the event it makes.
  public let event: String
  /// The fields that the command must carry.
  public let require: [Rules.Field]
  /// The conditions on the command and the object; all must hold.
  public let guards: [Guard]
  /// The fields that are kept when the command carries them.
  public let set: [String]
}
