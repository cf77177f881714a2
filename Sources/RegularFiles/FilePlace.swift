import Foundation

/// Where a file stands: its directory and its name. Foundation's `NSString.deletingLastPathComponent` traps for a relative path of
/// one letter (Swift 6.3 on Linux), so a path's parts are asked for here alone.
package enum FilePlace {
  /// The directory that holds what a path names, as an absolute path; a relative path counts from the process's directory.
  package static func directory(of path: String) -> String {
    URL(filePath: path).deletingLastPathComponent().path
  }

  /// The last component of a path.
  package static func name(of path: String) -> String { URL(filePath: path).lastPathComponent }
}
