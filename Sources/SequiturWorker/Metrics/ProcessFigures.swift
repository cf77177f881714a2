import Foundation

/// What the kernel knows of this process (proc(5)).
struct ProcessFigures: Sendable {
  /// Figures of one moment.
  struct Figures: Sendable, Hashable {
    var residentBytes: Int
    var virtualBytes: Int
    var processorSeconds: Double
    var threads: Int
    var openFiles: Int
    var openFilesMax: Int
  }

  /// Nil where there is no /proc.
  func read() -> Figures? {
    guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8) else { return nil }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    return Self.parse(
      text, pageBytes: sysconf(Int32(_SC_PAGESIZE)), ticks: sysconf(Int32(_SC_CLK_TCK)), openFiles: files,
      openFilesMax: Int(clamping: limit.rlim_cur))
  }

  /// Reads `/proc/self/stat`: the program's name, in parentheses, may hold anything.
  static func parse(
    _ text: String, pageBytes: Int, ticks: Int, openFiles: Int, openFilesMax: Int
  ) -> Figures? {
    guard let end = text.lastIndex(of: ")") else { return nil }
    // The third field, the state, comes first here.
    let fields = text[text.index(after: end)...].split(separator: " ").map { Int($0) ?? 0 }
    guard fields.count > 21 else { return nil }
    return Figures(
      residentBytes: fields[21] * pageBytes, virtualBytes: fields[20],
      processorSeconds: Double(fields[11] + fields[12]) / Double(max(ticks, 1)), threads: fields[17],
      openFiles: openFiles, openFilesMax: openFilesMax)
  }
}
