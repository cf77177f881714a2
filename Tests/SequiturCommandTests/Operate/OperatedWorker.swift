import Foundation
import TestBroker

/// `sequitur worker` with its operations door on a free port.
struct OperatedWorker {
  let program: RunningProgram
  /// Like `http://127.0.0.1:41234/`.
  let url: String

  /// Starts one with the rules of the orders example.
  ///
  /// - Parameter stateDirectory: of its own.
  static func start(
    _ topics: TopicFixture, stateDirectory: String, _ more: [String] = [],
    environment: [String: String] = [:],
    http: [String] = ["--http", "127.0.0.1:0"]
  ) async throws -> OperatedWorker {
    try await start(
      arguments: topics.arguments + more, stateDirectory: stateDirectory, environment: environment, http: http
    )
  }

  /// - Parameter arguments: cluster and topics, and what else it is told.
  static func start(
    arguments: [String], stateDirectory: String, environment: [String: String] = [:],
    http: [String] = ["--http", "127.0.0.1:0"], rules: String = "Examples/Orders/orders.yaml"
  ) async throws -> OperatedWorker {
    try await start(
      BuiltProgram.find("sequitur"),
      ["worker", "--rules", rules, "--state-dir", stateDirectory] + arguments + http,
      environment: environment)
  }

  /// Any program with the door.
  static func start(
    _ path: String, _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> OperatedWorker {
    let program = try RunningProgram.start(path, arguments: arguments, environment: environment)
    try await program.waitForOutput(
      containing: "health, metrics and a page for people", timeout: .seconds(60))
    let line = program.output.standardError
    guard let url = line.firstMatch(of: /url=(https?:\/\/\S+)/).map({ String($0.1) }) else {
      throw ProgramError.notFound("a url in \(line)")
    }
    return OperatedWorker(program: program, url: url)
  }

  /// Runs one for a test, with a state directory of its own, and kills it afterwards.
  static func with(
    _ topics: TopicFixture, _ more: [String] = [], environment: [String: String] = [:],
    http: [String] = ["--http", "127.0.0.1:0"], _ body: (OperatedWorker) async throws -> Void
  ) async throws {
    try await with(arguments: topics.arguments + more, environment: environment, http: http, body)
  }

  static func with(
    arguments: [String], environment: [String: String] = [:], http: [String] = ["--http", "127.0.0.1:0"],
    _ body: (OperatedWorker) async throws -> Void
  ) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("operated"))
    defer { try? FileManager.default.removeItem(at: directory) }
    let worker = try await start(
      arguments: arguments, stateDirectory: directory.path, environment: environment, http: http)
    defer { worker.program.kill() }
    try await body(worker)
  }

  /// What a path answers.
  func get(_ path: String) async throws -> (status: Int, body: String) {
    let result = try await RunningProgram.run(
      "curl", arguments: ["-sk", "--max-time", "10", "-w", "\n%{http_code}", url + path])
    let text = result.output.standardOutput
    let end = text.lastIndex(of: "\n") ?? text.startIndex
    return (Int(text[end...].dropFirst()) ?? 0, String(text[..<end]))
  }

  /// A look at `/ready`.
  struct Readiness: Decodable {
    struct Trouble: Decodable {
      let reason: String
      let partition: Int?
      let detail: String
      let cure: String
      let seconds: Double
    }

    let ready: Bool
    let troubles: [Trouble]
  }

  func readiness() async throws -> Readiness {
    try JSONDecoder().decode(Readiness.self, from: Data(try await get("ready").body.utf8))
  }

  /// Returns when it is ready, or when this reason keeps it from being so.
  @discardableResult
  func waitUntil(_ reason: String?, within time: Duration = .seconds(60)) async throws -> Readiness {
    var last = try await readiness()
    try await eventually("the worker to be \(reason ?? "ready")", within: time) {
      last = try await readiness()
      return reason == nil ? last.ready : last.troubles.contains { $0.reason == reason }
    }
    return last
  }
}
