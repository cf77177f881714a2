import Foundation
import TestBroker

/// An application under load, and a projector of its events that can be killed.
struct ProjectedApplication {
  static let counts = """
    projection: counts
    table: {name: counts, key: {id: $key}, columns: {n: bigint}}
    events: {"*": {upsert: {}, increment: {n: 1}}}
    """

  static let orders = """
    projection: order_list
    table: {name: orders, key: {id: $key}, columns: {total: bigint, status: text, version: bigint}}
    events:
      created: {upsert: {total: total, status: "'open'", version: $version}}
      amended: {update: {total: total, version: $version}}
      paid: {update: {status: "'paid'", version: $version}}
      purged: delete
    """

  /// Every event as a new row.
  static let journal = """
    projection: journal
    table: {name: journal, key: {id: $id}, columns: {o: text, version: bigint}}
    events: {"*": {insert: {o: $key, version: $version}}}
    """

  let application: FollowedApplication
  let database: ProjectedDatabase
  let file: String

  static func with<R>(
    _ yaml: String = orders, partitions: Int = 2, _ kind: ProjectedDatabase.Kind, ownServer: Bool = false,
    _ body: (ProjectedApplication) async throws -> R
  ) async throws -> R {
    try await FollowedApplication.with(partitions: partitions) { application in
      try await ProjectedDatabase.with(kind, ownServer: ownServer) { database in
        try await withFile("projection.yaml", Data(yaml.utf8)) { file in
          try await body(ProjectedApplication(application: application, database: database, file: file))
        }
      }
    }
  }

  func arguments(_ instance: String) -> [String] {
    ["project", file, "--database", database.address, "--create-tables", "--instance-id", instance]
      + application.topics.arguments
  }

  func start(_ instance: String = "one") throws -> RunningProgram {
    try RunningProgram.start(BuiltProgram.find("sequitur"), arguments: arguments(instance))
  }

  /// Projects what is committed.
  @discardableResult
  func project(_ instance: String = "one", expecting code: Int32 = 0) async throws -> ProgramResult {
    let result = try await sequitur(arguments(instance) + ["--until-caught-up"], timeout: .seconds(180))
    guard result.exit == .code(code) else {
      throw FixtureFault.notVisible(
        "the projector's end with \(code): \(result.exit), \(result.standardError)")
    }
    return result
  }

  /// How many events the database says were applied.
  func appliedEvents() throws -> Int {
    guard try !database.rows(tableQuery).isEmpty else { return 0 }
    return Int(try database.rows("select coalesce(sum(events), 0) from sequitur_position")[0][0] ?? "") ?? 0
  }

  private var tableQuery: String {
    database.kind == .sqlite
      ? "select name from sqlite_master where name = 'sequitur_position'"
      : "select relname from pg_class where relname = 'sequitur_position'"
  }

  /// By key, how many events there are.
  func eventCounts() throws -> [String: String] {
    Dictionary(grouping: try application.events(), by: \.key).mapValues { "\($0.count)" }
  }
}
