import Foundation
import TestBroker

/// Counts and digests in the form of `incidents.expected.json`.
struct Summary: Decodable, Equatable {
  var commands: Int
  var events: Int
  var rejections: Int
  var eventTypes: [String: Int]
  var rejectionCodes: [String: Int]
  var objects: Int
  var eventsDigest: String
  var statesDigest: String

  init(_ audit: Audit) async throws {
    commands = audit.commands.count
    events = audit.events.count
    rejections = audit.rejections.count
    eventTypes = Self.counts(audit.events.map { $0.text("ce_type") ?? "none" })
    rejectionCodes = Self.counts(audit.rejections.map { $0.text("rejection-code") ?? "none" })
    objects = audit.states.count
    eventsDigest = try await Self.eventsDigest(audit)
    statesDigest = try await Self.statesDigest(audit)
  }

  private static func counts(_ names: [String]) -> [String: Int] {
    Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
  }

  /// The keys are ASCII, so that the order of strings is the order of bytes.
  private static func eventsDigest(_ audit: Audit) async throws -> String {
    var lines: [String: [(version: Int, type: String)]] = [:]
    for event in audit.events {
      let version = event.text("ce_sequence").flatMap { Int($0) } ?? 0
      lines[String(decoding: event.key ?? [], as: UTF8.self), default: []]
        .append((version, event.text("ce_type") ?? ""))
    }
    return try await sha256(
      lines.sorted { $0.key < $1.key }.map { key, events in
        events.sorted { $0 < $1 }.map { "\(key)\t\($0.version)\t\($0.type)\n" }.joined()
      })
  }

  private static func statesDigest(_ audit: Audit) async throws -> String {
    struct Status: Decodable { let status: String }
    let sorted = audit.states.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    return try await sha256(
      sorted.map { key, record in
        let status = try JSONDecoder().decode(Status.self, from: Data(record.value ?? [])).status
        return "\(String(decoding: key, as: UTF8.self))\t\(record.text("v") ?? "")\t\(status)\n"
      })
  }

  private static func sha256(_ lines: [String]) async throws -> String {
    let result = try await RunningProgram.run(
      "sha256sum", standardInput: .data(Data(lines.joined().utf8)))
    return String(result.standardOutput.prefix(64))
  }
}
