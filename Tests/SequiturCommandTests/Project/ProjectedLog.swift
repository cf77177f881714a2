import Foundation
import TestBroker

/// Events that a test writes by hand, and a projection of them.
struct ProjectedLog {
  let log: AuditLog
  let database: ProjectedDatabase
  let directory: URL

  /// - Parameter yaml: the projection's file; it may be written anew.
  static func with<R>(
    _ yaml: String, _ kind: ProjectedDatabase.Kind, ownServer: Bool = false,
    _ body: (ProjectedLog) async throws -> R
  ) async throws -> R {
    try await ProjectedDatabase.with(kind, ownServer: ownServer) { database in
      try await withFile("p.yaml", Data(yaml.utf8)) { path in
        try await body(
          ProjectedLog(
            log: try AuditLog(), database: database,
            directory: URL(filePath: path).deletingLastPathComponent()))
      }
    }
  }

  var file: String { directory.appending(path: "p.yaml").path }

  func rewrite(_ yaml: String) throws { try Data(yaml.utf8).write(to: URL(filePath: file)) }

  /// Writes events of one transaction, whose commands are numbered from the first on.
  func write(_ events: [(key: String, type: String, value: String)], from first: Int) throws {
    var versions: [String: Int] = [:]
    try log.write(
      events.enumerated().map { index, event in
        versions[event.key, default: first] += 1
        return log.event(
          key: event.key, version: versions[event.key] ?? 0, type: event.type, command: first + index,
          value: event.value)
      })
  }

  func arguments(_ more: [String] = []) -> [String] {
    ["project", file, "--database", database.address, "--instance-id", "one"] + log.topics.arguments + more
  }

  func project(_ more: [String] = ["--create-tables"], expecting code: Int32 = 0) async throws
    -> ProgramResult
  {
    let result = try await sequitur(arguments(["--until-caught-up"] + more), timeout: .seconds(120))
    guard result.exit == .code(code) else {
      throw FixtureFault.notVisible(
        "the projector's end with \(code): \(result.exit), \(result.standardError)")
    }
    return result
  }

  /// `sequitur project status` and the like.
  func control(_ command: String, _ more: [String] = [], expecting code: Int32 = 0) async throws
    -> ProgramResult
  {
    let servers = command == "status" ? ["--bootstrap-servers", log.topics.bootstrap] : []
    let result = try await sequitur(
      ["project", command, file, "--database", database.address] + servers + more)
    guard result.exit == .code(code) else {
      throw FixtureFault.notVisible("\(command)'s end with \(code): \(result.exit), \(result.standardError)")
    }
    return result
  }
}
