/// What a layer of memory knows of a key.
public enum ObjectLookup {
  /// The object exists.
  case present(ObjectRecord)
  /// The object is known not to exist.
  case absent
  /// This layer does not know; ask the next one.
  case unknown
}
