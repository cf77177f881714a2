/// Why a state directory cannot be used.
public enum StateDirectoryFault: Error, Sendable, Hashable, CustomStringConvertible {
  case inUse(path: String)
  case notWritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .inUse(let path):
      "Expected to be the only worker on the state directory \(path), but another one uses it. "
        + "Give each worker a directory of its own (--state-dir)."
    case .notWritable(let path, let reason):
      "Expected to write to the state directory \(path), but \(reason). "
        + "Choose a directory that this user may write to (--state-dir)."
    }
  }
}
