import Foundation
import TestBroker
import Testing

/// The operations door of a relay that was started with ``arguments``.
struct RelayDoor {
  static let arguments = ["--http", "127.0.0.1:0", "--log-level", "info"]

  private let url: String

  /// - Parameter program: serves the outbox.
  init(of program: RunningProgram) throws {
    url = String(try #require(program.output.standardError.firstMatch(of: /url=(http:\/\/[0-9.:]+)/)).1)
  }

  /// Asks `live`, `ready`, `metrics` or `status`.
  func get(_ path: String) async throws -> (status: String, text: String) {
    let answer = try await RunningProgram.run(
      "curl", arguments: ["-s", "-w", "%{http_code}", "\(url)/\(path)"])
    return (String(answer.standardOutput.suffix(3)), String(answer.standardOutput.dropLast(3)))
  }

  /// Waits until it is ready, or not ready for the given reason; what it says then.
  @discardableResult
  func wait(untilReadyOr reason: String? = nil) async throws -> String {
    var text = ""
    try await eventually(reason ?? "the relay is ready", within: .seconds(120)) {
      let answer = try await get("ready")
      text = answer.text
      guard let reason else { return answer.status == "200" }
      return answer.status == "503" && text.contains(reason)
    }
    let metrics = try await get("metrics").text
    #expect(metrics.contains("sequitur_outbox_ready \(reason == nil ? 1 : 0)\n"), "\(metrics)")
    #expect(try await get("live").status == "200")
    return text
  }
}
