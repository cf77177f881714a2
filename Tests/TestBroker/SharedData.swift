import Foundation

/// Real data that lies beside the checkout, not in it.
public enum SharedData {
  /// The folder with the data: `SEQUITUR_TEST_DATA`, or `shared/data` beside some folder above this file.
  public static let folder: URL? = {
    if let path = ProcessInfo.processInfo.environment["SEQUITUR_TEST_DATA"] { return URL(filePath: path) }
    var here = URL(filePath: #filePath)
    while here.path != "/" {
      here.deleteLastPathComponent()
      let candidate = here.appending(path: "shared/data")
      if FileManager.default.fileExists(atPath: candidate.appending(path: "incidents.yaml").path) {
        return candidate
      }
    }
    return nil
  }()
}
