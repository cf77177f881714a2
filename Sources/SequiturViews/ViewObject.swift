import SequiturFollower

/// An object as a view holds it.
public struct ViewObject<Value: Sendable>: Sendable {
  /// The object's key.
  public let key: ViewKey
  /// Its decoded state.
  public let value: Value
  /// The object version.
  public let version: UInt64
  /// The view covers at least the commands of the partition up to this one; nil while it has no position there.
  public let position: CommandToken?
}

/// What a view holds of one partition at one moment: the state after exactly the commands up to `position`.
public struct ViewCut<Value: Sendable>: Sendable {
  /// In an order that stays the same while the process runs.
  public let objects: [ViewObject<Value>]
  /// The last command that it covers; nil for none.
  public let position: CommandToken?
}

/// Some objects of a view, in the order of its storage.
public struct ViewPage<Value: Sendable>: Sendable {
  /// Each object comes on one page only. Fewer than asked for: there are no more.
  public let objects: [ViewObject<Value>]
  /// By partition, the last command that its objects of this page cover.
  public let positions: [Int32: CommandToken]
}

/// Which objects a reader puts up with.
public enum ViewFreshness: Sendable, Hashable {
  /// Only those of a view that has caught up and runs.
  case current
  /// Also what is there while the view catches up, waits, or has ended: it may be of any age, and while it catches up of no
  /// one moment.
  case any
}
