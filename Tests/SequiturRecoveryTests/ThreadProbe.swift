import Foundation
import TestBroker

/// One thread of a running program, as `/proc` shows it.
struct ThreadProbe: Sendable {
  private let files: [String]

  /// - Parameter name: of the thread, or the start of several threads' names.
  init(of program: RunningProgram, named name: String) {
    let tasks = "/proc/\(program.processIdentifier ?? 0)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    files = threads.map { "\(tasks)/\($0)/" }
      .filter { (try? String(contentsOfFile: $0 + "comm", encoding: .utf8))?.hasPrefix(name) ?? false }
      .map { $0 + "stat" }
  }

  /// Whether it computes or waits for the disk (R, D); it waits for work in S.
  var isRunning: Bool {
    files.contains { file in
      guard let stat = try? String(contentsOfFile: file, encoding: .utf8),
        let name = stat.lastIndex(of: ")")
      else { return false }
      return stat[name...].dropFirst(2).first.map { $0 == "R" || $0 == "D" } ?? false
    }
  }
}
