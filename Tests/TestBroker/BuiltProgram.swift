import Foundation

/// The executables that SwiftPM built beside this test bundle.
public enum BuiltProgram {
  public enum Configuration: String, Sendable {
    case debug
    case release
  }

  /// The path of an executable product of this package.
  ///
  /// - Parameter configuration: nil for the one of the test bundle itself. `.release` is what `make test` built
  ///   before the tests: take it where debug is too slow, and know that a plain `swift test` does not rebuild it.
  ///
  /// Throws `ProgramError.notFound` naming the command that builds it.
  public static func find(_ name: String, _ configuration: Configuration? = nil) throws -> String {
    // The test bundle lies in <scratch path>/<triple>/<configuration>, whatever the scratch path is.
    let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var directory = URL(filePath: bundle).deletingLastPathComponent()
    while directory.path != "/" {
      let place = configuration.map { directory.deletingLastPathComponent().appending(path: $0.rawValue) }
      let candidate = (place ?? directory).appending(path: name).path
      var isDirectory: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory)
      if exists && !isDirectory.boolValue && access(candidate, X_OK) == 0 { return candidate }
      directory.deleteLastPathComponent()
    }
    let flag = configuration.map { " -c \($0.rawValue)" } ?? ""
    throw ProgramError.notFound("\(name) near \(bundle), built by swift build\(flag)")
  }
}
