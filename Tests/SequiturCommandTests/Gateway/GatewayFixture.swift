import Foundation
import FoundationNetworking
import TestBroker

/// Gateways of one application, and what they answer.
struct GatewayFixture {
  let topics: TopicFixture
  let rules: String

  /// Starts one on a free port, and returns when it listens.
  func start(_ more: [String] = []) async throws -> (program: RunningProgram, port: Int) {
    let program = try start(at: 0, more)
    try await program.waitForOutput(containing: "the gateway listens", timeout: .seconds(30))
    let log = program.output.standardError
    guard let match = log.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)/), let port = Int(match.1) else {
      throw FixtureFault.notVisible("the gateway's port in \(log)")
    }
    return (program, port)
  }

  /// Starts one on a port, and does not wait until it listens.
  func start(at port: UInt16, _ more: [String] = []) throws -> RunningProgram {
    try RunningProgram.start(
      BuiltProgram.find("sequitur"),
      arguments: ["gateway", "--http", "127.0.0.1:\(port)", "--rules", rules] + topics.arguments + more)
  }

  /// One answer.
  struct Answer {
    let status: Int
    let body: String
    let fields: [String: String]

    /// A header field, whatever its case.
    subscript(name: String) -> String? { fields[name.lowercased()] }
  }

  /// Asks a gateway.
  static func ask(
    _ port: Int, _ method: String, _ path: String, _ body: String? = nil, _ fields: [String: String] = [:]
  ) async throws -> Answer {
    var request = URLRequest(url: URL(string: "http://127.0.0.1:\(port)\(path)")!, timeoutInterval: 90)
    request.httpMethod = method
    request.httpBody = body.map { Data($0.utf8) }
    for (name, value) in fields { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await URLSession.shared.data(for: request)
    guard let response = response as? HTTPURLResponse else { throw FixtureFault.notVisible("an answer") }
    var found: [String: String] = [:]
    for (name, value) in response.allHeaderFields { found["\(name)".lowercased()] = "\(value)" }
    return Answer(
      status: response.statusCode, body: String(decoding: data, as: UTF8.self), fields: found)
  }
}
