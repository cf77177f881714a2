import Foundation
import RocksDB

/// Why a state directory cannot be used.
public enum StateDirectoryFault: Error, Sendable, Hashable, CustomStringConvertible {
  case inUse(path: String)
  case notWritable(path: String, reason: String)
  /// The disk, or this user's share of it, is full.
  case noRoom(path: String, reason: String)
  /// The store in it could not be opened, read or written.
  case unusable(path: String, reason: String)
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
    case .noRoom(let path, let reason):
      "Expected room for the store in the state directory \(path), but \(reason). "
        + "Make room, or choose a directory on another disk (--state-dir)."
    case .unusable(let path, let reason):
      "Expected to use the store in the state directory \(path), but \(reason). Look at the disk; when that is well, "
        + "remove \(path)/store: it is rebuilt from the changelog."
    case .oddFile(let path, let reason):
      "Expected the file \(path) to be one that a worker made, but \(reason). Remove it, and look who put it there."
    }
  }
}

extension StateDirectoryFault {
  /// By errno of the call that failed.
  static func notWritable(_ path: String) -> StateDirectoryFault {
    switch errno {
    case ENOSPC: .noRoom(path: path, reason: "the disk is full")
    case EDQUOT: .noRoom(path: path, reason: String(cString: strerror(EDQUOT)))
    case let code: .notWritable(path: path, reason: String(cString: strerror(code)))
    }
  }

  /// What is told of an error that came of a state directory's files.
  static func of(_ error: any Error, _ path: String) -> StateDirectoryFault {
    switch error {
    case let fault as StateDirectoryFault: fault
    case let error as RocksDBError where error.isLockHeld: .inUse(path: path)
    case let error as RocksDBError where error.isNoSpace: .noRoom(path: path, reason: error.detail)
    case let error as RocksDBError where error.isReadOnly: .notWritable(path: path, reason: error.detail)
    case let error as RocksDBError: .unusable(path: path, reason: error.detail)
    case let error as CocoaError where error.code == .fileWriteOutOfSpace:
      .noRoom(path: path, reason: "the disk is full")
    case let error as CocoaError: .notWritable(path: path, reason: error.clause)
    default: .unusable(path: path, reason: "\(error)")
    }
  }
}

extension CocoaError {
  /// What follows "but": the system's reason where there is one, since Foundation's own sentence is for a window.
  fileprivate var clause: String {
    if let reason = underlying as? POSIXError { return String(cString: strerror(reason.code.rawValue)) }
    return localizedDescription.hasSuffix(".")
      ? String(localizedDescription.dropLast()) : localizedDescription
  }
}

extension WorkerStartFault {
  /// The store cannot be used, at the path of its state directory.
  static func ofStore(_ error: any Error, _ path: String) -> WorkerStartFault {
    WorkerStartFault(reasons: ["\(StateDirectoryFault.of(error, path))"])
  }
}
