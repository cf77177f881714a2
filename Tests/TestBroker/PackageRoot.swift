import Foundation

/// Where the checkout and what its set-up installed are.
public enum PackageRoot {
  /// The directory that holds Package.swift.
  public static let url: URL = {
    var directory = URL(filePath: #filePath).deletingLastPathComponent()
    while directory.path != "/" {
      if FileManager.default.fileExists(atPath: directory.appending(path: "Package.swift").path) {
        return directory
      }
      directory.deleteLastPathComponent()
    }
    preconditionFailure("Expected Package.swift in a directory above \(#filePath)")
  }()

  /// The Python that has the `confluent_kafka` client, a record consumer that is not ours; nil before
  /// `scripts/setup --with-broker`.
  public static var python: URL? {
    let python = url.appending(path: ".venv/bin/python")
    return FileManager.default.isExecutableFile(atPath: python.path) ? python : nil
  }
}
