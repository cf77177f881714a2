import SequiturFollower

/// What became of one object.
public struct ViewChange<Value: Sendable>: Sendable {
  /// The object's key.
  public let key: ViewKey
  /// The partition that the object is in.
  public let partition: Int32
  /// The state that was told before, or that the view held before the listener came; nil: there was none.
  public internal(set) var old: Value?
  /// The state now; nil: the object is gone.
  public internal(set) var new: Value?
  /// The object version now; nil for one that is gone and whose last version nobody kept.
  public internal(set) var version: UInt64?
  /// The last command of the partition that the view covered when it took the change. Nil in the middle of a transaction
  /// larger than what a follower holds.
  public internal(set) var position: CommandToken?
  /// Whether it was there already, when the listener came or the view was first filled.
  public internal(set) var isExisting: Bool
  /// How many changes it stands for: more than 1 when the listener was slow, and they were merged.
  public internal(set) var count: Int
}
