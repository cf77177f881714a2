import Foundation
import TestBroker

/// A text file of the checkout.
struct ProjectFile {
  /// Relative to the package's root, such as `Sources/Sequitur/Decider.swift`.
  let path: String
  let text: String
  let source: SourceText

  init(path: String, text: String) {
    self.path = path
    self.text = text
    source = SourceText(text)
  }

  /// Every Swift file of the checkout.
  static let swift = Result { try all(in: ["Sources", "Tests", "Examples", "Benchmarks"]) }

  /// The Swift files below a directory such as `Sources`.
  static func swift(in directory: String) throws -> [ProjectFile] {
    try swift.get().filter { $0.path.hasPrefix(directory + "/") }
  }

  var name: String { String(path.split(separator: "/").last ?? "") }

  private static func all(in directories: [String]) throws -> [ProjectFile] {
    try directories.flatMap { directory in
      let paths = FileManager.default.subpaths(atPath: PackageRoot.url.appending(path: directory).path) ?? []
      return try paths.sorted().filter { $0.hasSuffix(".swift") }.map { try read("\(directory)/\($0)") }
    }
  }

  /// The directories directly below a directory of the checkout.
  static func directories(in directory: String) throws -> [String] {
    let root = PackageRoot.url.appending(path: directory)
    return try FileManager.default.contentsOfDirectory(atPath: root.path).sorted().filter { name in
      var isDirectory: ObjCBool = false
      let exists = FileManager.default.fileExists(
        atPath: root.appending(path: name).path, isDirectory: &isDirectory)
      return exists && isDirectory.boolValue
    }
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: PackageRoot.url.appending(path: path).path)
  }

  static func read(_ path: String) throws -> ProjectFile {
    let url = PackageRoot.url.appending(path: path)
    return ProjectFile(path: path, text: try String(contentsOf: url, encoding: .utf8))
  }
}
