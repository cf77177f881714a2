import Foundation

/// Why a state directory cannot be used.
public enum StateDirectoryFault: Error, Sendable, Hashable, CustomStringConvertible {
  case inUse(path: String)
  case notWritable(path: String, reason: String)
  /// Something that this program did not make stands where a file of its own should be.
  case oddFile(path: String, reason: String)

  /// What was expected, what was found, and what to do.
  public var description: String {
    switch self {
    case .inUse(let path):
      "Expected to be the only worker on the state directory \(path), but another one uses it. "
        + "Give each worker a directory of its own (--state-dir)."
    case .notWritable(let path, let reason):
      "Expected to write to the state directory \(path), but \(reason). "
        + "Choose a directory that this user may write to (--state-dir)."
    case .oddFile(let path, let reason):
      "Expected the file \(path) to be one that a worker made, but \(reason). Remove it, and look who put it there."
    }
  }
}

extension StateDirectoryFault {
  /// By errno of the call that failed.
  static func notWritable(_ path: String) -> StateDirectoryFault {
    .notWritable(path: path, reason: errno == ENOSPC ? "the disk is full" : String(cString: strerror(errno)))
  }
}
